//! What a reader gets.

use super::super::Granularity;
use super::super::html::{Page, STYLE, page};
use super::compared;

const PAGE: Page<'_> = Page { title: "Datenschutz & <mehr>", lang: "de", old: "revision 1", new: "revision 2" };

fn shown(old: &str, new: &str, granularity: Granularity) -> String {
    page(&compared(old, new, granularity), &PAGE)
}

/// The content of the hunks.
fn content(html: &str) -> String {
    html.split("<pre").skip(1).filter_map(|rest| rest.split("</pre>").next()).collect()
}

#[test]
fn a_page_says_in_words_what_changed() {
    let html = shown("a\nb\n", "a\nc\nd\n", Granularity::Line);
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    assert!(html.contains("<h1 lang=\"de\">Datenschutz &amp; &lt;mehr&gt;</h1>"));
    assert!(html.contains("<p>From revision 1 to revision 2: 2 lines added, 1 line deleted.</p>"));
    assert!(html.contains("<section aria-label=\"lines 1 to 2 of revision 1, lines 1 to 3 of revision 2\">"));
    let deleted = "<del><span class=\"sign\" aria-hidden=\"true\">−</span><span class=\"heard\" lang=\"en\">deleted: </span>b\n</del>";
    let added = "<ins><span class=\"sign\" aria-hidden=\"true\">+</span><span class=\"heard\" lang=\"en\">added: </span>c\n</ins>";
    assert!(html.contains(deleted) && html.contains(added), "{html}");
    assert!(STYLE.contains("line-through") && STYLE.contains("underline"));
}

#[test]
fn texts_cannot_break_out() {
    for granularity in [Granularity::Line, Granularity::Word] {
        let html = shown("<b>\r\n'old'", "</pre><script>alert(\"1\")</script>&amp;\r\n", granularity);
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert_eq!(html.matches("</pre>").count(), 1);
        assert!(html.contains("&lt;/pre&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;"));
    }
    let hostile = Page { title: "</title>", lang: "\"><script>", old: "<old>", new: "\"" };
    let html = page(&compared("a", "b", Granularity::Word), &hostile);
    assert!(!html.contains("<script>") && !html.contains("<old>") && !html.contains("</title></title>"));
}

#[test]
fn white_space_that_changed_can_be_seen_and_heard() {
    let html = shown("a\u{a0}b  \n", "a b\n", Granularity::Line);
    assert!(content(&html).contains("aria-label=\"no-break space\">⍽</span>b<span"), "{html}");
    assert_eq!(html.matches("aria-label=\"space\"").count(), 2);
    let html = shown("a\u{a0}b", "a b", Granularity::Word);
    assert!(html.contains("only white space changed") && html.contains("⍽") && html.contains("␣"));
    let html = shown("a\nb", "a b", Granularity::Word);
    assert!(html.contains("aria-label=\"new line\">↵</span>\n"));
    assert!(shown("a\nb", "a\nb\n", Granularity::Line).contains("(no newline at the end)"));
    assert!(shown("a\nb", "a\nc\n", Granularity::Line).matches("no newline").count() == 1);
}

#[test]
fn a_page_stays_in_proportion() {
    let spaces = "\u{a0}".repeat(100_000);
    let html = shown("a b", &format!("a{spaces}b"), Granularity::Word);
    assert!(html.contains("(100000 characters of white space)") && html.len() < 10_000);
    let html = shown("", &"x\u{a0}".repeat(100_000), Granularity::Word);
    assert!(html.len() < 600_000, "{}", html.len());
}

#[test]
fn equal_texts_say_so() {
    let html = shown("a", "a", Granularity::Word);
    assert!(html.contains("no difference") && !html.contains("<section"));
}
