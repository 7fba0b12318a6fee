//! The root key belongs to the database, and never lies inside of it.

use bonafide_test_support::{Backend, Installation, Server, on_both};

fn root_id(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 32)
}

on_both! {
    async fn a_database_without_its_root_key_is_refused_and_nothing_is_made(home: &Installation) {
        Server::start(home).stop();
        let key = home.keys_dir().join("root.key");
        let kept = std::fs::read(&key).expect("made at the first start");
        std::fs::remove_dir_all(home.keys_dir()).expect("removable");
        for arguments in [&["serve"][..], &["check"], &["owner", "create", "--email", "ada@example.org"]] {
            let output = home.run(arguments, "knots, boats and the weather\n");
            assert_eq!(output.code, Some(78), "{arguments:?}: {}", output.stderr);
            assert!(root_id(&output.stderr).is_some(), "the root key is named: {}", output.stderr);
            assert!(output.stderr.contains(&home.keys_dir().display().to_string()), "{}", output.stderr);
            assert!(!home.keys_dir().exists());
        }
        std::fs::create_dir(home.keys_dir()).expect("writable");
        std::fs::write(&key, kept).expect("writable");
        let readable = home.run(["serve"], "");
        assert_eq!(readable.code, Some(78), "a key that others can read is refused: {}", readable.stderr);
        private(&key);
        Server::start(home).stop();
        assert!(home.run(["check"], "").ok().contains("all is well"));
    }

    async fn the_root_key_of_another_database_is_refused(home: &Installation) {
        Server::start(home).stop();
        let foreign = Installation::on_sqlite();
        Server::start(&foreign).stop();
        let mut command = home.command();
        command.arg("serve").env("BONAFIDE_KEYS_DIR", foreign.keys_dir());
        let output = command.output().expect("the program starts");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{message}");
        let ids: Vec<_> = message.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 32).collect();
        assert!(ids.len() == 2 && ids[0] != ids[1], "both are named: {message}");
    }
}

#[cfg(unix)]
fn private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("owned");
}

#[test]
fn keys_inside_of_the_data_are_refused() {
    let home = Installation::on_sqlite();
    let output = home.run(["serve", "--keys-dir", &home.data_dir().join("keys").display().to_string()], "");
    assert_eq!(output.code, Some(78));
    assert!(output.stderr.contains("lies inside"), "{}", output.stderr);
    assert!(!home.data_dir().exists());
}

#[test]
fn two_servers_that_make_an_installation_at_once_agree() {
    let Some(home) = Installation::new(Backend::Postgres) else { return };
    let servers = std::thread::scope(|scope| {
        let starts = [scope.spawn(|| Server::start(&home)), scope.spawn(|| Server::start(&home))];
        starts.map(|start| start.join().expect("both start"))
    });
    for server in servers {
        server.stop();
    }
    let count = home
        .database()
        .expect("on PostgreSQL")
        .sql("SELECT (SELECT COUNT(*) FROM site), (SELECT COUNT(*) FROM installation)");
    assert_eq!(count, "1|1");
}
