//! Running a program to its end and reading what it said.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// How a program ended and what it wrote.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output, with invalid UTF-8 replaced.
    pub stdout: String,
    /// What it wrote to standard error, with invalid UTF-8 replaced.
    pub stderr: String,
}

impl Output {
    /// Its standard output, for a program that has to succeed.
    ///
    /// # Panics
    /// When it did not end with 0; shows both outputs.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "\n--- standard output\n{}\n--- standard error\n{}", self.stdout, self.stderr);
        self.stdout
    }
}

/// Starts a program, gives it `input` on its standard input and waits for its end.
pub(crate) fn run(mut command: Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|cause| panic!("{} starts: {cause}", command.get_program().display()));
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = stdin.write_all(input); // a program may end without reading all of it
        });
        child.wait_with_output().expect("the program can be waited for")
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Output { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}
