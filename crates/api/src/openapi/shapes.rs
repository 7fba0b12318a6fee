//! What values of one name look like everywhere: written down once, put wherever a parameter or property has that name.

use serde_json::{Map, Value, json};

/// A language tag, as [`bonafide_model::Locale`] takes it; a sender may use either letter case.
const LOCALE: &str =
    "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$";
/// The most characters of a tag.
const LOCALE_LENGTH: usize = 35;
/// The key of a policy, as [`bonafide_model::name::PolicyKey`] takes it.
const POLICY: &str = "^[a-z]([a-z0-9._-]{0,62}[a-z0-9_-])?$";
/// The most languages in a list with commas.
const FALLBACKS: usize = 10;

/// Narrows every parameter and property of a document whose name is known here.
pub(super) fn narrow(document: &mut Value) {
    match document {
        Value::Object(members) => {
            open(members);
            if let (Some(name), Some(schema)) =
                (members.get("name").and_then(Value::as_str).map(str::to_owned), members.get_mut("schema"))
            {
                add(&name, schema);
            }
            for (name, schema) in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
                add(name, schema);
            }
            members.values_mut().for_each(narrow);
        }
        Value::Array(items) => items.iter_mut().for_each(narrow),
        _ => {}
    }
}

/// An object of which nothing is said takes any members: generators of clients want to be told.
fn open(schema: &mut Map<String, Value>) {
    let silent = !["properties", "additionalProperties", "propertyNames", "allOf", "anyOf", "oneOf"]
        .iter()
        .any(|word| schema.contains_key(*word));
    let is_object =
        |kind: &Value| kind == "object" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("object")));
    if silent && schema.get("type").is_some_and(is_object) {
        schema.insert("additionalProperties".to_owned(), json!(true));
    }
}

/// Adds what is known of a name to a schema that does not refer to another.
fn add(name: &str, schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    let locale = || json!({"pattern": LOCALE, "maxLength": LOCALE_LENGTH});
    match name {
        "locale" | "default_locale" => merge(schema, locale()),
        "locales" => merge_member(schema, "items", locale()),
        "texts" | "text_digests" => merge_member(schema, "propertyNames", locale()),
        "fallback" => {
            let one = LOCALE.trim_matches(['^', '$']);
            let most = FALLBACKS * (LOCALE_LENGTH + 1) - 1;
            merge(schema, json!({"pattern": format!("^{one}(,{one}){{0,{}}}$", FALLBACKS - 1), "maxLength": most}));
        }
        "cursor" | "next" | "prev" => merge(schema, json!({"pattern": "^[A-Za-z0-9_-]+$", "maxLength": 2048})),
        "policy" => merge(schema, json!({"pattern": POLICY, "maxLength": 64})),
        _ => {}
    }
}

/// Only what can be a string has the shape of one.
fn merge(schema: &mut Map<String, Value>, more: Value) {
    let is_text =
        |kind: &Value| kind == "string" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("string")));
    if !schema.get("type").is_some_and(is_text) {
        return;
    }
    if let Value::Object(more) = more {
        schema.extend(more);
    }
}

fn merge_member(schema: &mut Map<String, Value>, member: &str, more: Value) {
    if let Some(member) = schema.get_mut(member).and_then(Value::as_object_mut) {
        merge(member, more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide_model::Locale;
    use bonafide_model::name::PolicyKey;
    use proptest::prelude::*;

    #[test]
    fn names_narrow_texts_and_nothing_else() {
        let mut document = json!({
            "parameters": [{"name": "locale", "schema": {"type": "string"}}, {"name": "limit", "schema": {"type": "integer"}}],
            "schema": {"properties": {
                "locales": {"type": "array", "items": {"type": "string"}},
                "policy": {"$ref": "#/components/schemas/Policy"},
                "next": {"type": ["string", "null"]}
            }}
        });
        narrow(&mut document);
        assert_eq!(document["parameters"][0]["schema"]["maxLength"], 35);
        assert_eq!(document["parameters"][1]["schema"], json!({"type": "integer"}));
        assert_eq!(document["schema"]["properties"]["locales"]["items"]["pattern"], LOCALE);
        assert_eq!(document["schema"]["properties"]["policy"], json!({"$ref": "#/components/schemas/Policy"}));
        assert_eq!(document["schema"]["properties"]["next"]["maxLength"], 2048);
    }

    #[test]
    fn an_object_of_which_nothing_is_said_is_open() {
        let mut document = json!({"fields": {"type": "object"}, "seo": {"type": ["object", "null"]}, "none": {"type": "object", "properties": {}}});
        narrow(&mut document);
        assert_eq!(document["fields"]["additionalProperties"], true);
        assert_eq!(document["seo"]["additionalProperties"], true);
        assert_eq!(document["none"].get("additionalProperties"), None);
    }

    proptest! {
        #[test]
        fn what_the_pattern_of_a_language_allows_is_taken(text in LOCALE.trim_matches(['^', '$'])) {
            prop_assert_eq!(text.parse::<Locale>().is_ok(), text.len() <= LOCALE_LENGTH, "{}", text);
        }

        #[test]
        fn what_the_pattern_of_a_policy_allows_is_taken(text in POLICY.trim_matches(['^', '$'])) {
            prop_assert!(text.parse::<PolicyKey>().is_ok(), "{}", text);
        }
    }
}
