//! What an author should know of a text, and what can be told of it without showing it: its words and its links.

use crate::lines;
use crate::sanitise::SCHEMES;
use crate::tags;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What a text says and where it leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Its words without any markup, paragraphs separated by line breaks.
    pub text: String,
    /// The addresses it links to, in order.
    pub links: Vec<String>,
    /// What is left out or changed when the text is shown.
    pub concerns: Vec<Concern>,
}

/// Something that is left out or changed when a text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// Raw HTML that is not on the list of harmless elements and attributes.
    Html,
    /// An address whose scheme is not shown.
    Address,
}

/// Looks at a text. Each concern is named once.
pub fn examine(markdown: &str) -> Examined {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut found = Examined::default();
    for event in Parser::new_ext(&lines::tame(markdown), options) {
        match event {
            Event::Text(text) | Event::Code(text) => found.text.push_str(&text),
            Event::Html(html) | Event::InlineHtml(html) if is_changed(&html) => found.concerns.push(Concern::Html),
            Event::Start(Tag::Link { dest_url, .. }) => {
                let address = dest_url.to_string();
                if is_shown(&address) {
                    found.links.push(address);
                } else {
                    found.concerns.push(Concern::Address);
                }
            }
            Event::Start(Tag::Image { dest_url, .. }) if !is_shown(&dest_url) => found.concerns.push(Concern::Address),
            Event::SoftBreak
            | Event::HardBreak
            | Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock | TagEnd::TableCell,
            ) => found.text.push('\n'),
            _ => {}
        }
    }
    found.concerns.sort_unstable();
    found.concerns.dedup();
    found
}

/// Whether an address is relative or has a scheme that is shown.
fn is_shown(address: &str) -> bool {
    let address: String = address.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    let end = address.find(['/', '?', '#', ':']).filter(|end| address.as_bytes()[*end] == b':');
    end.is_none_or(|end| SCHEMES.iter().any(|scheme| address[..end].eq_ignore_ascii_case(scheme)))
}

/// Whether raw HTML has elements or attributes that are not shown as they are. In doubt it says yes.
fn is_changed(html: &str) -> bool {
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let name_at = rest.strip_prefix('/').unwrap_or(rest);
        let name: String = name_at.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        if name.is_empty() {
            // a comment or a declaration
            return true;
        }
        let Some(tag) = tags::find(&name) else { return true };
        let inside = &name_at[name.len()..name_at.find('>').unwrap_or(name_at.len()).max(name.len())];
        let mut attributes = inside.split_whitespace().filter(|part| *part != "/");
        let harmless = |part: &str| {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            let attribute = attribute.trim_end_matches('/').to_lowercase();
            let known = tag.attributes.contains(&attribute.as_str()) || tags::COMMON.contains(&attribute.as_str());
            known && (!matches!(attribute.as_str(), "href" | "src") || is_shown(value.trim_matches(['"', '\''])))
        };
        if !attributes.all(harmless) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_links_and_concerns_are_told() {
        let found =
            examine("# Title\n\nHello *world*, see [this](/there) and [that](https://example.org).\n\n- one\n- two");
        assert_eq!(found.text, "Title\nHello world, see this and that.\none\ntwo\n");
        assert_eq!(found.links, ["/there", "https://example.org"]);
        assert_eq!(found.concerns, []);
    }

    #[test]
    fn what_would_be_left_out_is_named() {
        for (text, concerns) in [
            ("<script>alert(1)</script>", &[Concern::Html][..]),
            ("a <b onclick=\"x()\">b</b>", &[Concern::Html]),
            ("a <b>b</b> <br/>", &[]),
            ("<a href=\"javascript:x\">b</a>", &[Concern::Html]),
            ("[x](javascript:alert(1))", &[Concern::Address]),
            (
                "![x](data:image/png;base64,x) <iframe src=\"https://example.org\"></iframe>",
                &[Concern::Html, Concern::Address],
            ),
            ("<!-- hidden -->", &[Concern::Html]),
            ("`<script>`", &[]),
        ] {
            assert_eq!(examine(text).concerns, concerns, "{text}");
        }
    }
}
