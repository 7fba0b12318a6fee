//! What goes on by itself reads what it is about, however much is stored beside it, on either plane.

use super::*;
use bonafide_storage::Observer;
use sea_orm::{ConnectOptions, Database, Statement};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Tables with a row for each site, form, epoch, hold or permission.
const SMALL: [&str; 14] = [
    "site",
    "form",
    "f",
    "form_version",
    "v",
    "retention_watch",
    "lease",
    "epoch",
    "e",
    "index_key",
    "hold",
    "disclosure",
    "permission",
    "CONSTANT",
];
/// What a look at everything begins with: the state of the keys, once a minute, and the requests that wait, once an hour.
const WHOLE: [&str; 3] =
    ["SELECT e.number, e.created_at", "SELECT COUNT(*) AS half", "SELECT COUNT(*) FROM record_key"];

type Seen = Arc<Mutex<BTreeMap<String, Statement>>>;

fn watched() -> (Options, Seen) {
    let seen = Seen::default();
    let keep = Arc::clone(&seen);
    let see = move |statement: &Statement| {
        keep.lock().expect("not poisoned").insert(statement.sql.clone(), statement.clone());
    };
    (Options { observer: Some(Observer::new(see)), ..Options::default() }, seen)
}

#[test]
fn what_goes_on_by_itself_reads_no_more_than_it_is_about() {
    bonafide_test_support::installation::on(Backend::Sqlite, run);
}

async fn run(home: &Installation) {
    let ((data, data_seen), (keys, keys_seen)) = (watched(), watched());
    let world = world_with(home, &data, &keys).await;
    let form = world.publish(contact()).await;
    for (n, uses) in [(0, &[][..]), (1, &["newsletter"]), (2, &[])] {
        world.submit(&form, &format!("visitor-{n}@example.org"), uses, n == 2, now()).await;
    }
    for day in [8, 181, 190] {
        world.sweep(days(day)).await;
        world.retention.settle(days(day)).await.expect("settled");
        world.retention.look_after_keys(days(day).plus(Duration::from_hours(2))).await.expect("looked after");
    }
    let mut dear = Vec::new();
    for (seen, file) in
        [(data_seen, home.data_dir().join("bonafide.db")), (keys_seen, world.keys_dir.path().join("keys.db"))]
    {
        let seen = std::mem::take(&mut *seen.lock().expect("not poisoned"));
        assert!(seen.len() > 15, "only {} statements were seen", seen.len());
        dear.extend(dear_of(&file, seen).await);
    }
    assert!(dear.is_empty(), "{} statements read too much:\n{}", dear.len(), dear.join("\n"));
}

/// Steps that go through a whole table, or sort what stands in an index already.
async fn dear_of(file: &Path, seen: BTreeMap<String, Statement>) -> Vec<String> {
    let url = format!("sqlite://{}?mode=ro", file.display());
    let db =
        Database::connect(ConnectOptions::new(url).max_connections(1).to_owned()).await.expect("the database opens");
    let mut dear = Vec::new();
    for (text, mut statement) in seen {
        let plain = text.starts_with("INSERT") && !text.contains("SELECT");
        let known = ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| text.starts_with(verb));
        if plain || !known || WHOLE.iter().any(|whole| text.starts_with(whole)) {
            continue;
        }
        statement.sql = format!("EXPLAIN QUERY PLAN {text}");
        for row in db.query_all_raw(statement).await.expect(&text) {
            let step: String = row.try_get("", "detail").expect("a step");
            let scanned = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            // what an index leaves out is not read, and what a statement brings with it is its own
            let few = step.ends_with("pending_unsettled_idx") || step.ends_with("VALUES CLAUSE");
            let whole = !few && scanned.is_some_and(|table| !SMALL.contains(&table));
            if whole || (text.contains("LIMIT") && step == "USE TEMP B-TREE FOR ORDER BY") {
                dear.push(format!("{step}\n    {text}"));
            }
        }
    }
    dear
}
