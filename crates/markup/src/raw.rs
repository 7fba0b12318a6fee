//! Reads raw HTML and hands it to the [`Tree`], tag by tag.
//!
//! It does not have to read as a browser does: what is not understood becomes text and is escaped, and what is
//! understood is written anew. Comments, declarations and processing instructions are dropped.

use crate::tags::{self, COMMON};
use crate::tree::{Tree, attribute};

/// A tag longer than this is shown as text. It bounds how far one `<` can make us read, and read again.
const LENGTH: usize = 2048;

/// Hands over a piece of raw HTML.
pub(crate) fn feed(tree: &mut Tree, html: &str) {
    let mut rest = html;
    while !rest.is_empty() {
        if let Some(name) = tree.muted() {
            let Some(at) = find_end(rest, name) else { return };
            tree.unmute();
            rest = &rest[at..];
            rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
            continue;
        }
        let at = rest.find('<').unwrap_or(rest.len());
        if at > 0 {
            tree.raw_text(&rest[..at]);
            rest = &rest[at..];
            continue;
        }
        rest = match rest.as_bytes().get(1) {
            Some(b'!' | b'?') => Some(skip(rest)),
            Some(b'/') => end_tag(tree, rest),
            _ => start_tag(tree, rest),
        }
        .unwrap_or_else(|| {
            tree.raw_text("<");
            &rest[1..]
        });
    }
}

/// Where the end tag of `name` begins.
fn find_end(html: &str, name: &str) -> Option<usize> {
    html.match_indices("</").map(|(at, _)| at).find(|at| {
        let tail = &html.as_bytes()[at + 2..];
        tail.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
            && tail.get(name.len()).is_none_or(|next| !next.is_ascii_alphanumeric())
    })
}

/// What comes after a comment, declaration or instruction; nothing, if it does not end.
fn skip(html: &str) -> &str {
    let (inner, ends): (&str, &[&str]) = if let Some(comment) = html.strip_prefix("<!--") {
        if let Some(rest) = comment.strip_prefix('>').or_else(|| comment.strip_prefix("->")) {
            return rest;
        }
        (comment, &["-->", "--!>"])
    } else if let Some(data) = html.strip_prefix("<![CDATA[") {
        (data, &["]]>"])
    } else {
        (&html[2..], &[">"])
    };
    let end = ends.iter().filter_map(|end| inner.find(end).map(|at| at + end.len())).min();
    end.map_or("", |end| &inner[end..])
}

fn end_tag<'h>(tree: &mut Tree, html: &'h str) -> Option<&'h str> {
    let name = name(&html[2..])?;
    let tail = &html[2 + name.len()..];
    let end = tail.find(['<', '>']).filter(|end| tail.as_bytes()[*end] == b'>')?;
    tree.raw_end(&name.to_ascii_lowercase());
    Some(&tail[end + 1..])
}

fn start_tag<'h>(tree: &mut Tree, html: &'h str) -> Option<&'h str> {
    let name = name(&html[1..])?;
    let mut found = Vec::new();
    let rest = attributes(&html[1 + name.len()..], &mut found)?;
    let name = name.to_ascii_lowercase();
    if let Some(tag) = tags::find(&name) {
        let mut written = String::new();
        for (key, value) in found {
            let key = key.to_ascii_lowercase();
            if key != "id" && tag.attributes.iter().chain(COMMON).any(|allowed| *allowed == key) {
                attribute(&mut written, &key, value, true);
            }
        }
        tree.raw_start(tag, &written);
    } else {
        tree.mute(&name);
    }
    Some(rest)
}

/// The name of a tag.
fn name(html: &str) -> Option<&str> {
    let length = html.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').take(64).count();
    html.starts_with(|first: char| first.is_ascii_alphabetic()).then(|| &html[..length])
}

/// Reads attributes up to the `>`; gives what comes after it.
fn attributes<'h>(html: &'h str, found: &mut Vec<(&'h str, &'h str)>) -> Option<&'h str> {
    let limit = html.floor_char_boundary(LENGTH);
    let mut rest = &html[..limit];
    if rest.starts_with(|next: char| !next.is_ascii_whitespace() && next != '/' && next != '>') {
        return None;
    }
    loop {
        rest = rest.trim_start_matches(|next: char| next.is_ascii_whitespace() || next == '/');
        if let Some(tail) = rest.strip_prefix('>') {
            return Some(&html[limit - tail.len()..]);
        }
        let end = rest.find(|next: char| next.is_ascii_whitespace() || "/=<>\"'".contains(next))?;
        if end == 0 {
            return None;
        }
        let key = &rest[..end];
        rest = rest[end..].trim_start_matches(|next: char| next.is_ascii_whitespace());
        let mut value = "";
        if let Some(tail) = rest.strip_prefix('=') {
            (value, rest) = self::value(tail.trim_start_matches(|next: char| next.is_ascii_whitespace()))?;
        }
        found.push((key, value));
    }
}

/// The value of an attribute and what comes after it.
fn value(html: &str) -> Option<(&str, &str)> {
    let quote = html.chars().next()?;
    if quote == '"' || quote == '\'' {
        return html[1..].split_once(quote);
    }
    let end = html.find(|next: char| next.is_ascii_whitespace() || "<>\"'=`".contains(next))?;
    (end > 0).then(|| html.split_at(end))
}
