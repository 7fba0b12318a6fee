//! Markdown to sanitised HTML, for every text an author writes.
//!
//! [`to_html`] is the only door to HTML; [`examine()`] tells of a text without showing it. A text goes through four steps, each of which is safe without the next:
//!
//! 1. `lines` blunts lines that would nest deeper than any real text, so that parsing takes linear time;
//! 2. `pulldown-cmark` parses `CommonMark` with tables, strikethrough and task lists;
//! 3. `render` writes the events through `tree`, which knows every element that may occur (`tags`) and what may
//!    stand inside it. Raw HTML (`raw`) goes through the same gate, so what comes out is well-formed, shallow, and
//!    made of harmless elements only;
//! 4. `sanitise` reads the result with a browser's parser and drops what is not on the same list, and every
//!    link whose scheme is not.
//!
//! The last step is the wall against scripts. The third is why the wall holds in bounded time: the parsing rules of
//! HTML repeat unclosed elements and search the stack of open ones, which on hostile text is quadratic.
//!
//! The output depends on the input alone; the same text gives the same bytes.

mod anchors;
mod examine;
mod lines;
mod raw;
mod render;
mod sanitise;
mod tags;
mod tree;

pub use examine::{Concern, Examined, examine};

#[cfg(test)]
mod tests;

/// The text as HTML that can be put into a page as it is.
///
/// - Headings carry an `id` of their own: `s-` and the words of the heading. Links inside the text to `#words` are led
///   there; the prefix keeps an id from shadowing a name of the page's own scripts.
/// - Cells of tables carry `align`, which works under a content security policy without inline styles.
/// - Raw HTML is kept where it is harmless; else the element goes and its text stays, or, as with `script`, both go.
/// - Links carry `rel="noopener noreferrer"`; only `http`, `https`, `mailto`, `tel` and relative addresses survive.
///
/// The time is proportional to the length of the text, whatever the text.
pub fn to_html(markdown: &str) -> String {
    let tamed = lines::tame(markdown);
    let rendered = render::render(&tamed);
    sanitise::sanitise(&rendered.html, rendered.ids)
}
