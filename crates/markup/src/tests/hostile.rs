//! Texts made to be slow. What is quadratic takes minutes here; what is not, a moment, even unoptimised.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::reading::elements;
use crate::to_html;

/// Bytes of each text: small enough for a build without optimisation.
const SIZE: usize = 1 << 15;

/// Far more than a linear pass takes, far less than a quadratic one.
const LIMIT: Duration = Duration::from_secs(3);

/// Every text: one of each kind, of about `size` bytes.
fn texts(size: usize) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for unit in UNITS {
        texts.push((format!("{unit:?} repeated"), unit.repeat(size / unit.len())));
    }
    for (first, then) in PAIRS {
        let half = |unit: &str| unit.repeat(size / 2 / unit.len());
        texts.push((format!("{first:?} repeated, then {then:?}"), half(first) + &half(then)));
    }
    let mut unclosed = String::new();
    for number in 0..1000 {
        write!(unclosed, "<b title={number}>").expect("writing to a string cannot fail");
    }
    texts.push((
        "unclosed elements, then paragraphs".to_owned(),
        format!("a{unclosed}\n\n{}", "a\n\n".repeat(size / 3)),
    ));
    texts.push((
        "unclosed elements, then raw paragraphs".to_owned(),
        format!("<p>{unclosed}{}", "<p>".repeat(size / 3)),
    ));
    texts.push(("deep list, then lazy lines".to_owned(), deep_list(size / 2) + &"a\n".repeat(size / 4)));
    let indented = format!("- a\n{}{}x\n", " ".repeat(300), "- ".repeat(size / 4));
    texts.push(("indented list, then lazy lines".to_owned(), indented + &"a\n".repeat(size / 4)));
    texts.push((
        "one address, many links".to_owned(),
        format!("[a]: {}\n\n{}", "u".repeat(size / 2), "[a] ".repeat(size / 8)),
    ));
    for unit in ["&", "\u{a0}"] {
        texts.push((format!("{unit:?} in an address"), format!("[a]({})", unit.repeat(size))));
        texts.push((format!("{unit:?} in a description"), format!("![{}](a)", unit.repeat(size))));
        let address = format!("[a]({})", unit.repeat(4000 / unit.len()));
        texts.push((format!("{unit:?} in addresses"), address.repeat(size / 4000)));
    }
    let (head, rule) = ("|a".repeat(999), "|-".repeat(999));
    texts.push(("wide table of short rows".to_owned(), format!("{head}\n{rule}\n{}", "|a\n".repeat(size / 1024))));
    texts
}

fn deep_list(size: usize) -> String {
    let mut text = String::new();
    let mut indent = 0;
    while text.len() < size {
        writeln!(text, "{:indent$}{}a", "", "- ".repeat(60)).expect("writing to a string cannot fail");
        indent += 120;
    }
    text
}

#[rustfmt::skip]
const UNITS: &[&str] = &[
    "[", "]", ">", "> ", "*", "**a ", "*a **a ", "~~a ", "`", "![", "[a](", "![a](<", "<", "<a ", "<!--", "<?",
    "<!A ", "<![CDATA[", "<a b=\"", "<a b=' c=\"", " x=\"<a y='\"", "</", "</b>", "&", "&#", "- ", "1. ", "- a\n",
    "* * * ", "|", "a|b\n-|-\n", "\\", "(", "[a]: b\n", "[a][", "[]()", "\n", " ", "\t", "x", "#", "# a\n", "```\n",
    "<div>", "<div>\n", "<div>\n\n", "<b>", "<b>\n\n", "<p>", "<b><p>", "<p><b>", "<a href=x>", "<table>", "<table>a",
    "<table><tr><td>", "<table><tr></tr>a", "<li>", "<ul><li>", "<dl><dd>", "<br>", "<h1>", "<h1>\n\n", "<script>",
    "<script>\n\n", "<svg>", "<svg><p>", "<math><mtext><table>", "<ruby><rt>", "</p>", "</br>", "<details>\n\n",
    "<select>", "<template>", "<pre>\n", "<nobr>", "<!DOCTYPE>", "<a b", "a  \n", "[[a]](", "*_", "a_b*",
    "é*", "\u{a0}", "& ", "&amp", "&#60;",
];

#[rustfmt::skip]
const PAIRS: &[(&str, &str)] = &[
    ("[", "]"), ("*", "a*"), ("> ", "a\n"), ("- ", "a\n"), ("[a](", ")"), ("![", "](x)"), ("*a ", "b*"),
    ("*a **b ", "c** d*"), ("<", ">"), ("<div>\n", "a\n\n"), ("<b>\n\n", "a\n\n"), ("<br>", "<table>a<tr>"),
    ("<span>", "</b>"), ("<i>", "<p>a</p>"),
];

#[test]
fn no_text_takes_long_or_nests_deep() {
    let all = texts(SIZE);
    // some at the same time: together they take seconds
    std::thread::scope(|scope| {
        for some in all.chunks(all.len().div_ceil(4)) {
            scope.spawn(move || some.iter().for_each(|(what, text)| takes_no_long_and_nests_not_deep(what, text)));
        }
    });
}

fn takes_no_long_and_nests_not_deep(what: &str, text: &str) {
    let start = Instant::now();
    let html = to_html(text);
    assert!(start.elapsed() < LIMIT, "{what} took {:?}", start.elapsed());
    assert!(html.len() <= 40 * text.len() + 2_000_000, "{what} grew from {} to {}", text.len(), html.len());
    assert!(elements(&html).len() <= 150_000, "{what}");
    // 64 are ours; a parser adds a `tbody` to a table without
    assert!(depth(&html) <= 96, "{what} is {} deep", depth(&html));
}

/// `cargo test --release -p bonafide-markup -- --ignored --nocapture`
#[test]
#[ignore = "measures, with optimisation"]
fn a_megabyte_takes_less_than_a_second() {
    let mut measured = Vec::new();
    for (what, text) in texts(1 << 20) {
        let start = Instant::now();
        let length = to_html(&text).len();
        measured.push((start.elapsed(), length, what));
    }
    measured.sort();
    for (time, length, what) in measured.iter().rev() {
        println!("{:>5} ms {length:>10} bytes of {what}", time.as_millis());
    }
    assert!(measured.iter().all(|(time, ..)| *time < Duration::from_secs(1)));
}

/// How deep elements stand in each other.
fn depth(html: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        let name = tag.split([' ', '>']).next().unwrap_or_default();
        if name.starts_with('/') {
            depth -= 1;
        } else if !["br", "hr", "img", "wbr", "col"].contains(&name) {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}
