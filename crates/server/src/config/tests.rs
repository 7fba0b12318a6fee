//! Layers, names, values and places: what is taken, and what is refused in which words.

use super::*;
use clap::Parser as _;

fn cli(arguments: &[&str]) -> Cli {
    Cli::try_parse_from([&["bonafide"], arguments].concat()).expect("a command line")
}

fn load_with(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Settings, Failure> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let cli = cli(arguments);
    settings(&layers::read(&cli, environment)?, matches!(cli.command, Command::Demo(_)))
}

fn refusal(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    match load_with(arguments, environment) {
        Ok(_) => panic!("taken: {arguments:?} {environment:?}"),
        Err(failure) => format!("{failure:?}"),
    }
}

#[test]
fn later_layers_win() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("settings.toml");
    std::fs::write(&file, "listen = '127.0.0.1:1'\nlog = 'warn'\nlog_format = 'json'\ntrusted_proxies = ['10.0.0.1', '::1']\ncache_bytes = 1_000")
        .expect("writable");
    let file = file.to_str().expect("a path in UTF-8");
    let arguments = ["serve", "--config", file, "--listen", "127.0.0.1:3"];
    let settings = load_with(&arguments, &[("LISTEN", "127.0.0.1:2"), ("LOG", "error")]).expect("settings");
    assert_eq!((settings.listen.as_str(), settings.log.as_str()), ("127.0.0.1:3", "error"));
    assert_eq!((settings.log_format, settings.cache_bytes), (LogFormat::Json, 1000));
    assert_eq!(settings.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.1", "::1"]);
    assert_eq!(settings.request_timeout, Duration::from_secs(30));
    let settings = load_with(&["check"], &[("CONFIG", file), ("LOG", "")]).expect("settings");
    assert_eq!(settings.log, "warn");
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    assert!(refusal(&["check"], &[("LISTN", "x")]).contains("did you mean BONAFIDE_LISTEN?"));
    assert!(refusal(&["check"], &[("ZZZ", "x")]).contains("'BONAFIDE_ZZZ' is not known; settings are listen,"));
    let mut layers = Layers::default();
    let file = |layers: &mut Layers, text| layers::take(layers, std::path::Path::new("bonafide.toml"), text);
    let failure = file(&mut layers, "databaseurl = 'x'").expect_err("unknown").to_string();
    assert_eq!(failure, "bonafide.toml: the setting 'databaseurl' is not known; did you mean database_url?");
    assert!(matches!(file(&mut layers, "[listen]\nport = 1"), Err(Failure::Configuration(_))));
    assert!(matches!(file(&mut layers, "listen = "), Err(Failure::Configuration(_))));
    assert!(matches!(file(&mut layers, "log = 'a'\nlog = 'b'"), Err(Failure::Configuration(_))));
}

#[test]
fn wrong_values_are_named_by_their_place() {
    assert!(refusal(&["serve", "--listen", "8080"], &[]).starts_with("Usage(\"--listen must be"));
    assert!(refusal(&["serve"], &[("LISTEN", "localhost:99999")]).starts_with("Configuration(\"BONAFIDE_LISTEN must"));
    assert!(refusal(&["serve", "--cache-bytes", "many"], &[]).contains("--cache-bytes"));
    assert!(refusal(&["check"], &[("REQUEST_TIMEOUT_SECONDS", "0")]).contains("from 1 to 600"));
    assert!(refusal(&["check"], &[("TRUSTED_PROXIES", "10.0.0.1,proxy")]).contains("must be addresses"));
    assert!(refusal(&["check"], &[("LOG_FORMAT", "xml")]).contains("must be text or json"));
    let secret = refusal(&["check"], &[("DATABASE_URL", "mysql://ada:s3cret@db.example.org/x")]);
    assert!(secret.contains("BONAFIDE_DATABASE_URL") && !secret.contains("s3cret"), "{secret}");
    assert!(refusal(&["check", "--config", "/nowhere/at/all.toml"], &[]).contains("/nowhere/at/all.toml"));
}

#[test]
fn keys_lie_beside_the_data_and_never_inside() {
    let dir = |arguments: &[&str]| load_with(arguments, &[]).map(|settings| settings.keys_dir);
    assert_eq!(dir(&["check"]).expect("a place"), PathBuf::from("./bonafide-data-keys"));
    assert_eq!(dir(&["demo"]).expect("a place"), PathBuf::from("./bonafide-demo-keys"));
    assert_eq!(dir(&["check", "--data-dir", "/var/lib/site/"]).expect("a place"), PathBuf::from("/var/lib/site-keys"));
    assert!(dir(&["check", "--data-dir", "/"]).is_err());
    for inside in ["/srv/data", "/srv/data/keys", "/srv/data/../data/k", "/srv/x/../data"] {
        let refused = refusal(&["check", "--data-dir", "/srv/data", "--keys-dir", inside], &[]);
        assert!(refused.starts_with("Configuration("), "{refused}");
    }
    assert!(dir(&["check", "--data-dir", "/srv/data", "--keys-dir", "/srv/data-keys"]).is_ok());
    assert!(dir(&["check", "--data-dir", "/srv/data", "--keys-dir", "/srv/data/../keys"]).is_ok());
}

#[test]
#[cfg(unix)]
fn a_link_does_not_hide_that_keys_lie_inside() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    std::fs::create_dir(&data).expect("writable");
    let link = dir.path().join("elsewhere");
    std::os::unix::fs::symlink(&data, &link).expect("a link");
    let (data, keys) = (data.display().to_string(), link.join("keys").display().to_string());
    assert!(refusal(&["check", "--data-dir", &data, "--keys-dir", &keys], &[]).contains("lies inside"));
}
