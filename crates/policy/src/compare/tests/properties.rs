//! What holds for all texts.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Comparison, Granularity, Op};
use super::{apply, compared, side};

/// Lines and words with all that makes trouble: few of them, so that texts share many.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => proptest::sample::select(vec!["a", "b", "c", "the", "é", "文", "a,", "\u{301}"]).prop_map(str::to_owned),
        6 => proptest::sample::select(vec![" ", "  ", "\u{a0}", "\t", "\r", "\u{2028}", "\u{b}"]).prop_map(str::to_owned),
        4 => proptest::sample::select(vec!["\n", "\r\n", "\n\n", "b\n", " \n"]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Two texts: unrelated, or one made from the other by replacing a stretch.
fn pair() -> impl Strategy<Value = (String, String)> {
    let edited = (text(), text(), any::<[prop::sample::Index; 2]>()).prop_map(|(old, stretch, places)| {
        let mut places = places.map(|place| old.floor_char_boundary(place.index(old.len() + 1)));
        places.sort_unstable();
        let new = [&old[..places[0]], &stretch, &old[places[1]..]].concat();
        (old, new)
    });
    prop_oneof![(text(), text()), edited]
}

/// The length of the longest common subsequence, from its definition.
fn longest_common(old: &[&str], new: &[&str]) -> usize {
    let mut row = vec![0; new.len() + 1];
    for old in old {
        let mut diagonal = 0;
        for (at, new) in new.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if old == new { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row[new.len()]
}

/// The counted tokens of a text, taken apart in another way than the product does.
fn tokens(text: &str, granularity: Granularity) -> Vec<&str> {
    match granularity {
        Granularity::Line => text.split_inclusive('\n').collect(),
        Granularity::Word => text.split_whitespace().collect(),
    }
}

fn assert_minimal(old: &str, new: &str, granularity: Granularity) -> Comparison {
    let comparison = compared(old, new, granularity);
    let (old, new) = (tokens(old, granularity), tokens(new, granularity));
    let common = longest_common(&old, &new);
    assert_eq!((comparison.deleted, comparison.added), (old.len() - common, new.len() - common));
    comparison
}

fn assert_well_formed(comparison: &Comparison) {
    for hunk in &comparison.hunks {
        let lines = |op| side(hunk, op).split_inclusive('\n').count();
        assert_eq!((lines(Op::Delete), lines(Op::Insert)), (hunk.old_lines, hunk.new_lines));
        assert!(hunk.changes.iter().any(|change| change.op != Op::Equal), "a hunk changes something");
        assert!(hunk.changes.iter().all(|change| !change.text.is_empty()));
        match comparison.granularity {
            Granularity::Line => {
                assert!(hunk.changes.iter().all(|change| tokens(&change.text, Granularity::Line).len() == 1));
            }
            Granularity::Word => assert!(hunk.changes.windows(2).all(|pair| pair[0].op != pair[1].op)),
        }
        for pair in hunk.changes.windows(2) {
            assert!(pair[0].op != Op::Insert || pair[1].op != Op::Delete, "deletions come first");
        }
    }
    for pair in comparison.hunks.windows(2) {
        assert!(pair[0].old_start + pair[0].old_lines < pair[1].old_start, "hunks that meet are one");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn differences_are_minimal_and_rebuild_both_texts((old, new) in pair()) {
        for granularity in [Granularity::Line, Granularity::Word] {
            let comparison = assert_minimal(&old, &new, granularity);
            assert_well_formed(&comparison);
            prop_assert_eq!(&apply(&comparison.hunks, &old, Op::Delete), &new);
            prop_assert_eq!(&apply(&comparison.hunks, &new, Op::Insert), &old);
        }
    }

    #[test]
    fn the_search_finds_the_longest_common_subsequence(
        letters in 1_usize..6, old in vec(0_usize..100, 0..90), new in vec(0_usize..100, 0..90),
    ) {
        let lines = &["a\n", "b\n", "c\n", "d\n", "e\n"][..letters];
        let write = |tokens: Vec<usize>| tokens.iter().map(|token| lines[token % letters]).collect::<String>();
        assert_minimal(&write(old), &write(new), Granularity::Line);
    }

    #[test]
    fn no_text_at_all_panics(old in any::<String>(), new in any::<String>()) {
        for granularity in [Granularity::Line, Granularity::Word] {
            let comparison = compared(&old, &new, granularity);
            prop_assert_eq!(&apply(&comparison.hunks, &old, Op::Delete), &new);
        }
    }
}

#[test]
fn every_short_pair_is_minimal() {
    let mut texts = vec![String::new()];
    let mut from = 0;
    for _ in 0..5 {
        let until = texts.len();
        for at in from..until {
            texts.extend(["a\n", "b\n"].map(|line| format!("{}{line}", texts[at])));
        }
        from = until;
    }
    for old in &texts {
        for new in &texts {
            assert_minimal(old, new, Granularity::Line);
        }
    }
}
