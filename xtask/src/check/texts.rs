//! Rules about what files must not say.

use super::Finding;
use super::files::TextFile;

/// Folders in which people and machines keep their own things; a path into them works on one machine only.
const PRIVATE_FOLDERS: [&str; 3] = ["home", "root", "work"];

/// Crates that may make a grant: the one that checks permissions, the one for the operator, and its own.
const MAY_GRANT: [&str; 3] = ["crates/accounts/", "crates/model/", "crates/server/"];

/// Crates whose documentation has examples that are run; the manifests of the others say `doctest = false`, since a crate
/// without any takes as long as one with them.
const HAVE_EXAMPLES: [&str; 2] = ["crates/accounts/", "crates/test-support/"];

/// Looks at each line of one file.
pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_tests = file.path.contains("/tests/");
    for (line, number) in file.text.lines().zip(1..) {
        if let Some(folder) = private_path(line) {
            findings.push(format!("{}:{number}: a path into /{folder} exists on one machine only", file.path));
        }
        if is_forgotten_example(file, line) {
            let cure = "take `doctest = false` from its manifest and name the crate in xtask/src/check/texts.rs";
            findings.push(format!("{}:{number}: nobody runs this example: {cure}", file.path));
        }
        in_tests |= line.starts_with("#[cfg(test)]"); // unit tests stand at the end of a file
        if !in_tests && grants(file, line) {
            findings.push(format!("{}:{number}: only accounts and the operator's commands issue grants", file.path));
        }
    }
    findings
}

/// The private folder that an absolute path in this line leads into.
fn private_path(line: &str) -> Option<&'static str> {
    PRIVATE_FOLDERS.into_iter().find(|folder| {
        let path = format!("/{folder}/");
        line.match_indices(&path).any(|(at, _)| {
            // part of a longer path or of a URL: somebody else's folder of that name
            let before = line[..at].chars().next_back();
            !before.is_some_and(|char| char.is_alphanumeric() || "._-~*}])/".contains(char))
        })
    })
}

/// Whether this line begins or ends an example in a crate of which none is run.
fn is_forgotten_example(file: &TextFile, line: &str) -> bool {
    let line = line.trim_start();
    let documents = line.starts_with("/// ```") || line.starts_with("//! ```");
    documents && file.is_rust() && !HAVE_EXAMPLES.iter().any(|place| file.path.starts_with(place))
}

/// Whether this line makes a grant where that is not allowed.
fn grants(file: &TextFile, line: &str) -> bool {
    let elsewhere = file.path.starts_with("crates/") && !MAY_GRANT.iter().any(|place| file.path.starts_with(place));
    let call = || line.find("Granted").is_some_and(|at| line[at..].contains("::issue"));
    elsewhere && file.is_rust() && call()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: String) -> usize {
        check(&TextFile { path: path.into(), text }).len()
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for folder in PRIVATE_FOLDERS {
            assert_eq!(count("docs/operating.md", format!("see `/{folder}/ada/file`")), 1);
            assert_eq!(count("docs/operating.md", format!("https://example.org/{folder}/ada")), 0);
            assert_eq!(count("docs/operating.md", format!("target/{folder}/x and ./{folder}/x")), 0);
        }
    }

    #[test]
    fn examples_are_run_or_not_written() {
        let example = || "    /// ```\n    /// assert!(true);\n    /// ```".to_owned();
        assert_eq!(count("crates/model/src/instant.rs", example()), 2);
        assert_eq!(count("crates/accounts/src/secret.rs", example()), 0);
        assert_eq!(count("docs/operating.md", "/// ```".into()), 0);
    }

    #[test]
    fn grants_are_issued_in_few_places() {
        for call in ["Granted::issue(by, site)", "Granted::<PublishPolicy>::issue(by, site)"] {
            assert_eq!(count("crates/api/src/pages.rs", format!("let by = {call};")), 1);
            assert_eq!(count("crates/accounts/src/caller.rs", format!("let by = {call};")), 0);
        }
        let test = "#[cfg(test)]\nmod tests {\n    let by = Granted::issue(by, site);\n}".to_owned();
        assert_eq!(count("crates/api/src/pages.rs", test), 0);
        assert_eq!(count("crates/api/tests/it/pages.rs", "let by = Granted::issue(by, site);".into()), 0);
        assert_eq!(count("crates/api/src/pages.rs", "fn issue_token(by: Granted<IssueToken>)".into()), 0);
    }
}
