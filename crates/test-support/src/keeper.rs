//! A shell that ends something when the test process ends, however that happens.
//!
//! The shell waits for the end of its standard input. The other end of that pipe is held by the test process
//! alone (Rust marks it close-on-exec), so the kernel closes it even after SIGKILL, a panic or Ctrl-C.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

/// Lets its shell go on when it is dropped, and waits until the shell has done its work.
#[derive(Debug)]
pub(crate) struct Keeper(Child);

impl Keeper {
    /// Starts `/bin/sh -c script keeper arguments…`. The script is expected to `read` and then to clean up.
    pub(crate) fn start(mut shell: Command) -> Self {
        use std::os::unix::process::CommandExt as _;
        shell.stdin(Stdio::piped()).process_group(0); // Ctrl-C is for the test, the keeper cleans up after it
        Self(shell.spawn().expect("/bin/sh starts"))
    }

    /// Sees to it that the process `pid` ends with this one.
    pub(crate) fn of_process(pid: u32) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", r#"read _ && exit; kill -KILL "$1" 2>/dev/null"#, "keeper", &pid.to_string()]);
        shell.stdout(Stdio::null()).stderr(Stdio::null());
        Self::start(shell)
    }

    /// Lets the process be: it has ended and its id may by now be somebody else's.
    pub(crate) fn release(mut self) {
        self.go_on();
    }

    /// Gives the shell a line to `read`.
    pub(crate) fn go_on(&mut self) {
        if let Some(pipe) = &mut self.0.stdin {
            let _ = pipe.write_all(b"\n");
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
