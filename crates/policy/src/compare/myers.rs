//! The search for the longest common subsequence of two sequences of tokens.
//!
//! E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986): two searches, from both ends,
//! meet in the middle of a shortest edit script; the halves are solved in the same way. Nothing here may trade the
//! shortest script for speed. Two reductions come first and cannot: equal ends are common, and a token that only one
//! side has never is.

use super::budget::{Budget, TooLarge};
use super::tokens::Interned;

/// Which tokens of each side belong to the common subsequence. Both hold equally many, and they pair up in order.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) old: Vec<bool>,
    pub(super) new: Vec<bool>,
}

/// Finds a longest common subsequence.
pub(super) fn common(tokens: &Interned, budget: &mut Budget<'_>) -> Result<Kept, TooLarge> {
    let in_old = presence(&tokens.old, tokens.count);
    let in_new = presence(&tokens.new, tokens.count);
    let old = Side::of(&tokens.old, &in_new);
    let new = Side::of(&tokens.new, &in_old);
    let mut kept = Kept { old: vec![false; tokens.old.len()], new: vec![false; tokens.new.len()] };
    let mut search = Search::new(&old.tokens, &new.tokens);
    search.run(budget, |x, y, length| {
        for step in 0..length {
            kept.old[old.places[x + step]] = true;
            kept.new[new.places[y + step]] = true;
        }
    })?;
    Ok(kept)
}

/// Which numbers occur.
fn presence(tokens: &[u32], count: usize) -> Vec<bool> {
    let mut present = vec![false; count];
    for token in tokens {
        present[*token as usize] = true;
    }
    present
}

/// One sequence without the tokens that the other lacks.
struct Side {
    tokens: Vec<u32>,
    /// Where each token stood.
    places: Vec<usize>,
}

impl Side {
    fn of(tokens: &[u32], elsewhere: &[bool]) -> Self {
        let shared = tokens.iter().enumerate().filter(|(_, token)| elsewhere[**token as usize]);
        let (places, tokens) = shared.map(|(place, token)| (place, *token)).unzip();
        Self { tokens, places }
    }
}

/// A part of both sequences that is still to be solved.
#[derive(Clone, Copy)]
struct Rectangle {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

/// A point that a shortest script passes.
struct Point {
    x: usize,
    y: usize,
}

/// The sequences, and how far the searches from both ends have come on every diagonal.
///
/// The point (x, y) lies between tokens: x of the old and y of the new ones are before it. It is on the diagonal
/// `x + middle - y`, which is also the index into both lists. They hold `x + origin`: at the edges a search may step
/// outside of the sequences, one step a round, and a coordinate there is still a number. Such a point is never the
/// result, since the search meets the other one at the edge before.
struct Search<'t> {
    old: &'t [u32],
    new: &'t [u32],
    forward: Vec<usize>,
    backward: Vec<usize>,
    middle: usize,
    origin: usize,
}

impl<'t> Search<'t> {
    fn new(old: &'t [u32], new: &'t [u32]) -> Self {
        let diagonals = old.len() + new.len() + 3;
        let (forward, backward) = (vec![0; diagonals], vec![0; diagonals]);
        Self { old, new, forward, backward, middle: new.len() + 1, origin: diagonals }
    }

    /// Reports all common runs, in no order. The parts of a script go on a list, which cannot overflow as a call stack
    /// could: it holds one part per halving.
    fn run(&mut self, budget: &mut Budget<'_>, mut found: impl FnMut(usize, usize, usize)) -> Result<(), TooLarge> {
        let mut open = vec![Rectangle { left: 0, right: self.old.len(), top: 0, bottom: self.new.len() }];
        while let Some(mut part) = open.pop() {
            let before = self.trim_start(&mut part);
            found(part.left - before, part.top - before, before);
            let after = self.trim_end(&mut part);
            found(part.right, part.bottom, after);
            budget.spend(before + after + 1)?;
            if part.left < part.right && part.top < part.bottom {
                let point = self.middle_point(part, budget)?;
                open.push(Rectangle { left: point.x, top: point.y, ..part });
                open.push(Rectangle { right: point.x, bottom: point.y, ..part });
            }
        }
        Ok(())
    }

    /// Moves past what both begin with.
    fn trim_start(&self, part: &mut Rectangle) -> usize {
        let pairs = self.old[part.left..part.right].iter().zip(&self.new[part.top..part.bottom]);
        let length = pairs.take_while(|(old, new)| old == new).count();
        part.left += length;
        part.top += length;
        length
    }

    /// Moves before what both end with.
    fn trim_end(&self, part: &mut Rectangle) -> usize {
        let pairs = self.old[part.left..part.right].iter().rev().zip(self.new[part.top..part.bottom].iter().rev());
        let length = pairs.take_while(|(old, new)| old == new).count();
        part.right -= length;
        part.bottom -= length;
        length
    }

    /// A point on a shortest script through `part` that halves its edits.
    ///
    /// Neither side of `part` is empty, and its first tokens differ, so that it takes at least two edits, one on either
    /// side of the point, which is therefore not a corner.
    fn middle_point(&mut self, part: Rectangle, budget: &mut Budget<'_>) -> Result<Point, TooLarge> {
        let start = part.left + self.middle - part.top;
        let end = part.right + self.middle - part.bottom;
        let odd = start.abs_diff(end) % 2 == 1;
        // diagonals outside of these do not cross the part
        let (lowest, highest) = (part.left + self.middle - part.bottom, part.right + self.middle - part.top);
        let (mut ahead, mut behind) = (Band::at(start), Band::at(end));
        self.forward[start] = part.left + self.origin;
        self.backward[end] = part.right + self.origin;
        loop {
            let mut steps = 0;
            ahead.widen(lowest, highest, &mut self.forward, 0);
            for diagonal in ahead.diagonals() {
                let reached = self.advance(diagonal, part, &mut steps);
                if odd && behind.holds(diagonal) && self.backward[diagonal] <= reached {
                    return Ok(self.point(reached, diagonal));
                }
            }
            behind.widen(lowest, highest, &mut self.backward, usize::MAX);
            for diagonal in behind.diagonals() {
                let reached = self.retreat(diagonal, part, &mut steps);
                if !odd && ahead.holds(diagonal) && reached <= self.forward[diagonal] {
                    return Ok(self.point(reached, diagonal));
                }
            }
            budget.spend(steps)?;
        }
    }

    /// One edit and then all equal tokens, forwards, to a point on `diagonal`; its `x + origin`.
    fn advance(&mut self, diagonal: usize, part: Rectangle, steps: &mut usize) -> usize {
        let (below, above) = (self.forward[diagonal - 1], self.forward[diagonal + 1]);
        let from = if below >= above { below + 1 } else { above };
        let (mut x, mut y) = (from, from + self.middle - diagonal);
        let (right, bottom) = (part.right + self.origin, part.bottom + self.origin);
        while x < right && y < bottom && self.old[x - self.origin] == self.new[y - self.origin] {
            x += 1;
            y += 1;
        }
        *steps += x - from + 1;
        self.forward[diagonal] = x;
        x
    }

    /// The same, backwards.
    fn retreat(&mut self, diagonal: usize, part: Rectangle, steps: &mut usize) -> usize {
        let (below, above) = (self.backward[diagonal - 1], self.backward[diagonal + 1]);
        let from = if below < above { below } else { above - 1 };
        let (mut x, mut y) = (from, from + self.middle - diagonal);
        let (left, top) = (part.left + self.origin, part.top + self.origin);
        while x > left && y > top && self.old[x - self.origin - 1] == self.new[y - self.origin - 1] {
            x -= 1;
            y -= 1;
        }
        *steps += from - x + 1;
        self.backward[diagonal] = x;
        x
    }

    /// The point on `diagonal` whose `x + origin` is `reached`.
    fn point(&self, reached: usize, diagonal: usize) -> Point {
        Point { x: reached - self.origin, y: reached + self.middle - diagonal - self.origin }
    }
}

/// The diagonals that one search has come to; every second one takes part in a round.
struct Band {
    low: usize,
    high: usize,
}

impl Band {
    fn at(diagonal: usize) -> Self {
        Self { low: diagonal, high: diagonal }
    }

    /// One diagonal more on each side, or one less where the part ends. Just outside there is `nothing`:
    /// a number that no point has and that never wins.
    fn widen(&mut self, lowest: usize, highest: usize, reached: &mut [usize], nothing: usize) {
        if self.low > lowest {
            self.low -= 1;
            reached[self.low - 1] = nothing;
        } else {
            self.low += 1;
        }
        if self.high < highest {
            self.high += 1;
            reached[self.high + 1] = nothing;
        } else {
            self.high -= 1;
        }
    }

    fn diagonals(&self) -> impl Iterator<Item = usize> + use<> {
        (self.low..=self.high).rev().step_by(2)
    }

    fn holds(&self, diagonal: usize) -> bool {
        (self.low..=self.high).contains(&diagonal)
    }
}
