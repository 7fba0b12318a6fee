//! Lists of many entries: few statements, and no page costs more than another because it comes later or leaves more out.

use crate::{World, locale, world_with};
use bonafide_content::Start;
use bonafide_content::delivery::{self, Condition, Cursor, Op, Query, Sort};
use bonafide_storage::{Error, Observer, Options, Tx};
use bonafide_test_support::{Backend, Installation, slow_on_both};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many entries there are.
const ENTRIES: i64 = 100_000;
const PAGE: u64 = 20;

/// Published entries of the type `thing`, past the product: each with a title, one of five stars and one of five hundred tags.
async fn fill(world: &World, backend: Backend) {
    let postgres = backend == Backend::Postgres;
    let id = if postgres { "lpad(to_hex(i), 32, '0')::uuid" } else { "unhex(printf('%032x', i))" };
    let number = if postgres { "lpad(i::text, 6, '0')" } else { "printf('%06d', i)" };
    let numbers = "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < $2)";
    let mut statements = vec![
        format!("{numbers} INSERT INTO entry (id, site_id, type, created_at) SELECT {id}, $1, 'thing', 0 FROM numbers"),
        format!(
            "{numbers} INSERT INTO published (entry_id, locale, site_id, type, path, title, content, revision, has_references,
                localized, published_at, updated_at)
             SELECT {id}, 'en', $1, 'thing', {number}, {number}, '{{\"fields\":{{}}}}', 1, FALSE, TRUE, i, i FROM numbers"
        ),
    ];
    // in an order of its own each, so that one says nothing of the other
    let value = |of: &str, width: &str| {
        if postgres {
            format!("'=' || lpad(({of})::text, {width}, '0')")
        } else {
            format!("'=' || printf('%0{width}d', {of})")
        }
    };
    for (field, value) in [
        ("title", value("i * 7919 % 100003", "6")),
        ("stars", value("i * 31 % 5", "1")),
        ("tag", value("i * 17 % 500", "3")),
        ("published_at", value("i", "6")),
    ] {
        statements.push(format!(
            "{numbers} INSERT INTO published_key (entry_id, locale, site_id, type, field, value)
             SELECT {id}, 'en', $1, 'thing', '{field}', {value} FROM numbers"
        ));
    }
    if postgres {
        statements.push("ANALYZE".to_owned());
    }
    let site = world.site;
    for statement in statements {
        let values = if statement == "ANALYZE" { Vec::new() } else { vec![site.uuid().into(), ENTRIES.into()] };
        let statement = Statement::from_sql_and_values(world.db.read().get_database_backend(), statement, values);
        let written = world.db.write::<_, Error, _>(move |tx: &Tx| {
            let statement = statement.clone();
            async move { Ok(tx.execute_raw(statement).await.map(|_| ())?) }.boxed()
        });
        written.await.expect("written");
    }
}

fn query(sort: &[&str], conditions: &[(&str, Op, &str)]) -> Query {
    Query {
        kind: "thing".parse().expect("a key"),
        chain: vec![locale("en")],
        conditions: conditions
            .iter()
            .map(|(field, op, operand)| Condition {
                field: (*field).to_owned(),
                op: *op,
                operands: vec![(*operand).to_owned()],
            })
            .collect(),
        sort: sort.iter().map(|field| Sort { field: (*field).to_owned(), descending: false }).collect(),
    }
}

/// How long a page takes when nothing else is in the way, and how many statements it takes.
async fn price(world: &World, count: &AtomicU64, query: &Query, start: &Start<Cursor>) -> (Duration, u64) {
    let (mut least, mut statements) = (Duration::MAX, 0);
    for _ in 0..25 {
        let (before, began) = (count.load(Ordering::SeqCst), Instant::now());
        let page = delivery::list(world.db.read(), world.site, query, start, PAGE).await.expect("a list");
        least = least.min(began.elapsed());
        statements = count.load(Ordering::SeqCst) - before;
        assert_eq!(page.len() as u64, PAGE, "{query:?}");
    }
    (least, statements)
}

slow_on_both! {
    async fn no_page_costs_more_for_what_it_leaves_out(home: &Installation) {
        let count = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&count);
        let observer = Observer::new(move |_| { counted.fetch_add(1, Ordering::SeqCst); });
        let world = world_with(home, &Options { observer: Some(observer), ..Options::default() }).await;
        fill(&world, home.backend()).await;
        let (plain, _) = price(&world, &count, &query(&["published_at"], &[]), &Start::First).await;
        // one in five, and one in five hundred; the walk along the order of the titles would be long for the latter
        for (sort, conditions) in [
            (&["title"][..], &[("stars", Op::Eq, "=3")][..]),
            (&["title"], &[("tag", Op::Eq, "=017")]),
            (&["title"], &[("tag", Op::Eq, "=017"), ("stars", Op::Gte, "=0")]),
            (&["published_at"], &[("tag", Op::Lt, "=003"), ("stars", Op::Ne, "=9")]),
            (&["title"], &[("tag", Op::Prefix, "01")]),
        ] {
            let query = query(sort, conditions);
            // a page from the middle of everything
            let middle: Cursor = serde_json::from_value(json!({"values": ["=050000"], "id": "00000000-0000-0000-0000-000000000001"})).expect("a cursor");
            let middle = Start::After(middle);
            let bound = Duration::from_millis(12).max(plain * 12);
            let began = Instant::now();
            let (first, later) = loop {
                let (first, statements) = price(&world, &count, &query, &Start::First).await;
                assert!(statements <= 2, "{statements} statements: {query:?}");
                let (later, _) = price(&world, &count, &query, &middle).await;
                // other tests may be in the way: they end, and a wrong plan does not
                if first.max(later) < bound || began.elapsed() > Duration::from_mins(1) {
                    break (first, later);
                }
            };
            println!("{:?}: {first:?}, then {later:?}; without conditions {plain:?}: {query:?}", home.backend());
            assert!(first < bound && later < bound, "{first:?}, then {later:?}; without conditions {plain:?}: {query:?}");
            assert!(later < first * 3 + Duration::from_millis(5), "{first:?}, then {later:?}: {query:?}");
        }
    }
}
