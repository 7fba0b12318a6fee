//! The public document as a running instance gives it: with the schemas of its own content types.
//!
//! The routes stay what they are; `fields` of an entry becomes one of the `Fields_TYPE`, and a page gets the fields it was
//! extended by, so that a typed client knows what it reads.

use bonafide_model::content::{Catalogue, Definition, Field, Kind, Rules, builtin};
use serde_json::{Map, Value, json};

/// Adds the types of a site to the public document.
pub(crate) fn with_types(document: &str, catalogue: &Catalogue) -> String {
    let own = |(key, definition): (_, &std::sync::Arc<Definition>)| {
        !definition.component && builtin::all().get(key) != Some(definition)
    };
    if !catalogue.iter().any(own) {
        return document.to_owned();
    }
    let Ok(mut document) = serde_json::from_str::<Value>(document) else { return document.to_owned() };
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return document.to_string();
    };
    schemas.insert("RichText".to_owned(), rich_text());
    schemas.insert("Link".to_owned(), link());
    schemas.insert("Block".to_owned(), block());
    let mut kinds = Vec::new();
    for (key, definition) in catalogue.iter().filter(|(_, definition)| !definition.component) {
        if key.as_str() == builtin::PAGE {
            extend_page(schemas, definition);
            continue;
        }
        let name = format!("Fields_{key}");
        kinds.push(json!({"$ref": format!("#/components/schemas/{name}")}));
        let mut schema = object(&definition.fields);
        schema["description"] = json!(format!("The fields of the type {key}: {}", definition.title.as_str()));
        schemas.insert(name, schema);
    }
    let one_of = |names: [&str; 2]| names.map(|name| json!({"$ref": format!("#/components/schemas/{name}")}));
    for name in ["PublishedEntry", "PublishedPage", "List_PublishedEntry", "List_PublishedPage"] {
        if let Some(items) = schemas.get_mut(name).and_then(|schema| schema.pointer_mut("/properties/included/items")) {
            *items = json!({"anyOf": one_of(["PublishedEntry", "PublishedPage"])});
        }
    }
    let fields = schemas.get_mut("PublishedEntry").and_then(|entry| entry.pointer_mut("/properties/fields"));
    if let Some(fields) = fields.filter(|_| !kinds.is_empty()) {
        *fields = json!({"anyOf": kinds, "description": "Its fields, as its type defines them"});
    }
    document.to_string()
}

fn rich_text() -> Value {
    json!({
        "type": "object", "required": ["markdown", "html"],
        "description": "A text as it was written, and as sanitised HTML",
        "properties": {"markdown": {"type": "string"}, "html": {"type": "string"}}
    })
}

fn link() -> Value {
    json!({
        "type": "object", "required": ["id", "type", "locale"], "description": "What a reference leads to",
        "properties": {
            "id": {"type": "string", "format": "uuid"}, "type": {"type": "string"}, "locale": {"type": "string"},
            "slug": {"type": "string"}, "path": {"type": "string"}, "title": {"type": "string"}
        }
    })
}

fn block() -> Value {
    json!({
        "type": "object", "required": ["id", "type"], "additionalProperties": true,
        "description": "A block, with the fields of its component",
        "properties": {"id": {"type": "string", "format": "uuid"}, "type": {"type": "string"}}
    })
}

/// Adds what a page was extended by, and what its blocks are.
fn extend_page(schemas: &mut Map<String, Value>, definition: &Definition) {
    let Some(page) = schemas.get_mut("PublishedPage").and_then(|page| page.get_mut("properties")) else { return };
    let built_in = &builtin::all()[&builtin::page()];
    if let Some(items) = page.pointer_mut("/body/items") {
        *items = json!({"$ref": "#/components/schemas/Block"});
    }
    for field in definition.fields.iter().filter(|field| built_in.field(field.key.as_str()).is_none()) {
        page[field.key.as_str()] = described(field);
    }
}

fn object(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.key.to_string(), described(field))).collect();
    // none is required: `fields` leaves them out, and what was published before a field was required may lack it
    json!({"type": "object", "properties": properties})
}

fn described(field: &Field) -> Value {
    let mut schema = value(field.kind, &field.rules);
    let label = field.label.iter().map(bonafide_model::text::Title::as_str);
    let said: Vec<&str> = label.chain(field.help.iter().map(bonafide_model::text::Note::as_str)).collect();
    if !said.is_empty() && schema.get("$ref").is_none() {
        schema["description"] = json!(said.join(": "));
    }
    schema
}

fn value(kind: Kind, rules: &Rules) -> Value {
    let choices = || -> Vec<&str> { rules.choices.iter().map(|choice| choice.value.as_str()).collect() };
    match kind {
        Kind::Text | Kind::Slug => json!({"type": "string"}),
        Kind::Url => json!({"type": "string", "format": "uri-reference"}),
        Kind::Email => json!({"type": "string", "format": "email"}),
        Kind::Markdown => json!({"$ref": "#/components/schemas/RichText"}),
        Kind::Integer => json!({"type": "integer"}),
        Kind::Number => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Date => json!({"type": "string", "format": "date"}),
        Kind::Instant => json!({"type": "string", "format": "date-time"}),
        Kind::Choice => json!({"type": "string", "enum": choices()}),
        Kind::Choices => json!({"type": "array", "items": {"type": "string", "enum": choices()}}),
        Kind::Reference => json!({"$ref": "#/components/schemas/Link"}),
        Kind::References => json!({"type": "array", "items": {"$ref": "#/components/schemas/Link"}}),
        Kind::Group => object(&rules.fields),
        Kind::List => {
            let items = rules.of.as_deref().map_or_else(|| json!({}), |of| value(of.kind, &of.rules));
            json!({"type": "array", "items": items})
        }
        Kind::Blocks => json!({"type": "array", "items": {"$ref": "#/components/schemas/Block"}}),
        Kind::Json | Kind::Asset => json!({}),
    }
}
