//! Every statement that requests cause is answered through an index: no cost grows with what is stored.

use crate::world::World;
use bonafide_api::Settings;
use bonafide_storage::{Observer, Options};
use bonafide_test_support::{Backend, Installation, on_both};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, QueryResult, Statement};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Tables that have one row, or a handful, however much is stored; and the few rows that a statement has cut out itself.
const SMALL: [&str; 7] = ["site", "installation", "signing_key", "lease", "page", "part", "few"];

/// Runs through what the admin and delivery surfaces do.
async fn story(world: &mut World) {
    world.publish("2026-11-24", "# One\n").await;
    world.publish("2026-12-24", "# Two\n").await;
    let user = json!({"email": "ada@example.org", "display_name": "Ada", "roles": ["editor"]});
    let user = world.post("/admin/v1/users", &[("idempotency-key", "0123456789abcdef")], user).await;
    let account = user.header("location").to_owned();
    world.send("PATCH", &account, &[("if-match", "\"1\"")], Some(json!({"roles": ["viewer"]}))).await;
    world.post(&format!("{account}/suspend"), &[("if-match", "\"2\"")], json!({})).await;
    world.post(&format!("{account}/reset"), &[], json!({})).await;
    let token = json!({"name": "x", "family": "read", "scopes": ["delivery:read"]});
    let token = world.post("/admin/v1/tokens", &[], token).await.header("location").to_owned();
    for list in ["policies", "policies/privacy/revisions", "users", "tokens", "sessions", "audit"] {
        let first = world.get(&format!("/admin/v1/{list}?limit=1&count=exact")).await;
        assert_eq!(first.status, 200, "{list}: {}", first.body);
        if let Some(next) = first.body["page"]["next"].as_str() {
            let second = world.get(&format!("/admin/v1/{list}?limit=1&cursor={next}")).await;
            let prev = second.body["page"]["prev"].as_str().expect("a page before").to_owned();
            assert_eq!(world.get(&format!("/admin/v1/{list}?cursor={prev}")).await.status, 200);
        }
    }
    for target in [
        "",
        "/privacy",
        "/privacy?as_of=2026-12-24",
        "/privacy/revisions",
        "/privacy/revisions/1",
        "/privacy/feed.atom",
    ] {
        assert_eq!(world.get(&format!("/v1/policies{target}")).await.status, 200, "{target}");
    }
    assert_eq!(world.get("/v1/policies/privacy/diff?from=1&to=2").await.status, 200);
    forms(world).await;
    content(world).await;
    assert_eq!(world.send("DELETE", &token, &[], None).await.status, 204);
    world.login().await;
    assert_eq!(world.post("/admin/v1/auth/logout-everywhere", &[], json!({})).await.status, 204);
}

/// A form that is sent, and everything that is done with what was sent.
async fn forms(world: &mut World) {
    let field = |key: &str, kind: &str| json!({"key": key, "kind": kind, "required": true, "label": {"en": key}});
    let form = json!({
        "form": "contact", "title": {"en": "Contact"}, "fields": [field("email", "email"), field("message", "free_text")],
        "purpose": {"term": "fulfil_request", "text": {"en": "To answer"}},
        "retention": {"after_fulfilment": "P30D", "unanswered": "P180D"},
        "permissions": [{"use": "newsletter", "text": {"en": "News"}, "period": "P1Y"}],
    });
    assert_eq!(world.post("/admin/v1/forms", &[], form).await.status, 201);
    let version = [("if-match", "\"1\"")];
    assert_eq!(world.post("/admin/v1/forms/contact/publish", &version, json!({})).await.status, 200);
    let (mut ids, mut receipt) = (Vec::new(), String::new());
    for n in 0..3 {
        let handed_out = world.get("/v1/forms/contact").await;
        world.pass(Duration::from_secs(4));
        let fields = json!({"email": "ada@example.org", "message": format!("Message {n}")});
        let body = json!({"token": handed_out.body["token"], "fields": fields, "permissions": ["newsletter"]});
        let sent = world.post("/v1/forms/contact/submissions", &[], body).await;
        assert_eq!(sent.status, 201, "{:?}", sent.body);
        ids.push(sent.body["receipt"]["id"].as_str().expect("an id").to_owned());
        sent.body["receipt"]["token"].as_str().expect("a token").clone_into(&mut receipt);
    }
    let one = format!("/admin/v1/submissions/{}", ids[0]);
    for (verb, body) in [
        ("open", json!({"purpose": "fulfil_request"})),
        ("fulfil", json!({})),
        ("reopen", json!({})),
        ("restrict", json!({})),
    ] {
        assert_eq!(world.post(&format!("{one}/{verb}"), &[], body).await.status, 200, "{verb}");
    }
    for list in [
        "forms",
        "forms/contact/versions",
        "submissions",
        "submissions?state=received",
        "submissions?form=contact",
        "retention/due",
        "retention/due?at=2100-01-01T00:00:00Z",
        "retention/sweeps",
    ] {
        let and = if list.contains('?') { '&' } else { '?' };
        let first = world.get(&format!("/admin/v1/{list}{and}limit=1&count=exact")).await;
        assert_eq!(first.status, 200, "{list}: {:?}", first.body);
        if let Some(next) = first.body["page"]["next"].as_str() {
            let second = world.get(&format!("/admin/v1/{list}{and}limit=1&cursor={next}")).await;
            let prev = second.body["page"]["prev"].as_str().expect("a page before").to_owned();
            assert_eq!(world.get(&format!("/admin/v1/{list}{and}cursor={prev}")).await.status, 200);
        }
    }
    for path in ["/admin/v1/submissions/count", &one, "/admin/v1/status", "/admin/v1/forms/contact/versions/1"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
    let whom = |dry_run| json!({"email": "ada@example.org", "dry_run": dry_run});
    assert_eq!(world.post("/admin/v1/subjects/export", &[], whom(true)).await.status, 200);
    assert_eq!(world.post(&format!("{one}/erase"), &[], json!({"reason": "not_needed"})).await.status, 200);
    let bearer = format!("Bearer {receipt}");
    let mine = [("authorization", bearer.as_str())];
    assert_eq!(world.send("GET", "/v1/my/submission", &mine, None).await.status, 200);
    assert_eq!(world.send("PUT", "/v1/my/submission/permissions/newsletter", &mine, None).await.status, 200);
    assert_eq!(world.send("DELETE", "/v1/my/submission/permissions/newsletter", &mine, None).await.status, 204);
    assert_eq!(world.send("DELETE", "/v1/my/submission", &mine, None).await.status, 202);
    assert_eq!(world.post("/admin/v1/subjects/erase", &[], whom(false)).await.status, 200);
}

/// The same for types, pages and entries.
async fn content(world: &World) {
    let article = json!({"type": "article", "title": "Article", "fields": [
        {"key": "title", "kind": "text", "indexed": true}, {"key": "slug", "kind": "slug", "from": "title"},
        {"key": "stars", "kind": "integer", "indexed": true}, {"key": "code", "kind": "text", "unique": true},
        {"key": "more", "kind": "references", "types": ["article"], "indexed": true}, {"key": "body", "kind": "blocks"}]});
    assert_eq!(world.post("/admin/v1/types", &[], article).await.status, 201);
    let site = world.get("/admin/v1/site").await;
    let settings = Some(json!({"locales": ["en", "de"]}));
    assert_eq!(world.send("PATCH", "/admin/v1/site", &[("if-match", site.header("etag"))], settings).await.status, 200);
    let mut last = String::new();
    for n in 0..3 {
        let body = json!([{"type": "markdown", "text": "x"}]);
        let more = if last.is_empty() { json!([]) } else { json!([last]) };
        let fields =
            json!({"title": format!("Article {n}"), "stars": n, "code": format!("{n}"), "more": more, "body": body});
        let made = world.post("/admin/v1/entries/article", &[], json!({"fields": fields})).await;
        let path = made.header("location").to_owned();
        made.body["id"].as_str().expect("an id").clone_into(&mut last);
        verb(world, &path, "publish").await;
        let german = world.post(&format!("{path}/locales"), &[], json!({"locale": "de", "from": "en"})).await;
        assert_eq!(german.status, 201, "{}", german.body);
        let block = german.body["fields"]["body"][0]["id"].as_str().expect("an id");
        change(world, &format!("{path}/blocks/{block}"), &path, json!({"text": "y"})).await;
        change(world, &path, &path, json!({"fields": {"slug": format!("renamed-{n}")}})).await;
        verb(world, &path, "publish").await;
        for list in ["/admin/v1/entries/article", &format!("{path}/revisions")] {
            let first = world.get(&format!("{list}?limit=1&count=exact")).await;
            let next = first.body["page"]["next"].as_str().map(ToOwned::to_owned);
            if let Some(next) = next {
                assert_eq!(world.get(&format!("{list}?limit=1&cursor={next}")).await.status, 200);
            }
        }
        assert_eq!(world.get(&format!("{path}/revisions/1")).await.status, 200);
        assert_eq!(world.get(&format!("/v1/entries/article/article-{n}")).await.status, 308);
    }
    for query in [
        "",
        "locale=de&fallback=en",
        "sort=stars,-title",
        "sort=-title&filter[stars][gte]=0&filter[slug][prefix]=renamed",
        "include=more.more&count=exact",
        "filter[title][contains]=art&sort=stars&locale=en",
        "filter[title][contains]=art&filter[stars][in]=0,1,2&sort=published_at&locale=de&fallback=en&count=exact",
        "filter[more][is_null]=false&filter[stars][ne]=7",
    ] {
        let list = world.get(&format!("/v1/entries/article?{query}&limit=1").replace("?&", "?")).await;
        assert_eq!(list.status, 200, "{query}: {}", list.body);
        if let Some(next) = list.body["page"]["next"].as_str() {
            let target = format!("/v1/entries/article?{query}&cursor={next}").replace("?&", "?");
            assert_eq!(world.get(&target).await.status, 200, "{query}");
        }
    }
    assert_eq!(world.get("/v1/entries/article/renamed-2?include=more.more&locale=de&fallback=en").await.status, 200);
    assert_eq!(world.get(&format!("/v1/entries/article/{last}")).await.status, 200);
    let path = format!("/admin/v1/entries/article/{last}");
    assert_eq!(world.post(&format!("{path}/copy"), &[], json!({})).await.status, 201);
    previews(world, &path).await;
    verb(world, &path, "unpublish").await;
    verb(world, &path, "archive").await;
    let etag = world.get(&path).await.header("etag").to_owned();
    let back = world.post(&format!("{path}/restore"), &[("if-match", &etag)], json!({"revision": 1})).await;
    assert_eq!(back.status, 200, "{}", back.body);
    assert_eq!(world.send("DELETE", &path, &[("if-match", back.header("etag"))], None).await.status, 204);
    let kind = world.get("/admin/v1/types/article").await;
    let mut fields = kind.body["fields"].as_array().expect("fields").clone();
    fields.remove(2);
    for (query, drop) in [("?plan=true", json!([])), ("", json!(["stars"]))] {
        let body = Some(json!({"fields": fields, "drop": drop}));
        let target = format!("/admin/v1/types/article{query}");
        assert_eq!(world.send("PATCH", &target, &[("if-match", kind.header("etag"))], body).await.status, 200);
    }
    assert_eq!(world.send("DELETE", "/admin/v1/types/article", &[("if-match", "\"2\"")], None).await.status, 409);
    assert_eq!(world.get("/admin/v1/types?limit=2").await.status, 200);
}

/// Links to a draft, and the draft through one of them.
async fn previews(world: &World, path: &str) {
    let links = format!("{path}/preview-links");
    let mut last = String::new();
    for (key, body) in [("one-key-of-16-bytes", json!({})), ("another-key-of-16-bytes", json!({"revision": 1}))] {
        let made = world.post(&links, &[("idempotency-key", key)], body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.header("location").clone_into(&mut last);
        let bearer = format!("Bearer {}", made.body["token"].as_str().expect("a token"));
        let address = made.body["address"].as_str().expect("an address");
        let shown =
            world.send("GET", &format!("{address}?include=more.more"), &[("authorization", &bearer)], None).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
    }
    let made = world.post(&links, &[], json!({})).await;
    let first = world.get(&format!("{links}?limit=1&count=exact")).await;
    let next = first.body["page"]["next"].as_str().expect("a next page").to_owned();
    let second = world.get(&format!("{links}?limit=1&cursor={next}")).await;
    let prev = second.body["page"]["prev"].as_str().expect("a page before").to_owned();
    assert_eq!(world.get(&format!("{links}?cursor={prev}")).await.status, 200);
    assert_eq!(world.get(&last).await.status, 200);
    assert_eq!(world.send("DELETE", made.header("location"), &[], None).await.status, 204);
}

async fn verb(world: &World, path: &str, verb: &str) {
    let etag = world.get(path).await.header("etag").to_owned();
    let done = world.post(&format!("{path}/{verb}"), &[("if-match", &etag)], json!({})).await;
    assert_eq!(done.status, 200, "{verb}: {}", done.body);
}

async fn change(world: &World, target: &str, path: &str, body: serde_json::Value) {
    let etag = world.get(path).await.header("etag").to_owned();
    let done = world.send("PATCH", target, &[("if-match", &etag)], Some(body)).await;
    assert_eq!(done.status, 200, "{}", done.body);
}

/// Runs the story and gives every statement that was run, by its text.
async fn statements(home: &Installation) -> BTreeMap<String, Statement> {
    let seen: Arc<Mutex<BTreeMap<String, Statement>>> = Arc::default();
    let keep = Arc::clone(&seen);
    let observer = Observer::new(move |statement| {
        keep.lock().expect("not poisoned").insert(statement.sql.clone(), statement.clone());
    });
    let options = Options { observer: Some(observer), ..Options::default() };
    let mut world = World::with(home, Settings::default(), &options).await;
    story(&mut world).await;
    let statements = std::mem::take(&mut *seen.lock().expect("not poisoned"));
    assert!(statements.len() > 60, "only {} statements were seen", statements.len());
    statements
}

/// What of a plan of SQLite goes through a whole table, or through all of a site where rows are named.
fn scans_of_sqlite(steps: &[QueryResult], text: &str) -> Vec<String> {
    let names_rows = text.contains("id IN (");
    let steps = steps.iter().map(|row| row.try_get::<String>("", "detail").expect("a step"));
    let scans = |step: &String| {
        let table = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
        let through_index = step.contains("USING INDEX") || step.contains("USING COVERING INDEX");
        let whole = table.is_some_and(|table| !SMALL.contains(&table) && table != "CONSTANT") && !through_index;
        whole || (names_rows && step.ends_with("(site_id=?)"))
    };
    steps.filter(scans).collect()
}

/// What of a plan of PostgreSQL goes through a whole table, or through a whole index: a node without `Index Cond`.
fn scans_of_postgres(steps: &[QueryResult]) -> Vec<String> {
    let lines: Vec<String> = steps.iter().map(|row| row.try_get_by_index(0).expect("a line")).collect();
    let mut scans = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let node = line.trim_start().trim_start_matches("->").trim_start();
        let table = node.split(" on ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        let mut about = lines[at + 1..].iter().take_while(|line| !line.contains("->"));
        let whole_index =
            node.starts_with("Index") && node.contains(" using ") && !about.any(|line| line.contains("Index Cond"));
        if !SMALL.contains(&table) && (node.starts_with("Seq Scan") || whole_index) {
            scans.push(node.to_owned());
        }
    }
    scans
}

on_both! {
    async fn no_statement_scans_a_table_that_grows(home: &Installation) {
        let statements = statements(home).await;
        let on_postgres = home.backend() == Backend::Postgres;
        let url = match home.database() {
            Some(database) => database.url().to_owned(),
            None => format!("sqlite://{}?mode=ro", home.data_dir().join("bonafide.db").display()),
        };
        let db = Database::connect(ConnectOptions::new(url).max_connections(1).to_owned()).await.expect("the database opens");
        if on_postgres {
            // tables this small would be read whole; here it is asked what can be done without
            for way in ["seqscan", "hashjoin", "mergejoin"] {
                db.execute_unprepared(&format!("SET enable_{way} = off")).await.expect("a setting");
            }
        }
        let mut scans = Vec::new();
        for (text, mut statement) in statements {
            let verb = text.split_whitespace().next().unwrap_or_default().to_uppercase();
            // what INSERT looks at without SELECT are its own values, and children of a row that may have been deferred
            let plain = verb == "INSERT" && !text.contains("SELECT");
            if plain || !["SELECT", "INSERT", "UPDATE", "DELETE"].contains(&verb.as_str()) {
                continue;
            }
            statement.sql = format!("EXPLAIN {}{text}", if on_postgres { "" } else { "QUERY PLAN " });
            let steps = db.query_all_raw(statement).await.expect(&text);
            let found = if on_postgres { scans_of_postgres(&steps) } else { scans_of_sqlite(&steps, &text) };
            scans.extend(found.into_iter().map(|step| format!("{step}\n    {text}")));
        }
        assert!(scans.is_empty(), "{} statements scan:\n{}", scans.len(), scans.join("\n"));
    }
}
