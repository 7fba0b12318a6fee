//! What is always there: the type `page`, and seven components.

use super::Definition;
use crate::name::TypeKey;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The key of the type of pages.
pub const PAGE: &str = "page";

/// The definition that `page` begins with; it can be extended, and keeps these fields.
const PAGE_DEFINITION: &str = r#"{
    "title": "Page",
    "fields": [
        {"key": "title", "kind": "text", "required": true, "max_length": 200},
        {"key": "slug", "kind": "slug", "required": true, "from": "title"},
        {"key": "body", "kind": "blocks"},
        {"key": "seo", "kind": "group", "fields": [
            {"key": "title", "kind": "text", "max_length": 200},
            {"key": "description", "kind": "text", "max_length": 500},
            {"key": "no_index", "kind": "boolean"}
        ]}
    ]
}"#;

const COMPONENTS: &[(&str, &str)] = &[
    ("markdown", r#"{"title":"Text","component":true,"fields":[{"key":"text","kind":"markdown","required":true}]}"#),
    (
        "heading",
        r#"{"title":"Heading","component":true,"fields":[
            {"key":"text","kind":"text","required":true,"max_length":200},
            {"key":"level","kind":"integer","min":1,"max":6,"default":2}]}"#,
    ),
    (
        "image",
        r#"{"title":"Image","component":true,"fields":[
            {"key":"url","kind":"url","required":true},
            {"key":"alt","kind":"text","max_length":500},
            {"key":"caption","kind":"markdown","max_length":2000},
            {"key":"width","kind":"integer","min":1,"max":100000},
            {"key":"height","kind":"integer","min":1,"max":100000}]}"#,
    ),
    (
        "quote",
        r#"{"title":"Quotation","component":true,"fields":[
            {"key":"text","kind":"markdown","required":true},
            {"key":"attribution","kind":"text","max_length":500},
            {"key":"url","kind":"url"}]}"#,
    ),
    (
        "code",
        r#"{"title":"Code","component":true,"fields":[
            {"key":"text","kind":"text","required":true,"max_length":100000},
            {"key":"language","kind":"text","max_length":50}]}"#,
    ),
    (
        "callout",
        r#"{"title":"Callout","component":true,"fields":[
            {"key":"text","kind":"markdown","required":true},
            {"key":"tone","kind":"choice","default":"note",
             "choices":[{"value":"note"},{"value":"tip"},{"value":"warning"},{"value":"danger"}]}]}"#,
    ),
    (
        "embed",
        r#"{"title":"Embedded content","component":true,"fields":[
            {"key":"url","kind":"url","required":true},
            {"key":"title","kind":"text","max_length":200},
            {"key":"vendor","kind":"text","max_length":100}]}"#,
    ),
];

static ALL: LazyLock<BTreeMap<TypeKey, Arc<Definition>>> = LazyLock::new(|| {
    let built_in = std::iter::once(&(PAGE, PAGE_DEFINITION)).chain(COMPONENTS);
    built_in
        .map(|(key, definition)| {
            let definition = serde_json::from_str(definition).expect("a built-in definition is sound");
            (key.parse().expect("a built-in key is one"), Arc::new(definition))
        })
        .collect()
});

/// All built-in definitions by their keys.
pub fn all() -> &'static BTreeMap<TypeKey, Arc<Definition>> {
    &ALL
}

/// The key of the type of pages.
///
/// # Panics
/// Never: the built-in types have one.
pub fn page() -> TypeKey {
    PAGE.parse().expect("a key")
}
