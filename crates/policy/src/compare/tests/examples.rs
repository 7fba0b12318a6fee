//! Cases one can follow by eye.

use std::cell::Cell;

use super::super::{Budget, Change, Granularity, Hunk, Op, TooLarge, compare};
use super::compared;

fn changes(of: &[(Op, &str)]) -> Vec<Change> {
    of.iter().map(|(op, text)| Change { op: *op, text: (*text).to_owned() }).collect()
}

#[test]
fn equal_texts_have_no_hunks() {
    for granularity in [Granularity::Line, Granularity::Word] {
        for text in ["", "\n", "a", "a\r\nb\u{a0}c\n"] {
            let comparison = compared(text, text, granularity);
            assert_eq!((comparison.added, comparison.deleted, comparison.hunks), (0, 0, vec![]));
        }
    }
}

#[test]
fn a_changed_line_has_three_lines_around_it() {
    let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    let comparison = compared(old, &old.replace("5\n", "five\n"), Granularity::Line);
    assert_eq!((comparison.added, comparison.deleted), (1, 1));
    let [hunk] = comparison.hunks.as_slice() else { panic!("one hunk") };
    let expected = [
        (Op::Equal, "2\n"),
        (Op::Equal, "3\n"),
        (Op::Equal, "4\n"),
        (Op::Delete, "5\n"),
        (Op::Insert, "five\n"),
        (Op::Equal, "6\n"),
        (Op::Equal, "7\n"),
        (Op::Equal, "8\n"),
    ];
    let expected = Hunk { old_start: 2, old_lines: 7, new_start: 2, new_lines: 7, changes: changes(&expected) };
    assert_eq!(*hunk, expected);
}

#[test]
fn six_equal_lines_join_two_changes_and_seven_part_them() {
    for (between, hunks) in [(6, 1), (7, 2)] {
        let middle = "same\n".repeat(between);
        for granularity in [Granularity::Line, Granularity::Word] {
            let comparison = compared(&format!("a\n{middle}b\n"), &format!("A\n{middle}B\n"), granularity);
            assert_eq!(comparison.hunks.len(), hunks, "{between} {granularity:?}");
        }
    }
}

#[test]
fn an_empty_side_starts_at_0() {
    for granularity in [Granularity::Line, Granularity::Word] {
        let comparison = compared("", "a\nb", granularity);
        let [hunk] = comparison.hunks.as_slice() else { panic!("one hunk") };
        assert_eq!((hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines), (0, 0, 1, 2));
        let comparison = compared("a\n", "", granularity);
        let [hunk] = comparison.hunks.as_slice() else { panic!("one hunk") };
        assert_eq!((hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines), (1, 1, 0, 0));
    }
}

#[test]
fn a_last_line_without_a_newline_is_another_line() {
    let comparison = compared("a\nb", "a\nb\n", Granularity::Line);
    assert_eq!((comparison.added, comparison.deleted), (1, 1));
    let comparison = compared("a\nb", "a\nb\n", Granularity::Word);
    assert_eq!((comparison.added, comparison.deleted, comparison.hunks.len()), (0, 0, 1));
    assert_eq!(comparison.hunks[0].changes, changes(&[(Op::Equal, "a\nb"), (Op::Insert, "\n")]));
}

#[test]
fn words_are_replaced_with_the_space_between_them() {
    let comparison = compared("We may sell your data.\n", "We never share any data.\n", Granularity::Word);
    assert_eq!((comparison.added, comparison.deleted), (3, 3));
    let expected =
        [(Op::Equal, "We "), (Op::Delete, "may sell your"), (Op::Insert, "never share any"), (Op::Equal, " data.\n")];
    assert_eq!(comparison.hunks[0].changes, changes(&expected));
}

#[test]
fn white_space_alone_is_shown_and_counts_nothing() {
    let comparison = compared("a\u{a0}b c\n", "a b\nc\n", Granularity::Word);
    assert_eq!((comparison.added, comparison.deleted), (0, 0));
    let [hunk] = comparison.hunks.as_slice() else { panic!("one hunk") };
    assert_eq!((hunk.old_lines, hunk.new_lines), (1, 2));
    let expected = [
        (Op::Equal, "a"),
        (Op::Delete, "\u{a0}"),
        (Op::Insert, " "),
        (Op::Equal, "b"),
        (Op::Delete, " "),
        (Op::Insert, "\n"),
        (Op::Equal, "c\n"),
    ];
    assert_eq!(hunk.changes, changes(&expected));
}

#[test]
fn a_spent_budget_is_an_error() {
    let old: Vec<String> = (0..2000).map(|line| format!("{line}\n")).collect();
    let new: Vec<&str> = old.iter().rev().map(String::as_str).collect();
    let (old, new) = (old.concat(), new.concat());
    for granularity in [Granularity::Line, Granularity::Word] {
        assert_eq!(compare(&old, &new, granularity, Budget::steps(100_000)), Err(TooLarge));
        let asked = Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) >= 3;
        assert_eq!(compare(&old, &new, granularity, Budget::steps(usize::MAX).until(&stop)), Err(TooLarge));
        assert_eq!(asked.get(), 4, "no more questions after the answer");
        let comparison = compare(&old, &new, granularity, Budget::steps(usize::MAX)).expect("the budget has no end");
        assert_eq!((comparison.added, comparison.deleted), (1999, 1999), "one token of a reversed text can stay");
    }
}

#[test]
fn the_stored_form_is_that_of_the_api() {
    let comparison = compared("a", "b", Granularity::Word);
    let json = serde_json::to_string(&comparison).expect("it can be written");
    let expected = concat!(
        r#"{"granularity":"word","added":1,"deleted":1,"hunks":[{"old_start":1,"old_lines":1,"new_start":1,"new_lines":1,"#,
        r#""changes":[{"op":"delete","text":"a"},{"op":"insert","text":"b"}]}]}"#
    );
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_str::<super::Comparison>(&json).expect("it can be read"), comparison);
}
