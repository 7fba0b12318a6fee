//! What every route keeps to: each test walks the OpenAPI documents.

use crate::client::Client;
use crate::content;
use crate::operations::{self, ABSENT, Objects, Operation, Who};
use crate::site::{self, ROLES, Site, text};
use bonafide_test_support::{Installation, on_sqlite_first};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The largest body of the two operations that take policy texts, and of all others.
const LARGE: usize = 10 << 20;
const SMALL: usize = LARGE / 100;

/// What is there in [`furnish`].
struct There {
    account: String,
    submission: String,
    page: String,
    entry: String,
    /// The holder of a receipt.
    holder: Client,
    /// The holders of preview links to the page and to the entry.
    previewers: [Client; 2],
}

impl There {
    const fn objects(&self, number: u32) -> Objects<'_> {
        Objects {
            policy: "privacy",
            form: "contact",
            number,
            id: self.account.as_str(),
            submission: self.submission.as_str(),
            kind: "article",
            page: self.page.as_str(),
            entry: self.entry.as_str(),
            block: content::BLOCK,
        }
    }

    /// Who has the credentials for an operation.
    fn client<'a>(&'a self, operation: &Operation, other: &'a Client) -> &'a Client {
        match operation.who {
            Who::Holder => &self.holder,
            Who::Previewer => &self.previewers[usize::from(operation.id == "get_previewed_entry")],
            _ => other,
        }
    }
}

/// A policy with two published revisions and a draft, an account, a form in as many versions, and a submission.
async fn furnish(site: &Site) -> There {
    site.policy("privacy").await;
    let today = site.today().await;
    site.publish("privacy", "# One\n", &today).await;
    site.publish("privacy", "# Two\n", &today).await;
    site.owner.post("/admin/v1/policies/privacy/revisions", json!({"texts": {"en": "# Three\n"}})).await.is(201);
    let invited = json!({"email": "ada@example.org", "display_name": "Ada", "roles": ["editor"]});
    let account = text(&site.owner.post("/admin/v1/users", invited).await.is(201).json()["id"]).to_owned();
    site.form("contact", json!({})).await;
    site.publish_again("contact").await;
    let receipt = site.submit("contact").await;
    let form = site.owner.get("/admin/v1/forms/contact").await.is(200).etag();
    site.owner.patch("/admin/v1/forms/contact", &form, json!({"title": {"en": "Third"}})).await.is(200);
    let submission = text(&receipt["id"]).to_owned();
    let (page, entry) = content::furnish(site, 3).await;
    let previewer =
        async |address: String| site.anonymous.with(content::preview::token(site, &address, json!({})).await);
    let previewers = [
        previewer(format!("/admin/v1/pages/{page}")).await,
        previewer(format!("/admin/v1/entries/article/{entry}")).await,
    ];
    There { account, submission, page, entry, holder: site.anonymous.with(text(&receipt["token"])), previewers }
}

/// Follows every `$ref` of a document.
fn check_references(document: &Value, value: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').expect("a reference inside of the document");
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            members.values().for_each(|member| check_references(document, member));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item)),
        _ => {}
    }
}

/// The path of a list from its first page to its last, and back again: all items, each once.
async fn walk(operation: &Operation, client: &Client, path: &str) -> (Vec<String>, String) {
    let size = 2;
    let page = async |cursor: Option<&str>| {
        let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
        let and = if path.contains('?') { '&' } else { '?' };
        operation.send(client.request("GET", &format!("{path}{and}limit={size}{cursor}"))).await.is(200)
    };
    let (mut items, mut last, mut cursor, mut some_cursor) = (Vec::new(), Value::Null, None, String::new());
    loop {
        let reply = page(cursor.as_deref()).await;
        let found = reply.json();
        assert_eq!(found["page"]["prev"].is_null(), cursor.is_none(), "{}: {reply}", operation.id);
        assert_eq!(found["page"]["limit"], size);
        items.extend(found["items"].as_array().expect("items").iter().map(identity));
        last.clone_from(&found["page"]["prev"]);
        let Some(next) = found["page"]["next"].as_str() else { break };
        assert!(reply.header("link").contains("rel=\"next\""), "{}", operation.id);
        next.clone_into(&mut some_cursor);
        cursor = Some(next.to_owned());
    }
    assert!(!some_cursor.is_empty(), "{} has more than one page in this test", operation.id);
    let end = items.len() - if items.len() % size == 0 { size } else { items.len() % size };
    let mut back = items[end..].to_vec();
    while let Some(prev) = last.as_str() {
        let found = page(Some(prev)).await.json();
        let before = found["items"].as_array().expect("items").iter().map(identity).collect::<Vec<_>>();
        back.splice(0..0, before);
        last.clone_from(&found["page"]["prev"]);
    }
    assert_eq!(back, items, "{}: the way back", operation.id);
    let mut unique = items.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), items.len(), "{}: each once", operation.id);
    (items, some_cursor)
}

/// What tells an item of a list from the others.
fn identity(item: &Value) -> String {
    ["id", "number", "policy", "form", "type"]
        .iter()
        .find_map(|key| item.get(*key))
        .expect("an item has a name")
        .to_string()
}

on_sqlite_first! {
    async fn the_documents_hold_together(home: &Installation) {
        let site = Site::open(home).await;
        for document in operations::documents(&site).await {
            check_references(&document, &document);
            for (scheme, _) in document["components"]["schemas"].as_object().expect("schemas") {
                assert!(!scheme.is_empty());
            }
        }
        let mut ids: Vec<_> = operations::all(&site).await.into_iter().map(|operation| operation.id).collect();
        ids.sort();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "an operationId is unique over both documents");
        site.server.stop();
    }

    async fn who_may_do_what(home: &Installation) {
        let site = Site::open(home).await;
        let (reader, token) = (site.token("read", &["delivery:read"]).await, site.token("admin", &["policies:read"]).await);
        let garbage = site.anonymous.with("bf_admin_garbage");
        let operations = operations::all(&site).await;
        for operation in operations.iter().filter(|operation| operation.who != Who::Anybody) {
            for stranger in [&site.anonymous, &reader, &garbage, &site.anonymous.with("a.b.c")] {
                let reply = operation.send(operation.request(stranger, &ABSENT, 0)).await;
                assert!(reply.refuses(401, "unauthenticated").header("www-authenticate").starts_with("Bearer"));
            }
            if let Some(family) = operation.who.own_family() {
                for other in [&token, &site.owner, &site.anonymous.with(format!("{family}garbage"))] {
                    operation.send(operation.request(other, &ABSENT, 0)).await.refuses(401, "unauthenticated");
                }
                continue;
            }
            let reply = operation.send(operation.request(&token, &ABSENT, 1)).await;
            let may = matches!(operation.who, Who::Known | Who::Having("policies:read", _));
            assert_eq!(reply.status != 403, may, "a token for reading policies: {} {reply}", operation.id);
        }
        // the owner comes last, who has to invite the others and is logged out here
        for (n, role) in ROLES.into_iter().enumerate().rev() {
            let email = format!("{role}@example.org");
            let mut person = if role == "owner" { site.owner.clone() } else { site.invite(role).await };
            let known = |operation: &&Operation| operation.who != Who::Anybody && operation.who.own_family().is_none();
            for operation in operations.iter().filter(known) {
                let reply = operation.send(operation.request(&person, &ABSENT, n + 10)).await;
                assert_ne!(reply.status, 401, "{role} {}: {reply}", operation.id);
                assert_eq!(reply.status != 403, operation.who.includes(role), "{role} {}: {reply}", operation.id);
                if operation.id.starts_with("logout") {
                    person.get("/admin/v1/me").await.refuses(401, "unauthenticated");
                    person = site::login(&site.anonymous, &email).await;
                }
            }
        }
        site.server.stop();
    }

    async fn parameters_methods_and_heads(home: &Installation) {
        let site = Site::open(home).await;
        let furniture = furnish(&site).await;
        let there = furniture.objects(1);
        let mut methods: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for operation in operations::all(&site).await {
            let path = operation.path_of(&there);
            let query = if path.contains('?') { "&" } else { "?" };
            for unknown in ["nothing_of_the_kind=1", "%27%3B+DROP+TABLE+site=1"] {
                let odd = Operation { path: format!("{path}{query}{unknown}"), ..operation.clone() };
                let owner = furniture.client(&operation, &site.owner);
                operation.send(odd.request(owner, &ABSENT, 0)).await.refuses(400, "unknown_parameter");
            }
            methods.entry(path.clone()).or_default().push(operation.method.to_uppercase());
            if operation.method == "get" && !path.starts_with("/admin/") {
                let visitor = furniture.client(&operation, &site.anonymous);
                let get = operation.send(operation.bare(visitor, &there)).await.is(200);
                let head = visitor.request("HEAD", &path).send().await.is(200);
                assert!(head.body.is_empty(), "{path}");
                for header in ["etag", "content-type", "cache-control", "content-length"] {
                    assert_eq!(head.header(header), get.header(header), "{path}: {header}");
                }
                if operation.takes("if-none-match") {
                    let again = operation.bare(&site.anonymous, &there).header("if-none-match", get.header("etag"));
                    assert!(operation.send(again).await.is(304).body.is_empty());
                    for header in ["etag", "last-modified", "surrogate-key", "vary"] {
                        let exempt = header == "last-modified" && !path.contains("revisions");
                        assert!(exempt || !get.header(header).is_empty(), "{path}: {header}");
                    }
                }
            }
        }
        for (path, known) in methods {
            let unknown = if known.iter().any(|method| method == "PUT") { "PATCH" } else { "PUT" };
            let reply = site.owner.request(unknown, &path).json(&json!({})).send().await.refuses(405, "method_not_allowed");
            let allowed: Vec<_> = reply.header("allow").split(',').map(str::trim).collect();
            assert!(known.iter().all(|method| allowed.contains(&method.as_str())), "{path}: {allowed:?}");
        }
        for path in ["/", "/v1", "/v1/nothing", "/admin/v1/nothing", "/admin", "/v1/policies/", "/v1/policies/a/b/c/d", "/preview/v1", "/preview/v1/pages"] {
            site.owner.get(path).await.refuses(404, "not_found");
        }
        site.server.stop();
    }

    async fn versions_and_bodies(home: &Installation) {
        let site = Site::open(home).await;
        let furniture = furnish(&site).await;
        let there = furniture.objects(3);
        let before = site.stored().await;
        for operation in operations::all(&site).await {
            let (id, owner) = (operation.id.as_str(), &site.owner);
            if operation.takes("if-match") {
                let mut address = operation.path_of(&there);
                for verb in ["/publish", "/unpublish", "/suspend", "/reactivate", "/archive", "/restore", "/schedule", "/blocks/01980000-0000-7000-8000-00000000b10c"] {
                    address = address.trim_end_matches(verb).to_owned();
                }
                let present = owner.get(&address);
                let present = present.await.is(200).etag();
                let body = operations::body(id, 0).unwrap_or_else(|| json!({}));
                let mut without = operation.bare(owner, &there);
                if operation.has_body() {
                    without = without.json(&body);
                }
                operation.send(without).await.refuses(428, "if_match_required");
                let stale = operation.send(operation.request(owner, &there, 0)).await.refuses(412, "stale");
                assert_eq!(stale.etag(), present, "{id}");
                for odd in ["W/\"1\"", "1", "\"x\"", "*", "\"+1\"", "\"01\""] {
                    let mut request = operation.bare(owner, &there).header("if-match", odd);
                    if operation.has_body() {
                        request = request.json(&body);
                    }
                    operation.send(request).await.refuses(412, "stale");
                }
            } else {
                assert_ne!(operation.method, "patch", "{id} changes something without If-Match");
            }
            // the others read what browsers send too, and have tests of their own
            if operation.takes_json() {
                refuses_bodies(&operation, owner, &there).await;
            }
        }
        assert_eq!(site.stored().await, before, "nothing is stored of what is refused");
        site.server.stop();
    }

    async fn creating_again_with_the_same_key(home: &Installation) {
        let site = Site::open(home).await;
        let mut walked = 0;
        for operation in operations::all(&site).await.into_iter().filter(Operation::creates) {
            assert!(operation.takes("idempotency-key"), "{}", operation.id);
            if operation.id == "create_submission" {
                continue; // its token is good once; see the tests of submissions
            }
            if ["copy_", "add_"].iter().any(|verb| operation.id.starts_with(verb)) || operation.id.ends_with("_link") {
                continue; // of what is there already; see the tests of pages and previews
            }
            if operation.id == "create_entry" {
                for kind in ["first", "second"] {
                    let article = json!({"type": kind, "title": "Made", "fields": [{"key": "title", "kind": "text"}]});
                    site.owner.post("/admin/v1/types", article).await.is(201);
                }
            }
            for policy in ["first", "second"] {
                if operation.id == "create_revision" {
                    site.policy(policy).await;
                }
            }
            let first = Objects { policy: "first", kind: "first", ..ABSENT };
            let with = |key: &str, objects: &Objects<'_>, n| operation.request(&site.owner, objects, n).header("idempotency-key", key);
            let made = operation.send(with("a-key-of-16-bytes", &first, 1)).await.is(201);
            assert!(!made.header("location").is_empty() && made.header("idempotent-replayed").is_empty());
            let again = operation.send(with("a-key-of-16-bytes", &first, 1)).await.is(201);
            assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &made.body), "{}", operation.id);
            assert_eq!((again.header("etag"), again.header("location")), (made.header("etag"), made.header("location")));
            operation.send(with("a-key-of-16-bytes", &first, 2)).await.refuses(422, "idempotency_key_reused");
            let long = "x".repeat(129);
            for odd in ["short", "with spaces in the key", long.as_str()] {
                operation.send(with(odd, &first, 3)).await.refuses(400, "invalid_parameter");
            }
            let second = Objects { policy: "second", kind: "second", ..ABSENT };
            let list = operation.path_of(&second) + "?count=exact";
            let count = async || site.owner.get(&list).await.is(200).json()["page"]["count"].as_u64().expect("a number");
            let before = count().await;
            let mut running = tokio::task::JoinSet::new();
            for _ in 0..8 {
                running.spawn(with("another-key-of-16-bytes", &second, 4).send());
            }
            let replies = running.join_all().await;
            let mut done = replies.iter().filter(|reply| reply.status != 409);
            let one = done.next().expect("one of them was done");
            assert!(one.status == 201 && done.all(|reply| reply.body == one.body), "{replies:?}");
            assert_eq!(count().await, before + 1, "{}: one object", operation.id);
            walked += 1;
        }
        assert_eq!(walked, 8);
        site.server.stop();
    }

    async fn lists_have_pages(home: &Installation) {
        let site = Site::open(home).await;
        let today = site.today().await;
        site.policy("privacy").await;
        for n in 0..3 {
            site.publish("privacy", "# Text\n", &today).await;
            site.policy(&format!("more-{n}")).await;
            site.publish(&format!("more-{n}"), "# More\n", &today).await;
            site.token("admin", &["policies:read"]).await;
            site::login(&site.anonymous, "owner@example.org").await;
        }
        let officer = site.invite("privacy_officer").await;
        site.invite("viewer").await;
        let at_once = json!({"retention": {"after_fulfilment": "P0D", "unanswered": "P180D"}});
        for form in ["contact", "second", "third"] {
            site.form(form, at_once.clone()).await;
        }
        for _ in 0..2 {
            site.publish_again("contact").await;
        }
        let sent = site.submit_many("contact", 6).await;
        for receipt in &sent[..3] {
            let submission = format!("/admin/v1/submissions/{}", text(&receipt["id"]));
            site.owner.post(&format!("{submission}/fulfil"), json!({})).await.is(200);
            site.until(&submission, |found| found["state"] == "erased").await;
        }
        let (page, entry) = content::furnish(&site, 3).await;
        for address in [format!("/admin/v1/pages/{page}"), format!("/admin/v1/entries/article/{entry}")] {
            for _ in 0..3 {
                content::preview::token(&site, &address, json!({})).await;
            }
        }
        let there = Objects { policy: "privacy", form: "contact", kind: "article", page: &page, entry: &entry, ..ABSENT };
        for receipt in &sent[3..] {
            let hold = operations::body("hold_submission", 1).expect("a body");
            site.owner.post(&format!("/admin/v1/submissions/{}/hold", text(&receipt["id"])), hold).await.is(200);
        }
        let (mut cursors, mut walked) = (Vec::new(), 0);
        for operation in operations::all(&site).await.into_iter().filter(|operation| operation.takes("cursor")) {
            let path = operation.path_of(&there);
            let (items, cursor) = walk(&operation, &site.owner, &path).await;
            let and = if path.contains('?') { '&' } else { '?' };
            let counted = operation.send(site.owner.request("GET", &format!("{path}{and}count=exact"))).await.is(200).json();
            assert_eq!(counted["page"]["count"], items.len(), "{}", operation.id);
            let ask = async |client: &Client, query: &str| {
                operation.send(client.request("GET", &format!("{path}{and}{query}"))).await
            };
            let mut altered = cursor.clone().into_bytes();
            altered[cursor.len() / 2] = if altered[cursor.len() / 2] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            for wrong in [altered.as_str(), "x", "", &"A".repeat(500)].into_iter().chain(cursors.iter().map(String::as_str)) {
                ask(&site.owner, &format!("cursor={wrong}")).await.refuses(400, "invalid_cursor");
            }
            if operation.who != Who::Anybody {
                ask(&officer, &format!("cursor={cursor}")).await.refuses(400, "invalid_cursor");
            }
            for limit in ["0", "101", "-1", "x", "1.5", "99999999999999999999"] {
                ask(&site.owner, &format!("limit={limit}")).await.refuses(400, "invalid_parameter");
            }
            ask(&site.owner, "limit=1&limit=2").await.refuses(400, "invalid_parameter");
            cursors.push(cursor);
            walked += 1;
        }
        assert_eq!(walked, 23);
        site.server.stop();
    }
}

/// Bodies that no operation takes.
async fn refuses_bodies(operation: &Operation, client: &Client, there: &Objects<'_>) {
    let id = operation.id.as_str();
    let request = || {
        let request = operation.bare(client, there);
        if operation.takes("if-match") { request.header("if-match", "\"999999\"") } else { request }
    };
    let mut body = operations::body(id, 0).expect("a body");
    for malformed in ["{", "", "nul", "{} {}", "{\"a\":1,}", "\u{feff}{}"] {
        operation.send(request().body("application/json", malformed)).await.refuses(400, "malformed_json");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""] {
        let reply = operation.send(request().body(content_type, body.to_string())).await;
        reply.refuses(415, "unsupported_media_type");
    }
    body["no/such~field"] = json!(1);
    let reply = operation.send(request().json(&body)).await;
    reply.refuses_at(422, "unknown_field", "/no~1such~0field");
    for other in ["[]", "[\"privacy\", \"Title\", \"en\"]", "1", "\"x\"", "null", "true"] {
        operation.send(request().body("application/json", other)).await.refuses_at(422, "wrong_type", "");
    }
    let document = ["_page", "_entry", "_block", "create_revision", "update_revision"];
    let document = document.iter().any(|end| id.ends_with(end)) && !id.starts_with("restore_");
    let limit = if document { LARGE } else { SMALL };
    let oversized = format!("{{\"x\":\"{}\"}}", "x".repeat(limit));
    operation.send(request().body("application/json", oversized)).await.refuses(413, "too_large");
}
