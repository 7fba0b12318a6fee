//! A slow reader does not put an old text back into the memory of answers, and gives no text that is of two versions.
//!
//! The reader is held after one of its statements, until something else was published and that was acknowledged.

use crate::world::{Answer, World};
use bonafide_api::Settings;
use bonafide_storage::{Observer, Options};
use bonafide_test_support::{Installation, on_both};
use serde_json::{Value, json};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Holds whoever has run a statement.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// For the next one whose statement has this in it.
    Closed(&'static str),
    Holding,
}

impl Gate {
    fn pass(&self, statement: &str) {
        let mut state = self.state.lock().expect("not poisoned");
        if matches!(*state, State::Closed(piece) if statement.contains(piece)) {
            *state = State::Holding;
            let held = || self.opened.wait_while(state, |state| *state == State::Holding);
            drop(tokio::task::block_in_place(held).expect("not poisoned"));
        }
    }

    fn set(&self, state: State) {
        *self.state.lock().expect("not poisoned") = state;
        self.opened.notify_all();
    }

    /// Waits until somebody is held.
    async fn holds(&self) {
        for _ in 0..1000 {
            if *self.state.lock().expect("not poisoned") == State::Holding {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("nobody has run the statement");
    }
}

async fn world(home: &Installation) -> (Arc<World>, Arc<Gate>) {
    let gate = Arc::<Gate>::default();
    let pass = Arc::clone(&gate);
    let observer = Observer::new(move |statement| pass.pass(&statement.sql));
    let options = Options { observer: Some(observer), ..Options::default() };
    (Arc::new(World::with(home, Settings::default(), &options).await), gate)
}

/// Reads, and is held after the statement with `piece` in it until `change` is done. Gives what was read, and what is read
/// then.
async fn race(
    world: &Arc<World>,
    gate: &Gate,
    target: &'static str,
    piece: &'static str,
    change: impl Future<Output = ()>,
) -> (Answer, Answer) {
    gate.set(State::Closed(piece));
    let reader = Arc::clone(world);
    let reader = tokio::spawn(async move { reader.get(target).await });
    gate.holds().await;
    change.await;
    gate.set(State::Open);
    (reader.await.expect("no panic"), world.get(target).await)
}

/// Publishes a page with a text, and a reference if one is given; gives its address in the admin API.
async fn publish(world: &World, at: Option<&str>, text: &str, other: Option<&str>) -> String {
    let page = json!({"title": text, "slug": "about", "other": other, "body": [{"type": "markdown", "text": text}]});
    let saved = match at {
        None => world.post("/admin/v1/pages", &[], page).await,
        Some(path) => {
            let etag = world.get(path).await.header("etag").to_owned();
            world.send("PATCH", path, &[("if-match", &etag)], Some(page)).await
        }
    };
    let path = at.map_or_else(|| saved.header("location").to_owned(), ToOwned::to_owned);
    let done = world.post(&format!("{path}/publish"), &[("if-match", saved.header("etag"))], json!({})).await;
    assert_eq!(done.status, 200, "{}", done.body);
    path
}

/// A type `thing` with two published entries, and a reference of pages to it; gives their ids.
async fn things(world: &World) -> [String; 2] {
    let thing = json!({"type": "thing", "title": "Thing", "fields": [{"key": "title", "kind": "text"}]});
    assert_eq!(world.post("/admin/v1/types", &[], thing).await.status, 201);
    let page = world.get("/admin/v1/types/page").await;
    let mut fields = page.body["fields"].as_array().expect("fields").clone();
    fields.push(json!({"key": "other", "kind": "reference", "types": ["thing"]}));
    let extended = Some(json!({"fields": fields}));
    let etag = page.header("etag");
    assert_eq!(world.send("PATCH", "/admin/v1/types/page", &[("if-match", etag)], extended).await.status, 200);
    let mut ids = [String::new(), String::new()];
    for (id, title) in ids.iter_mut().zip(["One", "Two"]) {
        let made = world.post("/admin/v1/entries/thing", &[], json!({"fields": {"title": title}})).await;
        made.body["id"].as_str().expect("an id").clone_into(id);
        let publish = format!("/admin/v1/entries/thing/{id}/publish");
        assert_eq!(world.post(&publish, &[("if-match", made.header("etag"))], json!({})).await.status, 200);
    }
    ids
}

on_both! {
    async fn a_slow_reader_keeps_no_old_text(home: &Installation) {
        let (world, gate) = world(home).await;
        things(&world).await;
        let settings = Some(json!({"base_url": "https://www.example.org"}));
        assert_eq!(world.send("PATCH", "/admin/v1/site", &[("if-match", "\"1\"")], settings).await.status, 200);
        let path = publish(&world, None, "Zero", None).await;
        for (n, (target, piece)) in [
            ("/v1/pages/about", "FROM published p"),
            ("/v1/pages/about?locale=en&fields=title", "FROM published p"),
            ("/v1/pages?sort=title", "AS page CROSS JOIN published p"),
            ("/v1/pages?filter[title][prefix]=text", "AS page CROSS JOIN published p"),
            ("/v1/pages/feed.atom", "AS page CROSS JOIN published p"),
            ("/v1/sitemap.xml", "p.path, p.updated_at FROM"),
        ].into_iter().enumerate() {
            let (old, new) = (format!("Text {n} before"), format!("Text {n} after"));
            publish(&world, Some(&path), &old, None).await;
            world.pass(Duration::from_secs(1));
            let (first, then) = race(&world, &gate, target, piece, async {
                publish(&world, Some(&path), &new, None).await;
            }).await;
            assert_eq!((first.status.as_u16(), then.status.as_u16()), (200, 200), "{target}");
            assert_ne!(first.header("etag"), then.header("etag"), "{target}");
            if !target.ends_with("xml") {
                assert!(first.text.contains(&old) && !first.text.contains(&new), "{target} was read before: {}", first.text);
                assert!(then.text.contains(&new) && !then.text.contains(&old), "{target}: {}", then.text);
            }
            assert_eq!(world.get(target).await.header("etag"), then.header("etag"), "{target}");
        }
        // the same for what is taken back
        let (first, then) = race(&world, &gate, "/v1/pages/about?locale=en", "FROM published p", async {
            let etag = world.get(&path).await.header("etag").to_owned();
            let hidden = world.post(&format!("{path}/unpublish"), &[("if-match", &etag)], json!({})).await;
            assert_eq!(hidden.status, 200, "{}", hidden.body);
        }).await;
        assert_eq!((first.status.as_u16(), then.status.as_u16()), (200, 404));
    }

    async fn an_answer_is_of_one_version(home: &Installation) {
        let (world, gate) = world(home).await;
        let [one, two] = things(&world).await;
        let path = publish(&world, None, "With one", Some(&one)).await;
        let shown = |answer: &Answer| {
            let page = if answer.body["items"].is_array() { &answer.body["items"][0] } else { &answer.body };
            (page["title"].clone(), page["other"]["title"].clone())
        };
        for (target, piece) in [
            ("/v1/pages/about", "FROM published p"),
            ("/v1/pages/about?include=other", "FROM published p"),
            ("/v1/pages?sort=title", "AS page CROSS JOIN published p"),
            ("/v1/pages?sort=title&include=other", "AS page CROSS JOIN published p"),
        ] {
            publish(&world, Some(&path), "With one", Some(&one)).await;
            let (first, then) = race(&world, &gate, target, piece, async {
                publish(&world, Some(&path), "With two", Some(&two)).await;
            }).await;
            for answer in [first, then] {
                assert_eq!(shown(&answer), (json!("With two"), json!("Two")), "{target}");
            }
            // and without a reference
            publish(&world, Some(&path), "With one", Some(&one)).await;
            let (first, _) = race(&world, &gate, target, piece, async {
                publish(&world, Some(&path), "With none", None).await;
            }).await;
            assert_eq!(shown(&first), (json!("With none"), Value::Null), "{target}");
        }
    }

    async fn a_policy_that_was_replaced_is_not_kept(home: &Installation) {
        let (world, gate) = world(home).await;
        world.publish("2026-11-24", "# One\n").await;
        let (first, then) = race(&world, &gate, "/v1/policies/privacy", "FROM policy_revision", async {
            world.publish("2026-11-24", "# Two\n").await;
        }).await;
        assert_eq!((&first.body["number"], &then.body["number"]), (&json!(1), &json!(2)));
    }
}
