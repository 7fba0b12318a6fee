//! The elements that may occur, with their attributes and what may stand in them: the one list of this crate.
//!
//! The rules are those of the HTML Standard, somewhat stricter, and chosen so that a parser which reads what we wrote
//! never has to repair it (close an element for us, or move text out of a table): repair is what costs unbounded time.

/// One element that may occur.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// In lower case.
    pub(crate) name: &'static str,
    /// What it is to the element around it.
    pub(crate) role: Role,
    /// What it takes in.
    pub(crate) takes: Takes,
    /// Attributes besides [`COMMON`].
    pub(crate) attributes: &'static [&'static str],
}

/// What an element is to the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Block,
    Inline,
    Item,
    Term,
    TablePart,
    Row,
    Cell,
    Column,
    RubyPart,
    Summary,
}

/// What may stand in an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    Inline,
    Blocks,
    /// What the element around it takes.
    Same,
    Items,
    Terms,
    TableParts,
    Rows,
    Cells,
    Columns,
}

impl Tag {
    /// Whether it is given an id when it ends.
    pub(crate) fn is_heading(&self) -> bool {
        self.attributes == ["id"]
    }
}

impl Takes {
    /// Whether text in here would be moved in front of the table by a parser.
    pub(crate) fn is_tabular(self) -> bool {
        matches!(self, Takes::TableParts | Takes::Rows | Takes::Cells | Takes::Columns)
    }
}

/// Attributes that any element may have.
pub(crate) const COMMON: &[&str] = &["dir", "lang", "title"];

/// Elements that go together with all that is in them.
pub(crate) const DROPPED: &[&str] = &[
    "applet",
    "iframe",
    "math",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "plaintext",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "xmp",
];

const fn tag(name: &'static str, role: Role, takes: Takes, attributes: &'static [&'static str]) -> Tag {
    Tag { name, role, takes, attributes }
}

const fn block(name: &'static str) -> Tag {
    tag(name, Role::Block, Takes::Blocks, &[])
}

const fn heading(name: &'static str) -> Tag {
    tag(name, Role::Block, Takes::Inline, &["id"])
}

const fn inline(name: &'static str) -> Tag {
    tag(name, Role::Inline, Takes::Same, &[])
}

/// All elements, in alphabetical order.
#[rustfmt::skip]
pub(crate) static TAGS: &[Tag] = &[
    tag("a", Role::Inline, Takes::Same, &["href"]),
    inline("abbr"), inline("b"), inline("bdi"), inline("bdo"),
    block("blockquote"),
    tag("br", Role::Inline, Takes::Nothing, &[]),
    tag("caption", Role::TablePart, Takes::Inline, &[]),
    inline("cite"),
    tag("code", Role::Inline, Takes::Same, &["class"]),
    tag("col", Role::Column, Takes::Nothing, &["align", "span"]),
    tag("colgroup", Role::TablePart, Takes::Columns, &["align", "span"]),
    tag("dd", Role::Term, Takes::Blocks, &[]),
    tag("del", Role::Inline, Takes::Same, &["datetime"]),
    tag("details", Role::Block, Takes::Blocks, &["open"]),
    inline("dfn"),
    block("div"),
    tag("dl", Role::Block, Takes::Terms, &[]),
    tag("dt", Role::Term, Takes::Inline, &[]),
    inline("em"),
    block("figcaption"), block("figure"),
    heading("h1"), heading("h2"), heading("h3"), heading("h4"), heading("h5"), heading("h6"),
    tag("hr", Role::Block, Takes::Nothing, &[]),
    inline("i"),
    tag("img", Role::Inline, Takes::Nothing, &["alt", "height", "src", "width"]),
    tag("ins", Role::Inline, Takes::Same, &["datetime"]),
    inline("kbd"),
    tag("li", Role::Item, Takes::Blocks, &["value"]),
    inline("mark"),
    tag("ol", Role::Block, Takes::Items, &["reversed", "start", "type"]),
    tag("p", Role::Block, Takes::Inline, &[]),
    tag("pre", Role::Block, Takes::Inline, &[]),
    inline("q"),
    tag("rp", Role::RubyPart, Takes::Inline, &[]),
    tag("rt", Role::RubyPart, Takes::Inline, &[]),
    tag("ruby", Role::Inline, Takes::Inline, &[]),
    inline("s"), inline("samp"), inline("small"), inline("span"), inline("strong"), inline("sub"),
    tag("summary", Role::Summary, Takes::Inline, &[]),
    inline("sup"),
    tag("table", Role::Block, Takes::TableParts, &[]),
    tag("tbody", Role::TablePart, Takes::Rows, &[]),
    tag("td", Role::Cell, Takes::Blocks, &["align", "colspan", "rowspan"]),
    tag("tfoot", Role::TablePart, Takes::Rows, &[]),
    tag("th", Role::Cell, Takes::Blocks, &["align", "colspan", "rowspan", "scope"]),
    tag("thead", Role::TablePart, Takes::Rows, &[]),
    tag("time", Role::Inline, Takes::Same, &["datetime"]),
    tag("tr", Role::Row, Takes::Cells, &[]),
    inline("u"),
    tag("ul", Role::Block, Takes::Items, &[]),
    inline("var"),
    tag("wbr", Role::Inline, Takes::Nothing, &[]),
];

/// The element of this name, in lower case, if it may occur.
pub(crate) fn find(name: &str) -> Option<&'static Tag> {
    TAGS.binary_search_by(|tag| tag.name.cmp(name)).ok().map(|at| &TAGS[at])
}

/// An element that this crate itself writes.
///
/// # Panics
/// If it is not in the list, which the tests rule out.
pub(crate) fn known(name: &'static str) -> &'static Tag {
    find(name).unwrap_or_else(|| panic!("the element {name} is not in the list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_holds_nothing_dangerous() {
        assert!(TAGS.is_sorted_by(|a, b| a.name < b.name));
        assert!(DROPPED.iter().all(|name| find(name).is_none()));
        for tag in TAGS {
            for attribute in tag.attributes.iter().chain(COMMON) {
                assert!(!attribute.starts_with("on") && *attribute != "style", "{} {attribute}", tag.name);
            }
        }
    }
}
