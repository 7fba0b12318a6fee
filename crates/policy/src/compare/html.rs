//! Shows a comparison to a reader, as HTML that needs no script and no colours.
//!
//! What was added or deleted is said four times: by the elements `ins` and `del`, by a sign (`+`, `−`), by underlining
//! and striking out, and in words that are there for screen readers, many of which pass over `ins` and `del`. White
//! space that changed is drawn, and named.

use std::fmt::Write as _;

use super::{Change, Comparison, Granularity, Hunk, Op};

/// The style sheet in the page. Its digest can be named in a content security policy.
pub const STYLE: &str = "
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; font-family: system-ui, sans-serif; line-height: 1.5; }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
ins { text-decoration: underline; background: color-mix(in srgb, green 15%, transparent); }
del { text-decoration: line-through; background: color-mix(in srgb, red 15%, transparent); }
.lines ins, .lines del, .lines span.same { display: block; padding-left: 1.5rem; text-indent: -1.5rem; }
.sign { font-family: monospace; font-weight: bold; text-decoration: none; display: inline-block; min-width: 1.5rem; text-indent: 0; }
.words .sign { min-width: 0; }
.note { font-style: italic; }
.heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
";

/// White space that is drawn in one page; more is left as it is, so that a page stays in proportion to its texts.
const DRAWN: usize = 2000;

/// A change of nothing but so much white space is drawn; of more the length is given.
const DRAWN_AT_ONCE: usize = 40;

/// What a page says besides the comparison.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The title, in the language of the texts.
    pub title: &'a str,
    /// The language of the texts (BCP 47).
    pub lang: &'a str,
    /// What the old text is called, in English (`revision 1`).
    pub old: &'a str,
    /// What the new text is called.
    pub new: &'a str,
}

/// A whole page.
pub fn page(comparison: &Comparison, page: &Page<'_>) -> String {
    let mut writer = Writer { html: String::new(), drawn: 0 };
    writer.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    writer.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    writer.text(page.title);
    writer.markup("</title>\n<style>");
    writer.markup(STYLE);
    writer.markup("</style>\n</head>\n<body>\n<main>\n<h1 lang=\"");
    writer.text(page.lang);
    writer.markup("\">");
    writer.text(page.title);
    writer.markup("</h1>\n");
    writer.summary(comparison, page);
    for hunk in &comparison.hunks {
        writer.hunk(hunk, comparison.granularity, page);
    }
    writer.markup("</main>\n</body>\n</html>\n");
    writer.html
}

struct Writer {
    html: String,
    drawn: usize,
}

impl Writer {
    /// Our own HTML.
    fn markup(&mut self, html: &str) {
        self.html.push_str(html);
    }

    /// Foreign text.
    fn text(&mut self, text: &str) {
        text.chars().for_each(|character| self.character(character));
    }

    fn character(&mut self, character: char) {
        match character {
            '&' => self.markup("&amp;"),
            '<' => self.markup("&lt;"),
            '>' => self.markup("&gt;"),
            '"' => self.markup("&quot;"),
            '\'' => self.markup("&#39;"),
            // a parser would make it a newline
            '\r' => self.markup("&#13;"),
            _ => self.html.push(character),
        }
    }

    fn summary(&mut self, comparison: &Comparison, page: &Page<'_>) {
        self.markup("<p>From ");
        self.text(page.old);
        self.markup(" to ");
        self.text(page.new);
        let unit = match comparison.granularity {
            Granularity::Line => "line",
            Granularity::Word => "word",
        };
        let Comparison { added, deleted, .. } = comparison;
        self.markup(&match (added, deleted) {
            _ if comparison.hunks.is_empty() => ": no difference.</p>\n".to_owned(),
            (0, 0) => ": only white space changed.</p>\n".to_owned(),
            _ => format!(": {} added, {} deleted.</p>\n", number(*added, unit), number(*deleted, unit)),
        });
    }

    fn hunk(&mut self, hunk: &Hunk, granularity: Granularity, page: &Page<'_>) {
        let old = lines(hunk.old_start, hunk.old_lines);
        let new = lines(hunk.new_start, hunk.new_lines);
        self.markup("<section aria-label=\"");
        self.text(&format!("{old} of {}, {new} of {}", page.old, page.new));
        self.markup(&format!(
            "\">\n<h2>{old} <span aria-hidden=\"true\">→</span><span class=\"heard\">become</span> {new}</h2>\n"
        ));
        let class = match granularity {
            Granularity::Line => "lines",
            Granularity::Word => "words",
        };
        self.markup(&format!("<pre class=\"{class}\" lang=\""));
        self.text(page.lang);
        // a parser drops the first newline
        self.markup("\">\n");
        for change in &hunk.changes {
            self.change(change, granularity);
        }
        self.markup("</pre>\n</section>\n");
    }

    fn change(&mut self, change: &Change, granularity: Granularity) {
        let (element, sign, word) = match change.op {
            Op::Equal if granularity == Granularity::Line => {
                self.markup("<span class=\"same\"><span class=\"sign\" aria-hidden=\"true\"> </span>");
                self.text(&change.text);
                return self.markup("</span>");
            }
            Op::Equal => return self.text(&change.text),
            Op::Insert => ("ins", '+', "added"),
            Op::Delete => ("del", '−', "deleted"),
        };
        _ = write!(
            self.html,
            "<{element}><span class=\"sign\" aria-hidden=\"true\">{sign}</span><span class=\"heard\" lang=\"en\">{word}: </span>"
        );
        self.changed(&change.text, granularity);
        if granularity == Granularity::Word {
            _ = write!(self.html, "<span class=\"heard\" lang=\"en\"> (end of {word})</span>");
        }
        _ = write!(self.html, "</{element}>");
    }

    /// Text that was added or deleted, in which white space is drawn where one could not see it.
    fn changed(&mut self, text: &str, granularity: Granularity) {
        let (line, newline) = text.strip_suffix('\n').map_or((text, ""), |line| (line, "\n"));
        let blank = text.chars().all(char::is_whitespace);
        let spaces = text.chars().count();
        if blank && spaces > DRAWN_AT_ONCE {
            return self.note(&format!("{spaces} characters of white space"), newline);
        }
        let visible = if blank { "" } else { line.trim_end() };
        for (at, character) in text.char_indices() {
            let hidden = character.is_whitespace() && (at >= visible.len() || !matches!(character, ' ' | '\n'));
            // by line, the end of every line is the same
            let ends_line = character == '\n' && !(blank && granularity == Granularity::Word);
            if hidden && !ends_line && self.drawn < DRAWN {
                self.drawn += 1;
                self.draw(character);
            } else {
                self.character(character);
            }
        }
        if granularity == Granularity::Line && newline.is_empty() {
            self.note("no newline at the end", "\n");
        }
    }

    fn note(&mut self, words: &str, newline: &str) {
        _ = write!(self.html, " <span class=\"note\" lang=\"en\">({words})</span>{newline}");
    }

    /// A character that has no shape.
    fn draw(&mut self, character: char) {
        let (sign, name) = match character {
            ' ' => ("␣", "space"),
            '\n' => ("↵", "new line"),
            '\r' => ("␍", "carriage return"),
            '\t' => ("⇥", "tab"),
            '\u{a0}' => ("⍽", "no-break space"),
            '\u{202f}' => ("⍽", "narrow no-break space"),
            _ => ("␣", "other space"),
        };
        _ = write!(self.html, "<span role=\"img\" lang=\"en\" aria-label=\"{name}\">{sign}</span>");
        if character == '\n' {
            self.html.push('\n');
        }
    }
}

/// `1 line`, `2 lines`.
fn number(count: usize, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// `line 4`, `lines 4 to 9`.
fn lines(start: usize, count: usize) -> String {
    match count {
        0 => "no line".to_owned(),
        1 => format!("line {start}"),
        _ => format!("lines {start} to {}", start + count - 1),
    }
}
