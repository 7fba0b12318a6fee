//! A wall clock that a test sets, for a server that knows nothing of it.

use crate::Installation;
use std::path::PathBuf;
use std::process::Command;

/// The wall clock of the servers that are started with it. Their monotonic clock is that of the machine, so that a
/// shift while one runs is a jump.
#[derive(Debug)]
pub struct ShiftedClock {
    library: PathBuf,
    seconds: PathBuf,
}

impl ShiftedClock {
    /// A clock that is not shifted yet.
    ///
    /// # Panics
    /// Where there is no C compiler, which the linker of Rust needs as well.
    pub fn new(home: &Installation) -> Self {
        let (source, library) = (home.root().join("clock.c"), home.root().join("clock.so"));
        std::fs::write(&source, include_str!("clock.c")).expect("a file can be written");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
        let made = compiler.status().expect("there is a C compiler");
        assert!(made.success(), "the clock compiles");
        let clock = Self { library, seconds: home.root().join("clock.shift") };
        clock.shift(0);
        clock
    }

    /// Sets how far the clock is ahead; at once, also for a server that runs.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn shift(&self, seconds: i64) {
        // in place: the servers have it mapped
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(&self.seconds);
        let written = file.and_then(|file| std::os::unix::fs::FileExt::write_all_at(&file, &seconds.to_ne_bytes(), 0));
        written.expect("the shift can be written");
    }

    /// `bonafide serve` under this clock, for [`Server::start_command`](crate::Server::start_command).
    pub fn serve(&self, home: &Installation) -> Command {
        let mut command = home.command();
        command.arg("serve").env("LD_PRELOAD", &self.library).env("TEST_CLOCK_SHIFT", &self.seconds);
        command
    }
}
