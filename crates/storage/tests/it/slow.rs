//! Tests that take long: `cargo xtask ci slow` runs them, and CI does.

use bonafide_storage::{Db, Options, Source};
use std::path::Path;

#[tokio::test]
#[ignore = "slow: `cargo xtask ci slow`"]
async fn a_postgres_that_is_not_there_is_named_without_its_password() {
    let url = "postgres://ada:s3cret@127.0.0.1:1/cms";
    let source = Source::new(Some(url), Path::new("x")).expect("a source");
    let refused = Db::open(source, &Options::default()).await.err();
    let told = refused.expect("nobody listens there").to_string();
    assert!(told.contains("127.0.0.1:1/cms") && !told.contains("s3cret"), "{told}");
}
