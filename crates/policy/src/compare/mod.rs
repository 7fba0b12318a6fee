//! What changed between two texts: the smallest difference, in lines or in words.
//!
//! [`compare`] gives a [`Comparison`]; [`html::page`] shows one to a reader.
//!
//! # What is compared
//!
//! - By **line**, a token is a line with its newline. Only `\n` ends a line; a carriage return belongs to the line it
//!   stands in. A last line without a newline is different from the same line with one. `added` and `deleted` count
//!   lines, and their sum is the smallest possible.
//! - By **word**, a token is a word: a maximal run of characters that are not white space (in the sense of Unicode, so
//!   that a no-break space parts words). `added` and `deleted` count words, and their sum is the smallest possible.
//!   White space does not take part in the search. Afterwards it is compared between one pair of equal words and the
//!   next: runs that are equal from the front or the back of such a gap are equal, others are deleted and inserted with
//!   the words among them. A change of white space alone is therefore shown, as a change in a hunk, and counts 0.
//!
//! # What comes out
//!
//! The shape is that of unified diffs. A hunk is a group of whole lines: changed ones with three lines of context on
//! either side; two groups with six or fewer equal lines between them are one. Lines start at 1; of a side without lines
//! (an empty text) the start is 0. By line every change is one line with its newline; by word it is the longest run of
//! one operation. Deletions come before insertions. What no hunk covers is equal, so the old text and the hunks give
//! the new one, byte for byte, and the other way round.
//!
//! # How
//!
//! `myers.rs` holds the search, the greedy algorithm of Myers (1986) in its linear-space form, without the heuristics
//! that make other implementations give more than the smallest difference. It takes time in proportion to length times
//! difference, so it works on a [`Budget`] and gives up with [`TooLarge`] when that is spent.

mod budget;
pub mod html;
mod hunks;
mod myers;
mod script;
mod tokens;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use budget::{Budget, TooLarge};

/// What a comparison counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// Whole lines.
    Line,
    /// Words.
    Word,
}

/// The difference between an old and a new text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The unit of `added` and `deleted`.
    pub granularity: Granularity,
    /// Lines or words that only the new text has.
    pub added: usize,
    /// Lines or words that only the old text has.
    pub deleted: usize,
    /// Where the texts differ, from top to bottom; none if they are equal.
    pub hunks: Vec<Hunk>,
}

/// A group of lines in which something changed, with the lines around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The first line in the old text, from 1; 0 if the old text is empty.
    pub old_start: usize,
    /// How many lines of the old text it covers.
    pub old_lines: usize,
    /// The first line in the new text, from 1; 0 if the new text is empty.
    pub new_start: usize,
    /// How many lines of the new text it covers.
    pub new_lines: usize,
    /// All that the lines hold, in order.
    pub changes: Vec<Change>,
}

/// A piece of a hunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which text holds it.
    pub op: Op,
    /// The piece, with its newlines.
    pub text: String,
}

/// Which of two texts holds a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Both.
    Equal,
    /// The new one.
    Insert,
    /// The old one.
    Delete,
}

/// The smallest difference between two texts.
///
/// # Errors
/// [`TooLarge`] if the budget is spent before the difference is found.
pub fn compare(old: &str, new: &str, granularity: Granularity, mut budget: Budget<'_>) -> Result<Comparison, TooLarge> {
    let pieces = match granularity {
        Granularity::Line => script::pieces(&tokens::lines(old), &tokens::lines(new), |_| true, &mut budget)?,
        Granularity::Word => script::pieces(&tokens::words(old), &tokens::words(new), tokens::is_word, &mut budget)?,
    };
    let count = |op| pieces.iter().filter(|piece| piece.op == op && piece.counts).count();
    Ok(Comparison {
        granularity,
        added: count(Op::Insert),
        deleted: count(Op::Delete),
        hunks: hunks::group(&pieces, granularity),
    })
}
