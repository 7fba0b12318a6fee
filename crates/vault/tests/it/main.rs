//! The key plane on a real file: what is destroyed is gone, what is not stays, whoever else is at work.

mod destroying;
mod finding;
mod opening;
mod rotating;

use bonafide_keyring::{Entropy, Keyring};
use bonafide_model::Instant;
use bonafide_storage::Options;
use bonafide_vault::{Context, Destruction, Error, Group, Record, RecordKeys, Vault};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// A key plane in a directory of its own.
struct Plane {
    dir: tempfile::TempDir,
    vault: Vault,
}

impl Plane {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Keyring::create(dir.path(), &Entropy::system()).expect("writable");
        let vault = open(dir.path()).await.expect("a new key plane");
        Self { dir, vault }
    }

    /// Another process at the same keys.
    async fn other(&self) -> Vault {
        open(self.dir.path()).await.expect("the key plane opens")
    }

    /// Deposits keys of a new record, and gives what was sealed under them.
    async fn deposit(&self, number: u128, text: &str) -> Vec<u8> {
        deposit(&self.vault, number, text).await
    }
}

async fn open(dir: &Path) -> Result<Vault, Error> {
    let keyring = Keyring::load(dir).expect("readable").expect("there");
    Vault::open(dir, &keyring, Entropy::system(), now(), &Options::default()).await
}

async fn deposit(vault: &Vault, number: u128, text: &str) -> Vec<u8> {
    let keys = vault.new_record(record(number));
    let sealed = seal(&keys, text);
    vault.deposit(keys, text.parse().ok(), Vec::new(), now()).await.expect("deposited");
    sealed
}

fn seal(keys: &RecordKeys, text: &str) -> Vec<u8> {
    let context = context(keys.record());
    keys.seal(&Entropy::system(), Group::Contact, &context, text.as_bytes()).expect("sealed")
}

async fn read(vault: &Vault, number: u128, sealed: &[u8]) -> Result<String, Error> {
    let keys = vault.keys(record(number)).await?;
    let opened = keys.open(Group::Contact, &context(record(number)), sealed)?;
    Ok(String::from_utf8(opened.to_vec()).expect("text"))
}

fn record(number: u128) -> Record {
    Uuid::from_u128(number)
}

fn context(record: Record) -> Context<'static> {
    Context {
        site: Uuid::from_u128(1),
        table: "submission",
        record,
        field: "address",
        schema_version: 1,
        policy_digest: &[],
        form: Uuid::from_u128(2),
    }
}

fn destruction(number: u128) -> Destruction {
    Destruction { record: record(number), version: None, by_the_person: false, cause: "due", object: Some([5; 32]) }
}

fn now() -> Instant {
    "2026-11-24T09:30:00Z".parse().expect("an instant")
}

fn later(seconds: u64) -> Instant {
    now().plus(Duration::from_secs(seconds))
}

/// Whether bytes stand anywhere in the files of the key plane.
fn found_in_files(dir: &Path, bytes: &[u8]) -> Option<String> {
    let files = std::fs::read_dir(dir).expect("readable").map(|entry| entry.expect("readable").path());
    let mut holding =
        files.filter(|path| std::fs::read(path).expect("readable").windows(bytes.len()).any(|w| w == bytes));
    holding.next().map(|path| path.display().to_string())
}
