//! Writes well-formed HTML: keeps the stack of open elements, and lets in only what may stand where it is.
//!
//! Elements come from two sides. Those of Markdown are balanced by the parser; those of raw HTML are whatever the
//! author typed. An element of raw HTML that does not fit is left out, its text stays. It never outlives the element of
//! Markdown it stands in, and where it is in the way of one it is closed.

use crate::anchors::Anchors;
use crate::tags::{DROPPED, Role, Tag, Takes};

/// No element is written deeper than this. Reading HTML costs time in proportion to the depth, at every paragraph.
const DEPTH: usize = 64;

/// No more elements are written than this, one for every ten bytes of a megabyte; the text itself goes on. It
/// bounds the time behind the wall, where an element costs microseconds.
const ELEMENTS: usize = 100_000;

/// Bytes of text after which an empty comment begins a new text node. The serialiser behind the wall searches the rest of
/// a text node again at every character it may have to escape; the comment itself does not pass the wall.
const RUN: usize = 512;

/// A longer address is left out and a longer description is cut: attributes cannot be divided as text can.
const VALUE: usize = 4096;

/// The HTML written so far, and what is still open.
#[derive(Default)]
pub(crate) struct Tree {
    html: String,
    /// Where the text node being written begins.
    run: usize,
    /// Elements written so far.
    elements: usize,
    open: Vec<Open>,
    anchors: Anchors,
    heading: Option<Heading>,
    /// Elements of Markdown that are open but left out, since they stand too deep; whether each parts words.
    skipped: Vec<bool>,
    muted: Option<Muted>,
}

struct Open {
    tag: &'static Tag,
    raw: bool,
    /// An element that did not fit is remembered, for its end tag, but not written.
    written: bool,
}

/// The heading being written; its id is known when it ends.
struct Heading {
    /// Where in the HTML the id belongs.
    at: usize,
    words: String,
}

/// Inside an element that goes with all its content.
struct Muted {
    name: &'static str,
    /// Elements that were open when it began: it cannot outlive them.
    depth: usize,
}

impl Tree {
    /// Text, to be shown as it is.
    pub(crate) fn text(&mut self, text: &str) {
        if self.muted.is_none() {
            self.write_text(text, false);
        }
    }

    /// Text of raw HTML, in which entities count.
    pub(crate) fn raw_text(&mut self, text: &str) {
        if self.muted.is_none() {
            self.write_text(text, true);
        }
    }

    /// A line break in the source, or between blocks.
    pub(crate) fn newline(&mut self) {
        self.html.push('\n');
        self.collect(" ");
    }

    /// Begins an element of Markdown; `attributes` come from [`attribute`]. Every one is ended by [`Tree::end`].
    pub(crate) fn begin(&mut self, tag: &'static Tag, attributes: &str) {
        if self.skipped.is_empty() {
            while !self.fits(tag) && self.open.last().is_some_and(|top| top.raw) {
                self.pop();
            }
        }
        if !self.skipped.is_empty() || self.open.len() >= DEPTH || !self.fits(tag) {
            self.skipped.push(tag.role != Role::Inline);
        } else {
            self.push(tag, attributes, false);
        }
    }

    /// Ends the innermost element of Markdown, and what raw HTML left open in it.
    pub(crate) fn end(&mut self) {
        if let Some(parts) = self.skipped.pop() {
            if parts {
                self.newline();
            }
            return;
        }
        while self.pop().is_some_and(|ended| ended.raw) {}
    }

    /// An element of Markdown without content.
    pub(crate) fn void(&mut self, tag: &'static Tag, attributes: &str) {
        if self.muted.is_some() {
            return;
        }
        while !self.fits(tag) && self.open.last().is_some_and(|top| top.raw) {
            self.pop();
        }
        if self.fits(tag) {
            self.write_start(tag, attributes);
        }
    }

    /// A start tag of raw HTML.
    pub(crate) fn raw_start(&mut self, tag: &'static Tag, attributes: &str) {
        if self.muted.is_some() {
            return;
        }
        if matches!(tag.role, Role::Block | Role::Inline) {
            self.leave_table();
        }
        let fits = self.fits(tag);
        if tag.takes == Takes::Nothing {
            if fits {
                self.write_start(tag, attributes);
            }
        } else if self.open.len() < DEPTH {
            if fits {
                self.push(tag, attributes, true);
            } else {
                self.open.push(Open { tag, raw: true, written: false });
            }
        }
    }

    /// An end tag of raw HTML. Without its start tag in the same element of Markdown it means nothing.
    pub(crate) fn raw_end(&mut self, name: &str) {
        if self.muted.is_some() {
            return;
        }
        let inside = self.open.iter().rev().take_while(|open| open.raw);
        if let Some(above) = inside.into_iter().position(|open| open.tag.name == name) {
            for _ in 0..=above {
                self.pop();
            }
        }
    }

    /// Drops all that follows until [`Tree::unmute`], or the end of the element around it, if `name` is dangerous.
    pub(crate) fn mute(&mut self, name: &str) {
        if self.muted.is_none()
            && let Some(name) = DROPPED.iter().find(|dropped| **dropped == name)
        {
            self.muted = Some(Muted { name, depth: self.open.len() });
        }
    }

    /// The name of the element whose content is being dropped.
    pub(crate) fn muted(&self) -> Option<&'static str> {
        self.muted.as_ref().map(|muted| muted.name)
    }

    /// Shows again what follows.
    pub(crate) fn unmute(&mut self) {
        self.muted = None;
    }

    /// Closes what is open; gives the HTML and the ids of its headings.
    pub(crate) fn finish(mut self) -> (String, Anchors) {
        while self.pop().is_some() {}
        (self.html, self.anchors)
    }

    /// Whether `tag` may stand here.
    fn fits(&self, tag: &Tag) -> bool {
        if self.elements >= ELEMENTS {
            return false;
        }
        let around = self.open.iter().rev().filter(|open| open.written).map(|open| open.tag);
        let parent = around.clone().next();
        let takes = parent.map_or(Takes::Blocks, |parent| parent.takes);
        match tag.role {
            Role::Item => takes == Takes::Items,
            Role::Term => takes == Takes::Terms,
            Role::TablePart => takes == Takes::TableParts,
            Role::Row => matches!(takes, Takes::Rows | Takes::TableParts),
            Role::Cell => takes == Takes::Cells,
            Role::Column => takes == Takes::Columns,
            Role::RubyPart => parent.is_some_and(|parent| parent.name == "ruby"),
            Role::Summary => parent.is_some_and(|parent| parent.name == "details"),
            Role::Inline => !takes.is_tabular() && (tag.name != "a" || around.clone().all(|open| open.name != "a")),
            Role::Block => {
                let takes = around.map(|open| open.takes).find(|takes| *takes != Takes::Same);
                matches!(takes, None | Some(Takes::Blocks | Takes::Items | Takes::Terms))
            }
        }
    }

    fn write_text(&mut self, text: &str, entities: bool) {
        if !text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            self.leave_table();
        }
        self.collect(text);
        let mut rest = text;
        while let Some(at) = rest.find(needs_escape) {
            self.html.push_str(&rest[..at]);
            if self.html.len() - self.run > RUN {
                self.html.push_str("<!---->");
                self.run = self.html.len();
            }
            rest = escape_first(&mut self.html, &rest[at..], entities);
        }
        self.html.push_str(rest);
    }

    /// Text between the rows of a table would be moved in front of it: the table ends here.
    fn leave_table(&mut self) {
        while self.open.last().is_some_and(|top| top.raw && (top.tag.takes.is_tabular() || !top.written))
            && self.open.iter().rev().find(|open| open.written).is_some_and(|open| open.tag.takes.is_tabular())
        {
            self.pop();
        }
    }

    fn push(&mut self, tag: &'static Tag, attributes: &str, raw: bool) {
        self.write_start(tag, attributes);
        if tag.is_heading() {
            self.heading = Some(Heading { at: self.html.len() - 1, words: String::new() });
        }
        self.open.push(Open { tag, raw, written: true });
    }

    fn pop(&mut self) -> Option<Open> {
        let top = self.open.pop()?;
        if self.muted.as_ref().is_some_and(|muted| muted.depth > self.open.len()) {
            self.muted = None;
        }
        if top.written {
            if top.tag.is_heading()
                && let Some(heading) = self.heading.take()
            {
                let id = self.anchors.name(&heading.words);
                self.html.insert_str(heading.at, &format!(" id=\"{id}\""));
            }
            self.html.push_str("</");
            self.html.push_str(top.tag.name);
            self.html.push('>');
            self.run = self.html.len();
            if !top.raw && top.tag.role != Role::Inline {
                self.newline();
            }
        }
        Some(top)
    }

    fn write_start(&mut self, tag: &Tag, attributes: &str) {
        self.elements += 1;
        self.html.push('<');
        self.html.push_str(tag.name);
        self.html.push_str(attributes);
        self.html.push('>');
        self.run = self.html.len();
    }

    fn collect(&mut self, text: &str) {
        if let Some(heading) = &mut self.heading {
            heading.words.push_str(text);
        }
    }
}

/// Adds ` name="value"` to `attributes`. With `entities` the value is raw HTML, in which `&amp;` is already escaped.
pub(crate) fn attribute(attributes: &mut String, name: &str, value: &str, entities: bool) {
    let mut rest = value;
    if value.len() > VALUE {
        if name == "href" || name == "src" {
            return;
        }
        rest = &value[..value.floor_char_boundary(VALUE)];
    }
    attributes.push(' ');
    attributes.push_str(name);
    attributes.push_str("=\"");
    while let Some(at) = rest.find(needs_escape) {
        attributes.push_str(&rest[..at]);
        rest = escape_first(attributes, &rest[at..], entities);
    }
    attributes.push_str(rest);
    attributes.push('"');
}

/// Characters that we escape, and those at which the serialiser stops (the ones that begin as a no-break space does).
fn needs_escape(character: char) -> bool {
    matches!(character, '<' | '>' | '"' | '&' | '\u{80}'..='\u{bf}')
}

/// Writes the first character of `text`; gives the rest.
fn escape_first<'t>(out: &mut String, text: &'t str, entities: bool) -> &'t str {
    let mut characters = text.chars();
    match characters.next() {
        Some('<') => out.push_str("&lt;"),
        Some('>') => out.push_str("&gt;"),
        Some('"') => out.push_str("&quot;"),
        Some('&') if !entities => out.push_str("&amp;"),
        Some(other) => out.push(other),
        None => {}
    }
    characters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tags::known;

    #[test]
    fn words_outlast_elements() {
        let mut tree = Tree::default();
        for _ in 0..ELEMENTS + 5 {
            tree.begin(known("em"), "");
            tree.text("a");
            tree.end();
        }
        let (html, _) = tree.finish();
        assert_eq!((html.matches("<em>").count(), html.matches('a').count()), (ELEMENTS, ELEMENTS + 5));
        assert!(html.ends_with("</em>aaaaa"));
    }

    #[test]
    fn text_nodes_are_short() {
        for text in ["&", "\u{a0}", "x<"] {
            let mut tree = Tree::default();
            for _ in 0..10 {
                tree.text(&text.repeat(1000));
            }
            let (html, _) = tree.finish();
            assert!(html.split("<!---->").all(|node| node.len() < RUN + 10), "{text}");
        }
    }
}
