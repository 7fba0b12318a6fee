//! What is published while its type changes: readers get what the type says, and nothing that it does not say any more.

use crate::{World, at, world};
use bonafide_content::Error;
use bonafide_content::entry::{self, Entry};
use bonafide_content::types::{self, TypePatch};
use bonafide_model::Patch;
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

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
    let rendered = entry::rendered_anew(world.db.read(), &world.granted(), &at(entry)).await;
    let (stored, fresh) = rendered.expect("it is published");
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
}
