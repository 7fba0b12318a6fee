//! Mounts that end with the process that made them, for tests of disks that are full.

use std::process::Command;

use crate::environment;

/// A command that runs a program, given as its arguments, in a mount namespace of its own, where it may mount a `tmpfs`: as
/// root, or in a user namespace. The process keeps its id, so that `/proc/ID/root` shows its files.
///
/// # Panics
/// Where there are no namespaces and `CI=true` or `BONAFIDE_REQUIRE_NAMESPACES=1`; otherwise it says so and gives `None`.
pub fn namespace() -> Option<Command> {
    for arguments in [&["--mount"][..], &["--map-root-user", "--mount"]] {
        let with = |more: &[&str]| {
            let mut command = Command::new("unshare");
            command.args(arguments).args(more);
            command
        };
        let tried = with(&["sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]).output();
        if tried.is_ok_and(|output| output.status.success()) {
            return Some(with(&[]));
        }
    }
    environment::missing(
        "unshare with a mount namespace",
        "install util-linux, or run as root",
        "BONAFIDE_REQUIRE_NAMESPACES",
    );
    None
}
