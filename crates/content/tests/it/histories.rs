//! Random histories of random documents.

use crate::{World, at, locale, world};
use bonafide_content::delivery::{self, Condition, Cursor, Op, Query, Sort};
use bonafide_content::entry::{self, At};
use bonafide_content::{Error, Start};
use bonafide_model::id::EntryId;
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn text(&mut self) -> String {
        let words =
            ["knot", "*boat*", "<b>tide</b>", "[sea](/sea)", "Ärmel", "海", "<script>x</script>", "a\nb", "#", "|"];
        (0..=self.roll(6)).map(|_| words[usize::try_from(self.roll(10)).expect("small")]).collect::<Vec<_>>().join(" ")
    }

    fn document(&mut self, known: &[EntryId]) -> Value {
        let mut document = json!({"title": format!("Title {}", self.roll(40))});
        if self.roll(2) == 0 {
            document["stars"] = json!(i64::try_from(self.roll(11)).expect("small") - 5);
        }
        if self.roll(3) == 0 {
            document["slug"] = json!(format!("slug-{}", self.roll(12)));
        }
        if self.roll(2) == 0 {
            document["body"] = (0..self.roll(4))
                .map(|_| match self.roll(3) {
                    0 => json!({"type": "markdown", "text": self.text()}),
                    1 => json!({"type": "quote", "text": self.text(), "attribution": self.text().replace('\n', " ")}),
                    _ => json!({"type": "heading", "text": self.text().replace('\n', " "), "level": 1 + self.roll(6)}),
                })
                .collect();
        }
        if !known.is_empty() && self.roll(2) == 0 {
            let index = usize::try_from(self.roll(known.len() as u64)).expect("small");
            document["other"] = json!(known[index].to_string());
        }
        if self.roll(5) == 0 {
            document["stars"] = Value::Null;
        }
        document
    }
}

async fn defined(world: &World) {
    let thing = json!({"title": "Thing", "fields": [
        {"key": "title", "kind": "text", "required": true},
        {"key": "slug", "kind": "slug"},
        {"key": "stars", "kind": "integer", "indexed": true},
        {"key": "other", "kind": "reference", "types": ["thing"]},
        {"key": "body", "kind": "blocks"}
    ]});
    world.define("thing", thing).await;
}

/// What is published of an entry is what its published revision renders to now.
async fn check(world: &World, at: &At) {
    let entry = world.get(at).await;
    let rendered = entry::rendered_anew(world.db.read(), &world.granted(), at).await;
    match (entry.side().published_revision, rendered) {
        (Some(_), Ok((stored, fresh))) => assert_eq!(stored, fresh),
        (None, Err(Error::NotPublished)) => {}
        other => panic!("{other:?}"),
    }
}

/// All items of a list, page by page, there and back.
async fn walked(world: &World, query: &Query, size: u64) -> Vec<EntryId> {
    let (mut ids, mut start) = (Vec::new(), Start::First);
    let mut last: Option<Cursor> = None;
    loop {
        let page = delivery::list(world.db.read(), world.site, query, &start, size).await.expect("a list");
        let Some(end) = page.last() else { break };
        last = Some(end.cursor.clone());
        ids.extend(page.iter().map(|listed| listed.item.id));
        start = Start::After(end.cursor.clone());
    }
    if let Some(last) = last {
        let (mut back, mut start) = (vec![*ids.last().expect("one")], Start::Before(last));
        loop {
            let page = delivery::list(world.db.read(), world.site, query, &start, size).await.expect("a list");
            let Some(end) = page.last() else { break };
            back.extend(page.iter().map(|listed| listed.item.id));
            start = Start::Before(end.cursor.clone());
        }
        back.reverse();
        assert_eq!(back, ids);
    }
    ids
}

on_both! {
    async fn whatever_happens_the_snapshot_is_true_and_nothing_saved_is_lost(home: &Installation) {
        let world = world(home).await;
        defined(&world).await;
        let mut dice = Dice(11);
        let mut entries: Vec<EntryId> = Vec::new();
        let mut saved: BTreeMap<(EntryId, i64), String> = BTreeMap::new();
        for step in 0..160 {
            if entries.len() < 3 || dice.roll(8) == 0 {
                let made = world.write("thing", dice.document(&entries)).await.expect("an entry");
                saved.insert((made.id, 1), serde_json::to_string(&made.fields).expect("JSON"));
                entries.push(made.id);
                continue;
            }
            let id = entries[usize::try_from(dice.roll(entries.len() as u64)).expect("small")];
            let at = At { kind: "thing".parse().expect("a key"), id, locale: None };
            let entry = world.get(&at).await;
            let version = entry.side().version;
            let done = match dice.roll(6) {
                0 | 1 => world.patch(&at, version, dice.document(&entries)).await,
                2 | 3 => world.publish(&at, version).await,
                4 => world.unpublish(&at, version).await,
                _ => {
                    let number = 1 + i64::try_from(dice.roll(entry.side().revision.unsigned_abs())).expect("small");
                    let restored = world.restore(&at, version, number).await;
                    if let Ok(restored) = &restored {
                        assert_eq!(serde_json::to_string(&restored.fields).expect("JSON"), saved[&(id, number)], "step {step}");
                    }
                    restored
                }
            };
            match done {
                Ok(after) => {
                    saved.insert((id, after.side().revision), serde_json::to_string(&after.fields).expect("JSON"));
                }
                Err(Error::NotPublished | Error::PathTaken(_)) => {}
                Err(error) => panic!("step {step}: {error:?}"),
            }
            check(&world, &at).await;
        }
        for ((id, number), text) in &saved {
            let at = At { kind: "thing".parse().expect("a key"), id: *id, locale: None };
            let (_, revision) = entry::revision(world.db.read(), &world.granted(), &at, *number).await.expect("a revision");
            assert_eq!(&serde_json::to_string(&revision.fields.expect("fields")).expect("JSON"), text);
        }
        let mut published = Vec::new();
        for id in &entries {
            let at = At { kind: "thing".parse().expect("a key"), id: *id, locale: None };
            if world.get(&at).await.side().published_revision.is_some() {
                published.push(*id);
            }
        }
        published.sort_unstable();
        assert!(published.len() > 3, "{} are published", published.len());
        for order in [&["published_at"][..], &["-title"], &["stars"], &["-stars", "title"], &["title", "-stars", "updated_at"]] {
            let sort = order.iter().map(|name| {
                let (descending, field) = name.strip_prefix('-').map_or((false, *name), |field| (true, field));
                Sort { field: field.to_owned(), descending }
            });
            let query = Query { kind: "thing".parse().expect("a key"), chain: vec![locale("en")], conditions: Vec::new(), sort: sort.collect() };
            for size in [1, 2, 100] {
                let mut ids = walked(&world, &query, size).await;
                ids.sort_unstable();
                assert_eq!(ids, published, "{order:?}");
            }
            let count = delivery::count(world.db.read(), world.site, &query).await.expect("a count");
            assert_eq!(count, published.len() as u64);
            let conditions = vec![Condition { field: "stars".to_owned(), op: Op::IsNull, operands: vec!["true".to_owned()] }];
            let without = walked(&world, &Query { conditions, ..query.clone() }, 2).await.len();
            let conditions = vec![Condition { field: "stars".to_owned(), op: Op::IsNull, operands: vec!["false".to_owned()] }];
            assert_eq!(without + walked(&world, &Query { conditions, ..query }, 2).await.len(), published.len());
        }
    }

    async fn what_is_published_while_its_type_changes_is_refused(home: &Installation) {
        let world = world(home).await;
        defined(&world).await;
        let made = world.write("thing", json!({"title": "x"})).await.expect("an entry");
        let act = world.act();
        let prepared = entry::prepare(&world.db, act.granted(), at(&made), 1).await.expect("prepared");
        world.define("other", json!({"title": "Other"})).await;
        let published = world.db.write(move |tx| entry::publish(tx, act.clone(), prepared.clone()).boxed()).await;
        assert!(matches!(published, Err(Error::TypeChanged)));
        world.publish(&at(&made), 1).await.expect("published");
    }
}
