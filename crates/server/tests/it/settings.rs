//! Settings and exit codes.

use bonafide_test_support::{Installation, Output};

fn run(home: &Installation, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = home.command();
    command.args(arguments).envs(variables.iter().copied());
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Output { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn wrong_usage_ends_with_2() {
    let home = Installation::on_sqlite();
    for arguments in [&[][..], &["sevre"], &["serve", "--prot", "1"], &["serve", "--listen", "x"], &["openapi", "both"]]
    {
        let output = run(&home, arguments, &[]);
        assert_eq!(output.code, Some(2), "{arguments:?}: {}", output.stderr);
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    assert!(run(&home, &["sevre"], &[]).stderr.contains("serve"), "the nearest command is named");
    assert!(!home.data_dir().exists());
}

#[test]
fn help_is_there_for_every_command() {
    let home = Installation::on_sqlite();
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["demo", "--help"],
        &["owner", "create", "--help"],
        &["owner", "reset", "--help"],
        &["import", "policy", "--help"],
        &["openapi", "--help"],
        &["migrate", "--help"],
        &["check", "--help"],
    ] {
        let help = run(&home, arguments, &[]).ok();
        assert!(help.contains("BONAFIDE_DATA_DIR"), "{help}");
    }
}

#[test]
fn wrong_configuration_ends_with_78_and_is_named() {
    let home = Installation::on_sqlite();
    let output = run(&home, &["check"], &[("BONAFIDE_DATABSE_URL", "x")]);
    assert_eq!(output.code, Some(78));
    assert!(
        output.stderr.contains("BONAFIDE_DATABSE_URL") && output.stderr.contains("did you mean BONAFIDE_DATABASE_URL?")
    );
    std::fs::write(home.root().join("bonafide.toml"), "listen = '127.0.0.1:0'\nlisten_on = 'x'\n").expect("writable");
    let output = run(&home, &["serve"], &[]);
    assert_eq!(output.code, Some(78));
    assert!(output.stderr.contains("bonafide.toml") && output.stderr.contains("listen_on"), "{}", output.stderr);
    std::fs::write(home.root().join("bonafide.toml"), "log = 'info,=x=,'").expect("writable");
    assert_eq!(run(&home, &["serve"], &[]).code, Some(78));
    assert!(!home.data_dir().exists() && !home.keys_dir().exists());
}

#[test]
fn variables_of_the_tests_are_nobody_elses() {
    let home = Installation::on_sqlite();
    let foreign = [("BONAFIDE_TEST_POSTGRES_URL", "x"), ("BONAFIDE_REQUIRE_POSTGRES", "1"), ("BONAFIDE_BIN", "x")];
    run(&home, &["check"], &foreign).ok();
}

#[test]
fn the_documents_need_no_database_and_no_settings() {
    let home = Installation::on_sqlite();
    for surface in ["public", "admin"] {
        let document = run(&home, &["openapi", surface], &[("BONAFIDE_LISTEN", "nonsense")]).ok();
        let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
        assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{surface}");
        assert!(document["paths"].as_object().is_some_and(|paths| !paths.is_empty()));
    }
    assert!(!home.data_dir().exists());
}
