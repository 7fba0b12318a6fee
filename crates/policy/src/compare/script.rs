//! From two sequences of tokens to one: what was kept, deleted and inserted, in order.

use super::budget::{Budget, TooLarge};
use super::{Op, myers, tokens};

/// A token and which text holds it.
#[derive(Clone, Copy)]
pub(super) struct Piece<'t> {
    pub(super) op: Op,
    pub(super) text: &'t str,
    /// Whether it is one of the tokens that are counted.
    pub(super) counts: bool,
}

/// Compares the tokens that `counts`, then those between them.
pub(super) fn pieces<'t>(
    old: &[&'t str],
    new: &[&'t str],
    counts: impl Fn(&str) -> bool + Copy,
    budget: &mut Budget<'_>,
) -> Result<Vec<Piece<'t>>, TooLarge> {
    let (old_places, new_places) = (places(old, counts), places(new, counts));
    let interned = tokens::intern(old_places.iter().map(|at| old[*at]), new_places.iter().map(|at| new[*at]));
    let kept = myers::common(&interned, budget)?;
    let old_kept = old_places.iter().zip(&kept.old).filter(|(_, kept)| **kept).map(|(at, _)| *at);
    let new_kept = new_places.iter().zip(&kept.new).filter(|(_, kept)| **kept).map(|(at, _)| *at);
    let mut script = Script { pieces: Vec::with_capacity(old.len() + new.len()), counts };
    let (mut old_from, mut new_from) = (0, 0);
    for (old_at, new_at) in old_kept.zip(new_kept) {
        script.gap(&old[old_from..old_at], &new[new_from..new_at]);
        script.push(Op::Equal, &old[old_at..=old_at]);
        (old_from, new_from) = (old_at + 1, new_at + 1);
    }
    script.gap(&old[old_from..], &new[new_from..]);
    Ok(script.pieces)
}

/// Where the tokens that count stand.
fn places(tokens: &[&str], counts: impl Fn(&str) -> bool) -> Vec<usize> {
    tokens.iter().enumerate().filter(|(_, token)| counts(token)).map(|(at, _)| at).collect()
}

struct Script<'t, C> {
    pieces: Vec<Piece<'t>>,
    counts: C,
}

impl<'t, C: Fn(&str) -> bool> Script<'t, C> {
    /// What stands between two equal tokens: equal at its ends, else replaced as a whole.
    ///
    /// No token that counts is on both sides, or the common subsequence would not be the longest.
    fn gap(&mut self, old: &[&'t str], new: &[&'t str]) {
        let front = old.iter().zip(new).take_while(|(old, new)| old == new).count();
        let (equal, old, new) = (&old[..front], &old[front..], &new[front..]);
        let back = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
        self.push(Op::Equal, equal);
        self.push(Op::Delete, &old[..old.len() - back]);
        self.push(Op::Insert, &new[..new.len() - back]);
        self.push(Op::Equal, &old[old.len() - back..]);
    }

    fn push(&mut self, op: Op, tokens: &[&'t str]) {
        self.pieces.extend(tokens.iter().map(|text| Piece { op, text, counts: (self.counts)(text) }));
    }
}
