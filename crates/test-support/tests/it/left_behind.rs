//! A killed test process leaves neither servers nor directories behind.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bonafide_test_support::postgres;

/// Run by [`a_killed_test_process_leaves_no_cluster`] in a process of its own: says where its cluster is and waits.
#[test]
#[ignore = "half of another test"]
fn wait_with_a_cluster() {
    let Some(database) = postgres::database() else { return };
    println!("\ncluster {}", database.sql("SHOW data_directory"));
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn a_killed_test_process_leaves_no_cluster() {
    let Some(database) = postgres::database() else { return };
    if !database.url().contains("bonafide-pg-") {
        return; // somebody's server: there may be no programs to start a cluster from
    }
    let mut test = Command::new(std::env::current_exe().expect("a process knows its file"));
    test.args(["--ignored", "--exact", "--nocapture", "left_behind::wait_with_a_cluster"]);
    let mut test = test.stdout(Stdio::piped()).spawn().expect("the test starts");
    let lines = BufReader::new(test.stdout.take().expect("standard output is a pipe")).lines();
    let directory = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("cluster ").map(str::to_owned));
    test.kill().expect("the test can be killed");
    test.wait().expect("the test can be waited for");

    let directory = directory.expect("the test names its cluster");
    let (directory, started) = (Path::new(&directory), Instant::now());
    while directory.parent().is_some_and(Path::exists) {
        assert!(started.elapsed() < Duration::from_secs(20), "{} is still there", directory.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}
