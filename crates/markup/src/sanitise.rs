//! The wall: what a browser would read from our HTML is held against the list once more, and addresses are checked.

use std::borrow::Cow;
use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};

use crate::anchors;
use crate::tags::{COMMON, DROPPED, TAGS};

/// Schemes an address may have. Not among them: `javascript`, `vbscript`, `data`, `blob`, `file`.
pub(crate) const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// Drops what is not allowed and leads links inside the text to the `ids` of its headings.
pub(crate) fn sanitise(html: &str, ids: HashSet<String>) -> String {
    let mut wall = Builder::empty();
    wall.tags(TAGS.iter().map(|tag| tag.name).collect())
        .clean_content_tags(DROPPED.iter().copied().collect())
        .generic_attributes(COMMON.iter().copied().collect())
        .tag_attributes(TAGS.iter().map(|tag| (tag.name, tag.attributes.iter().copied().collect())).collect())
        .url_schemes(SCHEMES.into_iter().collect())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true)
        .attribute_filter(move |element, name, value| filter(element, name, value, &ids));
    wall.clean(html).to_string()
}

/// The value to write, or `None` to leave the attribute out.
fn filter<'v>(element: &str, name: &str, value: &'v str, ids: &HashSet<String>) -> Option<Cow<'v, str>> {
    match (element, name) {
        ("a", "href") => {
            let led = value.strip_prefix('#').and_then(|fragment| anchors::lead(fragment, ids));
            Some(led.map_or(Cow::Borrowed(value), Cow::Owned))
        }
        (_, "class") => value.strip_prefix("language-").is_some_and(is_plain).then_some(Cow::Borrowed(value)),
        (_, "id") => ids.contains(value).then_some(Cow::Borrowed(value)),
        _ => Some(Cow::Borrowed(value)),
    }
}

/// Whether a name of a programming language is nothing else.
fn is_plain(language: &str) -> bool {
    !language.is_empty()
        && language.len() <= 32
        && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-#_.".contains(&byte))
}
