//! Groups a script into hunks of whole lines.

use std::ops::Range;

use super::script::Piece;
use super::{Change, Granularity, Hunk, Op};

/// Equal lines around changed ones.
const CONTEXT: usize = 3;

/// Pieces between two places where both texts begin a line: one equal line, or changed ones.
struct Block {
    pieces: Range<usize>,
    old_lines: usize,
    new_lines: usize,
    changed: bool,
}

/// The hunks of a script.
pub(super) fn group(pieces: &[Piece<'_>], granularity: Granularity) -> Vec<Hunk> {
    let blocks = blocks(pieces);
    let mut hunks = Vec::new();
    // lines before the block `counted`
    let (mut old_line, mut new_line, mut counted) = (0, 0, 0);
    for range in ranges(&blocks) {
        let lines = |range: Range<usize>| {
            let blocks = &blocks[range];
            (blocks.iter().map(|block| block.old_lines).sum(), blocks.iter().map(|block| block.new_lines).sum())
        };
        let before: (usize, usize) = lines(counted..range.start);
        let (old_lines, new_lines): (usize, usize) = lines(range.clone());
        (old_line, new_line) = (old_line + before.0, new_line + before.1);
        hunks.push(Hunk {
            old_start: old_line + usize::from(old_lines > 0),
            old_lines,
            new_start: new_line + usize::from(new_lines > 0),
            new_lines,
            changes: changes(&pieces[blocks[range.start].pieces.start..blocks[range.end - 1].pieces.end], granularity),
        });
        (old_line, new_line, counted) = (old_line + old_lines, new_line + new_lines, range.end);
    }
    hunks
}

/// Divides a script where both texts begin a line.
fn blocks(pieces: &[Piece<'_>]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut block = Block { pieces: 0..0, old_lines: 0, new_lines: 0, changed: false };
    let (mut old_begins, mut new_begins) = (true, true);
    for piece in pieces {
        let ends = piece.text.ends_with('\n');
        if piece.op != Op::Insert {
            // a line counts when it begins, so that one without a newline does
            block.old_lines += usize::from(old_begins);
            old_begins = ends;
        }
        if piece.op != Op::Delete {
            block.new_lines += usize::from(new_begins);
            new_begins = ends;
        }
        block.changed |= piece.op != Op::Equal;
        block.pieces.end += 1;
        if old_begins && new_begins {
            let next = block.pieces.end;
            blocks.push(block);
            block = Block { pieces: next..next, old_lines: 0, new_lines: 0, changed: false };
        }
    }
    if !block.pieces.is_empty() {
        blocks.push(block);
    }
    blocks
}

/// Which blocks each hunk takes: changed ones and their context, joined where they meet.
fn ranges(blocks: &[Block]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (at, _) in blocks.iter().enumerate().filter(|(_, block)| block.changed) {
        let end = (at + 1 + CONTEXT).min(blocks.len());
        match ranges.last_mut() {
            Some(last) if at - CONTEXT.min(at) <= last.end => last.end = end,
            _ => ranges.push(at - CONTEXT.min(at)..end),
        }
    }
    ranges
}

/// Lines as they are; words joined to runs of one operation.
fn changes(pieces: &[Piece<'_>], granularity: Granularity) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for piece in pieces {
        match changes.last_mut() {
            Some(last) if granularity == Granularity::Word && last.op == piece.op => last.text.push_str(piece.text),
            _ => changes.push(Change { op: piece.op, text: piece.text.to_owned() }),
        }
    }
    changes
}
