//! The history of the demonstration's policy, embedded in the program.

use crate::failure::Failure;
use bonafide_policy::Digest;
use bonafide_policy::import::{Plan, Planned};
use bonafide_policy::revision::Source;

/// What the site is called.
pub(super) const SITE: &str = "Harbour Notes";
/// Where its frontend would be.
pub(super) const FRONTEND: &str = "https://www.harbour-notes.example";
/// What its policy is called.
pub(super) const TITLE: &str = "Privacy policy";
/// The language that it is written in.
pub(super) const LOCALE: &str = "en";

/// The texts, by the day each came into force.
const TEXTS: [(&str, &str, &str); 3] = [
    ("2016-06-01", "2016-06-01.md", include_str!("2016-06-01.md")),
    ("2018-05-25", "2018-05-25.md", include_str!("2018-05-25.md")),
    ("2026-01-15", "2026-01-15.md", include_str!("2026-01-15.md")),
];

/// The history as it would stand in a directory.
pub(super) fn plan() -> Result<Plan, Failure> {
    let planned = |(date, file, text): (&str, &str, &str)| {
        let sha256 = Digest::of(text);
        Ok(Planned {
            file: file.to_owned(),
            date: date.parse().map_err(|error| Failure::of(&error))?,
            text: text.to_owned(),
            sha256,
            source: Source { url: None, recorded_at: None, sha256: sha256.hex() },
        })
    };
    let revisions = TEXTS.into_iter().map(planned).collect::<Result<_, Failure>>()?;
    Ok(Plan { title: None, revisions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_in_order() {
        let plan = plan().expect("a plan");
        assert_eq!(plan.revisions.len(), 3);
        assert!(plan.revisions.is_sorted_by(|a, b| a.date < b.date));
    }
}
