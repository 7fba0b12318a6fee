//! What is published while its type changes: readers get what the type says, and nothing that it does not say any more.

use crate::{World, at, world};
use bonafide_content::Error;
use bonafide_content::entry::{self, Entry, Shown};
use bonafide_content::types::{self, TypePatch};
use bonafide_model::Patch;
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use std::time::Duration;

/// Gives a type other fields; those of `drop` may be lost.
async fn change(world: &World, key: &str, version: i64, fields: Value, drop: &[&str]) -> Result<(), Error> {
    let key: bonafide_model::name::TypeKey = key.parse().expect("a key");
    let patch = TypePatch {
        fields: Patch::Value(serde_json::from_value(fields).expect("fields")),
        drop: drop.iter().map(|field| field.parse().expect("a key")).collect(),
        ..TypePatch::default()
    };
    let act = world.act();
    let changed = world.db.write(move |tx| types::change(tx, act.clone(), key.clone(), version, patch.clone()).boxed());
    changed.await.map(|_| ())
}

/// What is published of an entry, which is what a fresh rendering would be.
async fn shown(world: &World, entry: &Entry) -> String {
    named(world, entry).await.content
}

/// The same, with what it is called and where it is.
async fn named(world: &World, entry: &Entry) -> Shown {
    let rendered = entry::rendered_anew(world.db.read(), &world.granted(), &at(entry)).await;
    let [stored, fresh] = rendered.expect("it is published");
    assert_eq!(stored, fresh);
    stored
}

on_both! {
    async fn nothing_stays_of_a_field_that_is_gone(home: &Installation) {
        let world = world(home).await;
        let title = json!({"key": "title", "kind": "text"});
        let text = json!({"key": "text", "kind": "markdown"});
        let other = json!({"key": "other", "kind": "reference", "types": ["thing"]});
        world.define("thing", json!({"title": "Thing", "fields": [title, text, other]})).await;
        let target = world.write("thing", json!({"title": "Target"})).await.expect("an entry");
        let document = json!({"title": "Title", "text": "Secret [words](https://example.org/secret)", "other": target.id.to_string()});
        let made = world.write("thing", document).await.expect("an entry");
        world.publish(&at(&made), 1).await.expect("published");
        assert!(shown(&world, &made).await.contains("ecret"));
        let refused = change(&world, "thing", 1, json!([title, other]), &[]).await;
        assert!(matches!(refused, Err(Error::Loses(_))));
        change(&world, "thing", 1, json!([title]), &["text", "other"]).await.expect("changed");
        // not as a value, not in the excerpt, not among the links
        let after = shown(&world, &made).await;
        assert!(after.contains("Title") && !after.contains("ecret"), "{after}");
    }

    async fn readers_get_what_the_type_says(home: &Installation) {
        let world = world(home).await;
        let fields = |kind: &str| json!([{"key": "title", "kind": "text"}, {"key": "text", "kind": kind}]);
        world.define("thing", json!({"title": "Thing", "fields": fields("text")})).await;
        let made = world.write("thing", json!({"title": "Title", "text": "*so*"})).await.expect("an entry");
        world.publish(&at(&made), 1).await.expect("published");
        assert!(!shown(&world, &made).await.contains("<em>so</em>"));
        change(&world, "thing", 1, fields("markdown"), &[]).await.expect("changed");
        assert!(shown(&world, &made).await.contains("<em>so</em>"));
        change(&world, "thing", 2, fields("text"), &[]).await.expect("changed");
        assert!(!shown(&world, &made).await.contains("<em>so</em>"));
    }

    async fn nor_of_a_field_of_a_component(home: &Installation) {
        let world = world(home).await;
        let [name, note] = ["name", "note"].map(|key| json!({"key": key, "kind": "markdown"}));
        world.define("card", json!({"title": "Card", "component": true, "fields": [name, note]})).await;
        let body = json!([{"type": "card", "name": "Name", "note": "Secret"}]);
        let made = world.write("page", json!({"title": "Title", "slug": "x", "body": body})).await.expect("a page");
        let without = world.write("page", json!({"title": "Other", "slug": "y"})).await.expect("a page");
        for page in [&made, &without] {
            world.publish(&at(page), 1).await.expect("published");
        }
        assert!(shown(&world, &made).await.contains("Secret"));
        change(&world, "card", 1, json!([name]), &["note"]).await.expect("changed");
        let after = shown(&world, &made).await;
        assert!(after.contains("Name") && !after.contains("Secret"), "{after}");
        shown(&world, &without).await;
    }

    async fn a_rule_that_leaves_no_place_for_what_is_there_loses_it(home: &Installation) {
        let world = world(home).await;
        let blocks = |components: Value| json!({"key": "body", "kind": "blocks", "components": components});
        let text = |more: Value| {
            let mut text = json!({"key": "text", "kind": "text"});
            text.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            text
        };
        let (title, both) = (json!({"key": "title", "kind": "text"}), json!(["quote", "heading"]));
        let fields = json!([title, blocks(both.clone()), text(json!({}))]);
        world.define("thing", json!({"title": "Thing", "fields": fields})).await;
        let body = json!([{"type": "quote", "text": "Quoted"}, {"type": "heading", "text": "Kept"}]);
        let document = json!({"title": "Title", "body": body, "text": "x".repeat(600)});
        let made = world.write("thing", document).await.expect("an entry");
        world.publish(&at(&made), 1).await.expect("published");
        for (fields, lost) in [
            (json!([title, blocks(json!(["heading"])), text(json!({}))]), "body"),
            (json!([title, blocks(both.clone()), text(json!({"indexed": true}))]), "text"),
            (json!([title, blocks(both.clone()), text(json!({"kind": "slug"}))]), "text"),
        ] {
            let refused = change(&world, "thing", 1, fields, &[]).await;
            let Err(Error::Loses(plan)) = refused else { panic!("{lost}: {refused:?}") };
            assert_eq!(plan.lost.iter().map(|lost| (lost.field.as_str(), lost.entries)).collect::<Vec<_>>(), [(lost, 1)]);
        }
        // no more than what has no place, once it is named
        change(&world, "thing", 1, json!([title, blocks(json!(["heading"])), text(json!({}))]), &["body"]).await.expect("changed");
        let after = shown(&world, &made).await;
        assert!(after.contains("Kept") && !after.contains("Quoted"), "{after}");
        let draft = world.get(&at(&made)).await;
        assert_eq!(draft.fields["body"].as_array().expect("blocks").len(), 1);
    }

    async fn another_title_and_another_slug_are_shown_at_once(home: &Installation) {
        let world = world(home).await;
        let text = |key: &str| json!({"key": key, "kind": "text"});
        let slug = |key: &str| json!({"key": key, "kind": "slug"});
        let before = json!([text("title"), text("name"), slug("slug")]);
        world.define("thing", json!({"title": "Thing", "title_field": "title", "fields": before})).await;
        let document = json!({"title": "Secret", "name": "Shown", "slug": "secret"});
        let made = world.write("thing", document).await.expect("an entry");
        world.publish(&at(&made), 1).await.expect("published");
        let key: bonafide_model::name::TypeKey = "thing".parse().expect("a key");
        let patch = |fields: Value, drop: &[&str]| TypePatch {
            fields: Patch::Value(serde_json::from_value(fields).expect("fields")),
            title_field: Patch::Value("name".parse().expect("a key")),
            localized: Patch::Value(false),
            drop: drop.iter().map(|field| field.parse().expect("a key")).collect(),
            ..TypePatch::default()
        };
        let (act, patch) = (world.act(), patch(json!([text("name")]), &["title", "slug"]));
        let changed = world.db.write(move |tx| types::change(tx, act.clone(), key.clone(), 1, patch.clone()).boxed());
        changed.await.expect("changed");
        let after = named(&world, &made).await;
        assert_eq!((after.title.as_deref(), after.path, after.localized), (Some("Shown"), None, false));
        assert!(!after.content.contains("ecret"), "{}", after.content);
        let listed = world.get(&at(&made)).await;
        assert_eq!(listed.side().slug, None);
    }

    async fn two_entries_do_not_get_one_path(home: &Installation) {
        let world = world(home).await;
        let text = |kind: &str| json!([{"key": "title", "kind": "text"}, {"key": "place", "kind": kind}]);
        world.define("thing", json!({"title": "Thing", "fields": text("text")})).await;
        for place in ["here", "there"] {
            let made = world.write("thing", json!({"title": "Title", "place": place})).await.expect("an entry");
            world.publish(&at(&made), 1).await.expect("published");
        }
        let third = world.write("thing", json!({"title": "Title", "place": "here"})).await.expect("an entry");
        let third = world.publish(&at(&third), 1).await.expect("published");
        let refused = change(&world, "thing", 1, text("slug"), &["place"]).await;
        assert!(matches!(refused, Err(Error::PathTaken(_))), "{refused:?}");
        world.unpublish(&at(&third), third.side().version).await.expect("taken back");
        change(&world, "thing", 1, text("slug"), &["place"]).await.expect("changed");
        let first = world.write("thing", json!({"title": "Title", "place": "else"})).await.expect("an entry");
        world.publish(&at(&first), 1).await.expect("published");
        assert_eq!(named(&world, &first).await.path.as_deref(), Some("else"));
    }

    async fn a_text_that_becomes_an_address_leads_nowhere_else(home: &Installation) {
        let world = world(home).await;
        let fields = |kind: &str| json!([{"key": "title", "kind": "text"}, {"key": "link", "kind": kind}]);
        world.define("thing", json!({"title": "Thing", "fields": fields("text")})).await;
        let made = world.write("thing", json!({"title": "Title", "link": "javascript:alert(1)"})).await.expect("an entry");
        world.publish(&at(&made), 1).await.expect("published");
        change(&world, "thing", 1, fields("url"), &[]).await.expect("changed");
        let after = shown(&world, &made).await;
        assert!(!after.contains("alert"), "{after}");
    }

    async fn what_is_archived_is_not_published_when_it_is_back(home: &Installation) {
        let world = world(home).await;
        let made = world.write("page", json!({"title": "Title", "slug": "x"})).await.expect("a page");
        let (act, place, later) = (world.act(), at(&made), world.now().plus(Duration::from_mins(1)));
        let scheduled = world.db.write(move |tx| {
            entry::schedule(tx, act.clone(), place.clone(), 1, Patch::Value(later), Patch::Absent).boxed()
        });
        let scheduled = scheduled.await.expect("scheduled");
        let archived = world.archive(&at(&made), scheduled.side().version).await.expect("archived");
        assert_eq!(archived.side().scheduled, (None, None));
        let due = entry::due(world.db.read(), world.site, later.plus(Duration::from_mins(1)), 10).await.expect("readable");
        assert!(due.is_empty(), "{due:?}");
    }
}
