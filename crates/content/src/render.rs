//! From a document to what readers get of it: finished JSON, an excerpt, its links, and what its author should know.

use crate::Error;
use bonafide_markup::{Concern, examine, to_html};
use bonafide_model::content::{Catalogue, Definition, Fault, Field, Kind, check, push};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use tokio::sync::Semaphore;

/// How many renderings may run at once.
static RENDERERS: Semaphore = Semaphore::const_new(2);
/// The most characters of an excerpt.
const EXCERPT: usize = 300;
/// Words read in a minute.
const READING: usize = 220;
/// The most links that are told.
const MOST_LINKS: usize = 500;

/// A document as readers get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// `{"fields", "excerpt", "reading_time", "links"}`, without references to other entries.
    pub(crate) content: String,
    /// What its author should know: the pointers lead into the document.
    pub(crate) warnings: Vec<Fault>,
}

/// Runs what takes its time off the async threads, when it is its turn.
pub(crate) async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let permit = RENDERERS.acquire().await.map_err(|_| Error::Internal("the process is ending".into()))?;
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    done.await.map_err(|_| Error::Internal("a rendering was lost".into()))
}

/// Renders a document. Takes its time; see [`apart`].
pub(crate) fn render(catalogue: &Catalogue, definition: &Definition, fields: &Map<String, Value>) -> Rendered {
    let mut work = Work { catalogue, words: String::new(), links: Vec::new(), warnings: Vec::new(), html: true };
    let shown = work.members(&definition.fields, fields, "");
    let minutes = work.words.split_whitespace().count().div_ceil(READING);
    let mut seen = BTreeSet::new();
    work.links.retain(|link| seen.insert(link.clone()));
    work.links.truncate(MOST_LINKS);
    let content =
        json!({"fields": shown, "excerpt": excerpt(&work.words), "reading_time": minutes, "links": work.links});
    Rendered { content: content.to_string(), warnings: work.warnings }
}

/// What an author should know of a document, without the document being rendered.
pub(crate) fn warnings(catalogue: &Catalogue, definition: &Definition, fields: &Map<String, Value>) -> Vec<Fault> {
    let mut work = Work { catalogue, words: String::new(), links: Vec::new(), warnings: Vec::new(), html: false };
    work.members(&definition.fields, fields, "");
    work.warnings
}

/// The beginning of a text, cut between words.
fn excerpt(words: &str) -> String {
    let plain = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = plain.char_indices().nth(EXCERPT) else { return plain };
    let cut = plain[..end].rfind(' ').unwrap_or(end);
    format!("{}…", plain[..cut].trim_end_matches([',', ';', ':', '.', ' ']))
}

struct Work<'c> {
    catalogue: &'c Catalogue,
    words: String,
    links: Vec<String>,
    warnings: Vec<Fault>,
    /// Whether HTML is wanted.
    html: bool,
}

impl Work<'_> {
    fn members(&mut self, fields: &[Field], members: &Map<String, Value>, pointer: &str) -> Map<String, Value> {
        let mut shown = Map::new();
        for field in fields {
            let Some(value) = members.get(field.key.as_str()).filter(|value| !value.is_null()) else { continue };
            if let Some(value) = self.value(field, value, &push(pointer, &field.key)) {
                shown.insert(field.key.to_string(), value);
            }
        }
        shown
    }

    fn value(&mut self, field: &Field, value: &Value, at: &str) -> Option<Value> {
        Some(match (field.kind, value) {
            // joined when an answer is built
            (Kind::Reference, _) => return None,
            (Kind::References, _) => json!([]),
            (Kind::Markdown, Value::String(text)) => {
                let (markdown, html) = self.markdown(text, at);
                json!({"markdown": markdown, "html": html})
            }
            (Kind::Url, Value::String(url)) => {
                // what is published has no other, until its field becomes one of addresses
                if !check::is_address(url) && !url.is_empty() {
                    self.say(at, Concern::Address);
                    return None;
                }
                self.links.push(url.clone());
                value.clone()
            }
            (Kind::Group, Value::Object(members)) => Value::Object(self.members(&field.rules.fields, members, at)),
            (Kind::List, Value::Array(items)) => {
                let of = field.rules.of.as_deref()?;
                let mut item_field = Field::new(field.key.clone(), of.kind);
                item_field.rules = of.rules.clone();
                let items = items.iter().enumerate();
                items.filter_map(|(index, item)| self.value(&item_field, item, &push(at, index))).collect()
            }
            (Kind::Blocks, Value::Array(items)) => {
                items.iter().enumerate().filter_map(|(index, item)| self.block(item, &push(at, index))).collect()
            }
            _ => value.clone(),
        })
    }

    fn markdown(&mut self, text: &str, at: &str) -> (String, String) {
        let examined = examine(text);
        examined.concerns.into_iter().for_each(|concern| self.say(at, concern));
        self.words.push_str(&examined.text);
        self.words.push('\n');
        self.links.extend(examined.links);
        (text.to_owned(), if self.html { to_html(text) } else { String::new() })
    }

    fn say(&mut self, at: &str, concern: Concern) {
        let (code, message) = match concern {
            Concern::Html => ("html_removed", "has HTML of which not everything is shown"),
            Concern::Address => ("link_removed", "has a link whose address is not shown"),
        };
        self.warnings.push(Fault::at(at, code, message));
    }

    fn block(&mut self, block: &Value, at: &str) -> Option<Value> {
        let members = block.as_object()?;
        let name = members.get("type")?.as_str()?;
        let component = self.catalogue.component(name)?.clone();
        let mut shown = self.members(&component.fields, members, at);
        if name == "markdown"
            && let Some(Value::Object(text)) = shown.remove("text")
        {
            shown.extend(text);
        }
        if name == "embed" && !shown.contains_key("vendor") {
            let host = shown.get("url").and_then(Value::as_str).and_then(host);
            shown.extend(host.map(|host| ("vendor".to_owned(), host.into())));
        }
        for key in ["id", "type"] {
            shown.insert(key.to_owned(), members.get(key).cloned().unwrap_or_default());
        }
        Some(Value::Object(shown))
    }
}

/// The host of an address on the web.
fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    Some(host.trim_start_matches("www.").to_lowercase()).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide_model::content::builtin;

    fn rendered(fields: &Value) -> (Value, Vec<Fault>) {
        let catalogue = Catalogue::new([]);
        let page = &builtin::all()[&builtin::page()];
        let done = render(&catalogue, page, fields.as_object().expect("an object"));
        (serde_json::from_str(&done.content).expect("JSON"), done.warnings)
    }

    #[test]
    fn a_page_is_finished() {
        let (content, warnings) = rendered(&json!({"title": "About", "slug": "about", "body": [
            {"id": "a", "type": "markdown", "text": "Hello *world*, [see](https://example.org)"},
            {"id": "b", "type": "embed", "url": "https://www.video.example.org/1?x"},
            {"id": "c", "type": "quote", "text": "Well"}]}));
        assert_eq!(
            content["fields"]["body"][0],
            json!({"id": "a", "type": "markdown",
            "markdown": "Hello *world*, [see](https://example.org)",
            "html": "<p>Hello <em>world</em>, <a href=\"https://example.org\" rel=\"noopener noreferrer\">see</a></p>\n"})
        );
        assert_eq!(content["fields"]["body"][1]["vendor"], "video.example.org");
        assert_eq!(content["fields"]["body"][2]["text"]["html"], "<p>Well</p>\n");
        assert_eq!(content["excerpt"], "Hello world, see Well");
        assert_eq!(content["links"], json!(["https://example.org", "https://www.video.example.org/1?x"]));
        assert_eq!((warnings.len(), &content["reading_time"]), (0, &json!(1)));
    }

    #[test]
    fn what_is_not_shown_is_told() {
        let (content, warnings) =
            rendered(&json!({"body": [{"id": "a", "type": "markdown", "text": "x <script>y</script>"}]}));
        assert_eq!(content["fields"]["body"][0]["html"], "<p>x </p>\n");
        assert_eq!(warnings[0].pointer, "/body/0/text");
        assert_eq!(warnings[0].code, "html_removed");
    }

    #[test]
    fn an_address_that_is_none_is_not_shown() {
        let embed = json!({"id": "a", "type": "embed", "url": "javascript:alert(1)//x.example.org"});
        let (content, warnings) = rendered(&json!({"body": [embed]}));
        assert_eq!(content["fields"]["body"][0], json!({"id": "a", "type": "embed"}));
        assert_eq!((warnings[0].pointer.as_str(), warnings[0].code), ("/body/0/url", "link_removed"));
    }

    #[test]
    fn a_text_shows_what_its_component_was_extended_by() {
        let text =
            builtin::all()[&"markdown".parse::<bonafide_model::name::TypeKey>().expect("a key")].as_ref().clone();
        let footnote = serde_json::from_value(json!({"key": "footnote", "kind": "markdown"})).expect("a field");
        let extended = Definition { fields: text.fields.iter().cloned().chain([footnote]).collect(), ..text };
        let catalogue = Catalogue::new([]).with("markdown".parse().expect("a key"), std::sync::Arc::new(extended));
        let body = json!({"body": [{"id": "a", "type": "markdown", "text": "x", "footnote": "*y*"}]});
        let page = &builtin::all()[&builtin::page()];
        let content = render(&catalogue, page, body.as_object().expect("an object")).content;
        let content: Value = serde_json::from_str(&content).expect("JSON");
        let html = |text: &str| format!("<p>{text}</p>\n");
        assert_eq!(
            content["fields"]["body"][0],
            json!({"id": "a", "type": "markdown", "markdown": "x", "html": html("x"),
                "footnote": {"markdown": "*y*", "html": html("<em>y</em>")}})
        );
    }

    #[test]
    fn an_excerpt_ends_between_words() {
        let long = "word ".repeat(200);
        let cut = excerpt(&long);
        assert!(cut.chars().count() <= EXCERPT + 1 && cut.ends_with("word…"), "{cut}");
        assert_eq!(excerpt(" a \n b "), "a b");
    }
}
