//! Writes the events of the Markdown parser into a [`Tree`].

use std::collections::HashSet;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::raw;
use crate::tags::known;
use crate::tree::{Tree, attribute};

/// HTML that is well-formed and made of known elements; addresses are not checked yet.
pub(crate) struct Rendered {
    pub(crate) html: String,
    pub(crate) ids: HashSet<String>,
}

/// Parses and writes.
pub(crate) fn render(markdown: &str) -> Rendered {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut writer = Writer::default();
    for event in Parser::new_ext(markdown, options) {
        writer.event(event);
    }
    let (html, anchors) = writer.tree.finish();
    Rendered { html, ids: anchors.into_ids() }
}

#[derive(Default)]
struct Writer {
    tree: Tree,
    table: Table,
    /// The block of raw HTML being read: it arrives line by line.
    block: Option<String>,
    image: Option<Image>,
}

/// Where we are in a table.
#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    in_head: bool,
    has_body: bool,
    column: usize,
}

/// An image whose description is being read.
#[derive(Default)]
struct Image {
    attributes: String,
    description: String,
    /// Elements open inside of the description.
    depth: usize,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        if self.image.is_some() {
            return self.describe(event);
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Html(html) | Event::Text(html) if self.block.is_some() => {
                self.block.get_or_insert_default().push_str(&html);
            }
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.tree.text(&text),
            Event::Code(text) => {
                self.tree.begin(known("code"), "");
                self.tree.text(&text);
                self.tree.end();
            }
            Event::Html(html) | Event::InlineHtml(html) => raw::feed(&mut self.tree, &html),
            Event::SoftBreak => self.tree.newline(),
            Event::HardBreak => {
                self.tree.void(known("br"), "");
                self.tree.newline();
            }
            Event::Rule => {
                self.tree.void(known("hr"), "");
                self.tree.newline();
            }
            Event::TaskListMarker(done) => self.tree.text(if done { "☑ " } else { "☐ " }),
            Event::FootnoteReference(name) => self.tree.text(&name),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let mut attributes = String::new();
        let name = match tag {
            Tag::Paragraph => "p",
            Tag::Heading { level, .. } => ["h1", "h2", "h3", "h4", "h5", "h6"][level as usize - 1],
            Tag::BlockQuote(_) => "blockquote",
            Tag::CodeBlock(kind) => return self.start_code(&kind),
            Tag::HtmlBlock => {
                self.block = Some(String::new());
                return;
            }
            Tag::List(None) => "ul",
            Tag::List(Some(start)) => {
                if start != 1 {
                    attribute(&mut attributes, "start", &start.to_string(), false);
                }
                "ol"
            }
            Tag::Item => "li",
            Tag::Table(alignments) => {
                self.table = Table { alignments, ..Table::default() };
                "table"
            }
            Tag::TableHead => {
                self.tree.begin(known("thead"), "");
                (self.table.in_head, self.table.column) = (true, 0);
                "tr"
            }
            Tag::TableRow => {
                if !self.table.has_body {
                    self.tree.begin(known("tbody"), "");
                    self.table.has_body = true;
                }
                self.table.column = 0;
                "tr"
            }
            Tag::TableCell => self.start_cell(&mut attributes),
            Tag::Emphasis => "em",
            Tag::Strong => "strong",
            Tag::Strikethrough => "del",
            Tag::Link { link_type, dest_url, title, .. } => {
                let scheme = if link_type == LinkType::Email { "mailto:" } else { "" };
                attribute(&mut attributes, "href", &format!("{scheme}{dest_url}"), false);
                add_title(&mut attributes, &title);
                "a"
            }
            Tag::Image { dest_url, title, .. } => {
                attribute(&mut attributes, "src", &dest_url, false);
                add_title(&mut attributes, &title);
                self.image = Some(Image { attributes, ..Image::default() });
                return;
            }
            // extensions that are not switched on
            _ => "div",
        };
        self.tree.begin(known(name), &attributes);
        if matches!(name, "ul" | "ol" | "blockquote" | "table" | "thead") {
            self.tree.newline();
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::HtmlBlock => {
                let html = self.block.take().unwrap_or_default();
                raw::feed(&mut self.tree, &html);
                self.tree.unmute();
                return;
            }
            TagEnd::CodeBlock => self.tree.end(),
            TagEnd::TableHead => {
                self.table.in_head = false;
                self.tree.end();
            }
            TagEnd::Table if self.table.has_body => self.tree.end(),
            _ => {}
        }
        self.tree.end();
    }

    fn start_code(&mut self, kind: &CodeBlockKind<'_>) {
        let mut attributes = String::new();
        if let CodeBlockKind::Fenced(info) = kind
            && let Some(language) = info.split_whitespace().next()
        {
            attribute(&mut attributes, "class", &format!("language-{language}"), false);
        }
        self.tree.begin(known("pre"), "");
        self.tree.begin(known("code"), &attributes);
    }

    fn start_cell(&mut self, attributes: &mut String) -> &'static str {
        let side = match self.table.alignments.get(self.table.column) {
            Some(Alignment::Left) => Some("left"),
            Some(Alignment::Center) => Some("center"),
            Some(Alignment::Right) => Some("right"),
            Some(Alignment::None) | None => None,
        };
        if let Some(side) = side {
            attribute(attributes, "align", side, false);
        }
        self.table.column += 1;
        if self.table.in_head { "th" } else { "td" }
    }

    /// Collects the description of an image: its text without any markup.
    fn describe(&mut self, event: Event<'_>) {
        let Some(image) = &mut self.image else { return };
        match event {
            Event::Start(_) => image.depth += 1,
            Event::End(_) if image.depth > 0 => image.depth -= 1,
            Event::End(_) => {
                let mut image = self.image.take().unwrap_or_default();
                attribute(&mut image.attributes, "alt", &image.description, false);
                self.tree.void(known("img"), &image.attributes);
            }
            Event::Text(text) | Event::Code(text) => image.description.push_str(&text),
            Event::SoftBreak | Event::HardBreak => image.description.push(' '),
            _ => {}
        }
    }
}

fn add_title(attributes: &mut String, title: &str) {
    if !title.is_empty() {
        attribute(attributes, "title", title, false);
    }
}
