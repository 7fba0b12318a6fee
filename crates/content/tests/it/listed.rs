//! Lists of few entries: what is found by which condition, and by many of them.

use crate::{World, at, locale, world};
use bonafide_content::Start;
use bonafide_content::delivery::{self, Condition, Op, Query, Sort, Together};
use bonafide_model::content::Kind;
use bonafide_test_support::{Installation, on_both};
use futures_util::future::join_all;
use serde_json::json;

/// The titles of what keeps conditions on the title, in the order of the titles.
async fn titles(world: &World, conditions: &[(Op, &str)], chain: &[&str]) -> Vec<String> {
    let conditions = conditions.iter().map(|(op, given)| Condition {
        field: "title".to_owned(),
        op: *op,
        operands: vec![delivery::operand(Kind::Text, *op, given).expect("an operand")],
    });
    let query = Query {
        kind: "thing".parse().expect("a key"),
        chain: chain.iter().map(|text| locale(text)).collect(),
        conditions: conditions.collect(),
        sort: vec![Sort { field: "title".to_owned(), descending: false }],
    };
    let mut all = Vec::new();
    let mut start = Start::First;
    loop {
        let page = delivery::list(world.db.read(), world.site, &query, &start, 2).await.expect("a list");
        let Some(last) = page.last() else { return all };
        start = Start::After(last.cursor.clone());
        all.extend(page.into_iter().filter_map(|listed| listed.item.title));
    }
}

async fn publish(world: &World, title: &str) {
    let made = world.write("thing", json!({"title": title})).await.expect("an entry");
    world.publish(&at(&made), 1).await.expect("published");
}

on_both! {
    async fn long_titles_are_published_listed_and_told_apart(home: &Installation) {
        let world = world(home).await;
        let fields = json!([{"key": "title", "kind": "text"}]);
        world.define("thing", json!({"title": "Thing", "fields": fields})).await;
        // letters that no database makes shorter (a generator of Lehmer's, 48271), capital ones
        let mut state = 7_u64;
        let noise = std::iter::repeat_with(|| {
            state = state * 48_271 % 0x7fff_ffff;
            char::from(b'A' + u8::try_from(state % 26).expect("a letter"))
        });
        let noise: String = noise.take(9_000).collect();
        let long = ["one", "two"].map(|end| format!("Long a{noise}{end}"));
        for title in [long[0].as_str(), &long[1], "Short", "a=b"] {
            publish(&world, title).await;
        }
        let all = titles(&world, &[], &["en"]).await;
        assert_eq!((all.len(), all[0].as_str(), all[3].as_str()), (4, "a=b", "Short"));
        for title in &long {
            assert_eq!(titles(&world, &[(Op::Eq, title)], &["en"]).await, std::slice::from_ref(title));
        }
        assert_eq!(titles(&world, &[(Op::Prefix, "long a")], &["en"]).await.len(), 2);
        // neither the sign that begins a key nor the digest that ends a long one is a part of a text
        assert_eq!(titles(&world, &[(Op::Contains, "=")], &["en"]).await, ["a=b"]);
        assert_eq!(titles(&world, &[(Op::Contains, "=a")], &["en"]).await, [""; 0]);
        assert_eq!(titles(&world, &[(Op::Contains, "HOR")], &["en"]).await, ["Short"]);
        for digit in '0'..='9' {
            assert_eq!(titles(&world, &[(Op::Contains, &digit.to_string())], &["en"]).await, [""; 0]);
        }
    }

    async fn many_conditions_in_many_languages_are_one_list(home: &Installation) {
        let world = world(home).await;
        let fields = json!([{"key": "title", "kind": "text"}, {"key": "slug", "kind": "slug", "from": "title"}]);
        world.define("thing", json!({"title": "Thing", "fields": fields})).await;
        publish(&world, "Knots").await;
        let languages: Vec<String> = ('a'..='z').map(|letter| format!("a{letter}")).chain(('a'..='w').map(|letter| format!("b{letter}"))).collect();
        let chain: Vec<&str> = languages.iter().map(String::as_str).chain(["en"]).collect();
        assert_eq!(chain.len(), 50);
        let slug = |op, given: &str| Condition { field: "slug".to_owned(), op, operands: vec![delivery::operand(Kind::Slug, op, given).expect("an operand")] };
        let several = Condition { field: "slug".to_owned(), op: Op::In, operands: (0..189).map(|n| format!("=knots{n}")).chain(["=knots".to_owned()]).collect() };
        let conditions = std::iter::once(several).chain((0..11).map(|_| slug(Op::Prefix, "kno"))).collect();
        let query = Query {
            kind: "thing".parse().expect("a key"),
            chain: chain.iter().map(|text| locale(text)).collect(),
            conditions,
            sort: vec![Sort { field: "title".to_owned(), descending: false }],
        };
        let page = delivery::list(world.db.read(), world.site, &query, &Start::First, 20).await.expect("a list");
        assert_eq!(page.len(), 1);
        assert_eq!(delivery::count(world.db.read(), world.site, &query).await.expect("a count"), 1);
    }

    async fn who_asks_at_the_same_time_gets_what_is_there(home: &Installation) {
        let world = world(home).await;
        for number in 0..20 {
            let made = world.write("page", json!({"title": "Page", "slug": format!("page-{number}")})).await.expect("a page");
            world.publish(&at(&made), 1).await.expect("published");
        }
        let together = Together::start(world.db.clone(), world.site);
        let (page, languages) = ("page".parse().expect("a key"), [locale("en"), locale("de")]);
        // each several times, and as many that are not there
        let asked = (0..400).map(|n| (n % 40, &languages[usize::from(n % 7 == 0)], format!("page-{}", n % 40)));
        let found = asked.map(|(number, language, path)| {
            let (together, page) = (&together, &page);
            async move { (number, language.as_str(), together.at(page, language, &path).await, path) }
        });
        for (number, language, item, path) in join_all(found).await {
            let expected = (number < 20 && language == "en").then_some(path);
            assert_eq!(item.and_then(|item| item.path), expected, "{number}");
        }
    }
}
