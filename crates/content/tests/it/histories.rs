//! Random histories of random documents of random types.

use crate::random::Dice;
use crate::{World, at, locale, world};
use bonafide_content::delivery::{self, Condition, Cursor, Op, Query, Sort};
use bonafide_content::entry::{self, At, Entry};
use bonafide_content::{Error, Start};
use bonafide_model::Locale;
use bonafide_model::id::EntryId;
use bonafide_model::name::TypeKey;
use bonafide_test_support::{Installation, on_both, on_sqlite_first};
use futures_util::FutureExt as _;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// How many steps each history has.
const STEPS: u64 = 60;

/// What was ever saved: the text of each revision.
type Saved = BTreeMap<(EntryId, Locale, i64), String>;

/// One type, its entries, and what happened to them.
struct History<'w> {
    world: &'w World,
    kind: TypeKey,
    dice: Dice,
    definition: Value,
    entries: Vec<EntryId>,
    saved: Saved,
}

fn json_of(fields: &Map<String, Value>) -> String {
    serde_json::to_string(fields).expect("JSON")
}

impl History<'_> {
    fn place(&self, id: EntryId, language: Option<&str>) -> At {
        At { kind: self.kind.clone(), id, locale: language.map(locale) }
    }

    /// Something happens. Gives the entry to which it happened.
    async fn step(&mut self) -> EntryId {
        if self.entries.len() < 3 || self.dice.roll(9) == 0 {
            let document = self.dice.document(&self.definition, &self.entries);
            let made = self.world.write(self.kind.as_str(), document).await.expect("an entry");
            self.entries.push(made.id);
            self.look(made.id).await;
            return made.id;
        }
        let id = *self.dice.of(&self.entries);
        let entry = self.world.get(&self.place(id, None)).await;
        let side = self.dice.of(&entry.locales).clone();
        let at = self.place(id, Some(side.locale.as_str()));
        let done = match self.dice.roll(12) {
            0..=2 => self.world.patch(&at, side.version, self.dice.document(&self.definition, &self.entries)).await,
            3..=6 => self.world.publish(&at, side.version).await,
            7 => self.world.unpublish(&at, side.version).await,
            8 if entry.locales.len() == 1 => self.world.add_locale(&at, "de").await,
            9 => self.world.archive(&at, side.version).await,
            _ => {
                let number = 1 + i64::try_from(self.dice.roll(side.revision.unsigned_abs())).expect("small");
                let restored = self.world.restore(&at, side.version, Some(number)).await;
                if let Ok(restored) = &restored {
                    assert_eq!(json_of(&restored.fields), self.saved[&(id, side.locale, number)]);
                }
                restored
            }
        };
        match done {
            Ok(_) | Err(Error::NotPublished | Error::PathTaken(_)) => {}
            Err(Error::Archived) => {
                self.world.restore(&at, side.version, None).await.expect("brought back");
            }
            Err(error) => panic!("{error:?}"),
        }
        self.look(id).await;
        id
    }

    /// Every language of an entry is as it was saved, and what is published of it is what its revision renders to now.
    async fn look(&mut self, id: EntryId) {
        for side in self.world.get(&self.place(id, None)).await.locales {
            let at = self.place(id, Some(side.locale.as_str()));
            let entry: Entry = self.world.get(&at).await;
            let text = json_of(&entry.fields);
            let known = self.saved.entry((id, side.locale.clone(), side.revision)).or_insert_with(|| text.clone());
            assert_eq!(*known, text, "a revision never changes");
            let rendered = entry::rendered_anew(self.world.db.read(), &self.world.granted(), &at).await;
            match (side.published_revision, rendered) {
                (Some(_), Ok([stored, fresh])) => assert_eq!(stored, fresh),
                (None, Err(Error::NotPublished)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The revisions, all of them, are what they were when they were saved.
    async fn look_back(&self) {
        for ((id, language, number), text) in &self.saved {
            let at = self.place(*id, Some(language.as_str()));
            let found = entry::revision(self.world.db.read(), &self.world.granted(), &at, *number).await;
            let (_, revision) = found.expect("a revision");
            assert_eq!(json_of(&revision.fields.expect("fields")), *text);
        }
    }

    /// What is published in a chain of languages.
    async fn published(&self, chain: &[Locale]) -> BTreeSet<EntryId> {
        let mut published = BTreeSet::new();
        for id in &self.entries {
            let sides = self.world.get(&self.place(*id, None)).await.locales;
            let shown = |side: &entry::Side| side.published_revision.is_some() && chain.contains(&side.locale);
            published.extend(sides.iter().any(shown).then_some(*id));
        }
        published
    }

    async fn page(&self, query: &Query, start: &Start<Cursor>, size: u64) -> (Vec<EntryId>, Option<Cursor>) {
        let page = delivery::list(self.world.db.read(), self.world.site, query, start, size).await.expect("a list");
        let last = page.last().map(|last| last.cursor.clone());
        (page.into_iter().map(|listed| listed.item.id).collect(), last)
    }

    /// All items of a list, page by page, there and back.
    async fn walked(&self, query: &Query, size: u64) -> Vec<EntryId> {
        let (mut there, mut start, mut end) = (Vec::new(), Start::First, None);
        while let (page, Some(last)) = self.page(query, &start, size).await {
            there.extend(page);
            start = Start::After(last.clone());
            end = Some(last);
        }
        let Some(end) = end else { return there };
        let (mut back, mut start) = (vec![there[there.len() - 1]], Start::Before(end));
        while let (page, Some(last)) = self.page(query, &start, size).await {
            back.extend(page);
            start = Start::Before(last);
        }
        back.reverse();
        assert_eq!(back, there);
        there
    }

    /// Something happens between any two pages: what it does not happen to is visited once.
    async fn walked_meanwhile(&mut self, query: &Query, size: u64) {
        let before: BTreeSet<EntryId> = self.walked(query, 100).await.into_iter().collect();
        let mut touched = BTreeSet::new();
        let (mut visits, mut start) = (BTreeMap::<EntryId, u32>::new(), Start::First);
        while let (page, Some(last)) = self.page(query, &start, size).await {
            for id in page {
                *visits.entry(id).or_default() += 1;
            }
            start = Start::After(last);
            touched.insert(self.step().await);
        }
        for id in before.difference(&touched) {
            assert_eq!(visits.get(id), Some(&1), "{query:?}");
        }
        for id in visits.keys().filter(|id| !touched.contains(id)) {
            assert!(before.contains(id), "nobody has published it");
        }
    }

    /// The orders in which this type can be listed.
    fn orders(&self) -> Vec<Vec<Sort>> {
        let sort = |name: &str, descending| Sort { field: name.to_owned(), descending };
        let mut orders = vec![
            vec![sort("published_at", true)],
            vec![sort("title", true)],
            vec![sort("stars", false)],
            vec![sort("stars", true), sort("title", false)],
            vec![sort("title", false), sort("stars", true), sort("updated_at", false)],
        ];
        for field in self.definition["fields"].as_array().expect("fields") {
            let many = ["choices", "references"].map(Value::from).contains(&field["kind"]);
            if field["indexed"] == json!(true) && !many {
                orders.push(vec![sort(field["key"].as_str().expect("a key"), false)]);
            }
        }
        orders
    }
}

/// A condition of whether a field is there.
fn is_null(field: &str, yes: bool) -> Condition {
    Condition { field: field.to_owned(), op: Op::IsNull, operands: vec![yes.to_string()] }
}

/// A history for each seed, of a type of its own: the snapshot is true whatever happens, and nothing saved is lost.
pub(crate) async fn play(home: &Installation, seeds: Range<u64>) {
    let world = world(home).await;
    for seed in seeds {
        let mut dice = Dice::new(seed * 7919 + 11);
        let kind = format!("thing{seed}");
        let definition = dice.definition(&kind);
        println!("{kind}: {definition}");
        let kind = world.define(&kind, definition.clone()).await.key;
        let mut history = History { world: &world, kind, dice, definition, entries: Vec::new(), saved: Saved::new() };
        for _ in 0..STEPS {
            history.step().await;
        }
        history.look_back().await;
        for chain in [vec![locale("en")], vec![locale("de"), locale("en")]] {
            for sort in history.orders() {
                let mut published = history.published(&chain).await;
                while published.len() < 3 {
                    history.step().await;
                    published = history.published(&chain).await;
                }
                let query = Query { kind: history.kind.clone(), chain: chain.clone(), conditions: Vec::new(), sort };
                for size in [1, 3, 100] {
                    let walked = history.walked(&query, size).await;
                    assert_eq!(walked.len(), published.len(), "{query:?}");
                    assert_eq!(walked.into_iter().collect::<BTreeSet<_>>(), published, "{query:?}");
                }
                let count = delivery::count(world.db.read(), world.site, &query).await.expect("a count");
                assert_eq!(count, published.len() as u64);
                let mut with = Vec::new();
                for yes in [true, false] {
                    let conditions = vec![is_null("stars", yes)];
                    with.extend(history.walked(&Query { conditions, ..query.clone() }, 2).await);
                }
                assert_eq!(with.into_iter().collect::<BTreeSet<_>>(), published, "{query:?}");
                history.walked_meanwhile(&query, 2).await;
                history.walked_meanwhile(&Query { conditions: vec![is_null("slug", false)], ..query }, 1).await;
            }
        }
        history.look_back().await;
    }
}

on_sqlite_first! {
    async fn whatever_happens_the_snapshot_is_true_and_nothing_saved_is_lost(home: &Installation) {
        play(home, 0..1).await;
    }
}

on_both! {
    async fn what_is_published_while_its_type_changes_is_refused(home: &Installation) {
        let world = world(home).await;
        world.define("thing", json!({"title": "Thing", "fields": [{"key": "title", "kind": "text"}]})).await;
        let made = world.write("thing", json!({"title": "x"})).await.expect("an entry");
        let act = world.act();
        let prepared = entry::prepare(&world.db, act.granted(), at(&made), 1).await.expect("prepared");
        world.define("other", json!({"title": "Other"})).await;
        let published = world.db.write(move |tx| entry::publish(tx, act.clone(), prepared.clone()).boxed()).await;
        assert!(matches!(published, Err(Error::TypeChanged)));
        world.publish(&at(&made), 1).await.expect("published");
    }
}
