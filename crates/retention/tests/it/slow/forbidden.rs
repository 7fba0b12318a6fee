//! Programs that must not compile: each is given to the compiler as a stranger's would be, beside the libraries that this test is
//! linked with. A program `NAME.rs` of `tests/forbidden` is refused with the lines of `NAME.stderr`, and no others.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The control: what is allowed compiles.
const ALLOWED: &str = "tests/forbidden/allowed.rs";

#[test]
#[ignore = "slow: `cargo xtask ci slow`"]
fn forbidden_programs_do_not_compile() {
    let compiler = Compiler::new();
    let programs: Vec<_> = files(Path::new("tests/forbidden")).filter(|path| has_extension(path, "rs")).collect();
    assert!(programs.len() > 25, "{} programs, of which one is allowed", programs.len());
    for program in programs {
        let expected = std::fs::read_to_string(program.with_extension("stderr")).unwrap_or_default();
        assert_eq!(compiler.refuses(&program), expected, "{}", program.display());
        assert_eq!(expected.is_empty(), program == Path::new(ALLOWED), "{}", program.display());
    }
}

struct Compiler {
    dependencies: PathBuf,
    libraries: [String; 3],
    out: tempfile::TempDir,
}

impl Compiler {
    fn new() -> Self {
        let itself = std::env::current_exe().expect("a path");
        let dependencies = itself.parent().expect("a directory").to_owned();
        let all = ["bonafide_retention", "bonafide_model", "serde_json"].map(|name| built(&dependencies, name));
        let [retention, model, json] = &all;
        // there are several: with other features, and those of build scripts and macros
        let sets = retention.iter().flat_map(|retention| {
            model.iter().flat_map(move |model| json.iter().map(move |json| [retention, model, json].map(Clone::clone)))
        });
        let mut compilers = sets.map(|libraries| Self {
            dependencies: dependencies.clone(),
            libraries,
            out: tempfile::tempdir().expect("a directory"),
        });
        let goes = |compiler: &Self| compiler.refuses(Path::new(ALLOWED)).is_empty();
        compilers.find(goes).expect("libraries with which the allowed program compiles")
    }

    /// The errors, a line for each.
    fn refuses(&self, program: &Path) -> String {
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2024", "--error-format=short", "--emit=metadata", "--out-dir"]).arg(self.out.path());
        rustc.arg("-L").arg(format!("dependency={}", self.dependencies.display()));
        for library in &self.libraries {
            rustc.args(["--extern", library]);
        }
        let ended = rustc.arg(program).output().expect("the compiler of this toolchain");
        let said = String::from_utf8(ended.stderr).expect("text");
        let errors: String =
            said.lines().filter(|line| line.contains(": error")).fold(String::new(), |all, line| all + line + "\n");
        assert_eq!(ended.status.success(), errors.is_empty(), "{said}");
        errors
    }
}

/// `NAME=PATH` of the libraries of a name that were built, the newest first.
fn built(dependencies: &Path, name: &str) -> Vec<String> {
    let beginning = format!("lib{name}-");
    let is_of = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str);
        has_extension(path, "rlib") && name.is_some_and(|name| name.starts_with(&beginning))
    };
    let made_at = |path: PathBuf| Some((path.metadata().ok()?.modified().ok()?, path));
    let mut found: Vec<_> = files(dependencies).filter(is_of).filter_map(made_at).collect();
    found.sort();
    found.iter().rev().map(|(_, path)| format!("{name}={}", path.display())).collect()
}

fn files(directory: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path())
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension() == Some(OsStr::new(extension))
}
