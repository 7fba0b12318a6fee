//! Proofs: the difference is the smallest, the hunks rebuild both texts, and the real histories agree.

mod examples;
mod histories;
mod properties;
mod shown;

use super::{Budget, Comparison, Granularity, Hunk, Op, compare};

/// Compares with room to spare.
fn compared(old: &str, new: &str, granularity: Granularity) -> Comparison {
    compare(old, new, granularity, Budget::steps(usize::MAX)).expect("the budget has no end")
}

/// What `side` of a hunk holds: the old text with `Op::Delete`, the new one with `Op::Insert`.
fn side(hunk: &Hunk, side: Op) -> String {
    let held = hunk.changes.iter().filter(|change| change.op == Op::Equal || change.op == side);
    held.map(|change| change.text.as_str()).collect()
}

/// Applies the hunks to the text on one side; gives the other.
///
/// # Panics
/// If a hunk does not fit at its place.
fn apply(hunks: &[Hunk], text: &str, from: Op) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::new();
    let mut at = 0;
    for hunk in hunks {
        let (to, start, count) = match from {
            Op::Delete => (Op::Insert, hunk.old_start, hunk.old_lines),
            _ => (Op::Delete, hunk.new_start, hunk.new_lines),
        };
        let start = if count == 0 { start } else { start - 1 };
        out.extend(lines[at..start].iter().copied());
        assert_eq!(lines[start..start + count].concat(), side(hunk, from), "the hunk stands where it says");
        out.push_str(&side(hunk, to));
        at = start + count;
    }
    out.extend(lines[at..].iter().copied());
    out
}
