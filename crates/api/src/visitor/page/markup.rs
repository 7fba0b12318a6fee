//! Writing HTML so that no text can become markup.

use crate::visitor::words::{self, Words};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bonafide_model::{Instant, Locale};
use sha2::{Digest as _, Sha256};

/// A page that is being written. Everything but [`Html::raw`], whose text is this program's own, is escaped.
pub(super) struct Html {
    text: String,
    language: String,
}

impl Html {
    /// Head and begin of the body of a page.
    pub(super) fn begin(locale: &Locale, title: &str, style: &'static str) -> Self {
        let mut html = Self { text: String::with_capacity(8192), language: words::language(locale).to_owned() };
        html.raw("<!doctype html>\n<html").attribute("lang", locale.as_str());
        html.attribute("dir", words::direction(locale)).raw(">\n<head>\n<meta charset=\"utf-8\">\n");
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.raw("<meta name=\"robots\" content=\"noindex\">\n<title>").text(title).raw("</title>\n<style>");
        html.raw(style).raw("</style>\n</head>\n<body>\n<main>\n");
        html
    }

    /// The whole page.
    pub(super) fn end(mut self) -> String {
        self.raw("</main>\n</body>\n</html>\n");
        self.text
    }

    /// Markup of this program.
    pub(super) fn raw(&mut self, markup: &str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// A text of anybody. What no document may hold is left out.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for char in text.chars() {
            match char {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                char if char.is_control() && !matches!(char, '\n' | '\t') => {}
                char => self.text.push(char),
            }
        }
        self
    }

    /// An attribute inside a tag that is being written.
    pub(super) fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").text(value).raw("\"")
    }

    /// An element with a text of anybody.
    pub(super) fn element(&mut self, name: &'static str, attributes: &[(&'static str, &str)], text: &str) -> &mut Self {
        self.raw("<").raw(name);
        for (attribute, value) in attributes {
            self.attribute(attribute, value);
        }
        self.raw(">").text(text).raw("</").raw(name).raw(">\n")
    }

    /// An element with a phrase of this program; its language is marked where it is not the page's.
    pub(super) fn ours(&mut self, name: &'static str, attributes: &str, words: &Words, text: &str) -> &mut Self {
        self.raw("<").raw(name);
        if !attributes.is_empty() {
            self.raw(" ").raw(attributes);
        }
        if words.tag != self.language {
            self.attribute("lang", words.tag).raw(" dir=\"ltr\"");
        }
        self.raw(">").text(text).raw("</").raw(name).raw(">")
    }

    /// An instant, for people and programs.
    pub(super) fn instant(&mut self, instant: Instant) -> &mut Self {
        let text = instant.to_string();
        let shown = text.get(..16).map(|minute| format!("{} UTC", minute.replace('T', " ")));
        self.raw("<time").attribute("datetime", &text).raw(">").text(&shown.unwrap_or_else(|| text.clone()));
        self.raw("</time>")
    }
}

/// The hash of an inline style, for a policy (CSP 3, `hash-source`).
pub(super) fn sha256_base64(text: &str) -> String {
    BASE64.encode(Sha256::digest(text))
}
