//! Definitions and values, by example and at random.

use super::check::{complete, is_address, references, shape};
use super::*;
use crate::id::{BlockId, EntryId};
use crate::name::TypeKey;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

fn key(text: &str) -> TypeKey {
    text.parse().expect("a key")
}

fn definition(value: Value) -> Definition {
    serde_json::from_value(value).expect("a definition")
}

fn catalogue() -> Catalogue {
    let author = definition(json!({"title": "Author", "fields": [{"key": "name", "kind": "text", "required": true}]}));
    Catalogue::new([(key("author"), Arc::new(author))])
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("an object: {other}"),
    }
}

fn refusals(definition: Value) -> Vec<(String, &'static str)> {
    let found = self::definition(definition).faults(&key("thing"), &catalogue());
    found.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn what_is_built_in_is_sound() {
    let catalogue = catalogue();
    for (key, definition) in builtin::all() {
        assert_eq!(definition.faults(key, &catalogue), [], "{key}");
        let text = serde_json::to_string(definition.as_ref()).expect("serialises");
        assert_eq!(serde_json::from_str::<Definition>(&text).expect("reads back"), **definition);
    }
}

#[test]
fn a_definition_names_everything_that_is_wrong_with_it() {
    let found = refusals(json!({"title": "Thing", "title_field": "no", "fields": [
        {"key": "id", "kind": "text"},
        {"key": "a", "kind": "asset"},
        {"key": "a", "kind": "text", "patern": "x"},
        {"key": "b", "kind": "text", "pattern": "("},
        {"key": "c", "kind": "choice"},
        {"key": "d", "kind": "reference", "types": ["nobody"]},
        {"key": "e", "kind": "markdown", "indexed": true},
        {"key": "f", "kind": "integer", "min": 5, "max": 2, "default": "x"},
        {"key": "g", "kind": "group", "fields": [{"key": "x", "kind": "slug"}]},
        {"key": "h", "kind": "list", "of": {"kind": "list", "of": {"kind": "text"}}},
        {"key": "i", "kind": "boolean", "min_length": 3},
        {"key": "j", "kind": "blocks", "components": ["author"]}
    ]}));
    for expected in [
        ("/fields/0/key", "reserved"),
        ("/fields/1/kind", "reserved"),
        ("/fields/2/key", "already_exists"),
        ("/fields/2/patern", "unknown_field"),
        ("/fields/3/pattern", "invalid_value"),
        ("/fields/4/choices", "invalid_value"),
        ("/fields/5/types/0", "unknown_type"),
        ("/fields/6/indexed", "invalid_value"),
        ("/fields/7/max", "invalid_value"),
        ("/fields/7/default", "wrong_type"),
        ("/fields/8/fields/0/kind", "invalid_value"),
        ("/fields/9/of/kind", "invalid_value"),
        ("/fields/10/min_length", "invalid_value"),
        ("/fields/11/components/0", "unknown_type"),
        ("/title_field", "invalid_value"),
    ] {
        assert!(found.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} in {found:?}");
    }
}

#[test]
fn a_pattern_that_needs_too_much_is_refused() {
    let found =
        refusals(json!({"title": "Thing", "fields": [{"key": "a", "kind": "text", "pattern": "(\\w{1,500}){1,500}"}]}));
    assert_eq!(found, [("/fields/0/pattern".to_owned(), "invalid_value")]);
}

#[test]
fn a_page_can_be_extended_and_keeps_its_fields() {
    let mut page = serde_json::to_value(builtin::all()[&builtin::page()].as_ref()).expect("serialises");
    page["fields"].as_array_mut().expect("fields").push(json!({"key": "mood", "kind": "text", "indexed": true}));
    assert_eq!(definition(page.clone()).faults(&builtin::page(), &catalogue()), []);
    page["fields"].as_array_mut().expect("fields").remove(1);
    let codes: Vec<_> =
        definition(page).faults(&builtin::page(), &catalogue()).iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["built_in"]);
}

fn article() -> Definition {
    definition(json!({"title": "Article", "fields": [
        {"key": "title", "kind": "text", "required": true, "max_length": 10},
        {"key": "slug", "kind": "slug", "from": "title"},
        {"key": "author", "kind": "reference", "types": ["author"]},
        {"key": "others", "kind": "references", "types": ["author"]},
        {"key": "day", "kind": "date", "indexed": true},
        {"key": "stars", "kind": "integer", "min": 1, "max": 5},
        {"key": "mood", "kind": "choice", "choices": [{"value": "good"}, {"value": "bad"}]},
        {"key": "link", "kind": "url"},
        {"key": "mail", "kind": "email"},
        {"key": "code", "kind": "text", "pattern": "[A-Z]{3}"},
        {"key": "tags", "kind": "list", "of": {"kind": "text", "max_length": 5}},
        {"key": "body", "kind": "blocks"}
    ]}))
}

fn found(faults: Vec<Fault>) -> Vec<(String, &'static str)> {
    faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn a_draft_may_be_incomplete_and_not_misshapen() {
    let (catalogue, article) = (catalogue(), article());
    let draft = fields(json!({"title": "far too long for it", "stars": 9, "link": "javascript:x", "code": "a"}));
    assert_eq!(shape(&catalogue, &article, &draft), []);
    let odd = fields(json!({
        "titel": "x", "title": 5, "author": "me", "day": "2026-02-30", "stars": 1.5, "tags": ["a", 1],
        "body": [{"type": "nothing"}, {"text": "x"}, {"type": "heading", "text": 1, "size": 2}, 5]
    }));
    assert_eq!(
        found(shape(&catalogue, &article, &odd)),
        [
            ("/titel".to_owned(), "unknown_field"),
            ("/title".to_owned(), "wrong_type"),
            ("/author".to_owned(), "invalid_value"),
            ("/day".to_owned(), "invalid_value"),
            ("/stars".to_owned(), "wrong_type"),
            ("/tags/1".to_owned(), "wrong_type"),
            ("/body/0/type".to_owned(), "unknown_type"),
            ("/body/1/type".to_owned(), "missing_field"),
            ("/body/2/size".to_owned(), "unknown_field"),
            ("/body/2/text".to_owned(), "wrong_type"),
            ("/body/3".to_owned(), "wrong_type"),
        ]
    );
}

#[test]
fn what_is_published_keeps_every_rule() {
    let (catalogue, article) = (catalogue(), article());
    let draft = fields(json!({
        "stars": 9, "link": "javascript:alert(1)", "code": "a", "mood": "odd", "mail": "x", "tags": ["too long"],
        "body": [{"type": "markdown"}, {"type": "heading", "text": "x", "level": 7}]
    }));
    assert_eq!(
        found(complete(&catalogue, &article, &draft)),
        [
            ("/title".to_owned(), "required"),
            ("/stars".to_owned(), "too_great"),
            ("/mood".to_owned(), "invalid_choice"),
            ("/link".to_owned(), "invalid_value"),
            ("/mail".to_owned(), "invalid_value"),
            ("/code".to_owned(), "pattern"),
            ("/tags/0".to_owned(), "too_long"),
            ("/body/0/text".to_owned(), "required"),
            ("/body/1/level".to_owned(), "too_great"),
        ]
    );
}

#[test]
fn links_lead_to_the_web_and_nowhere_else() {
    for good in
        ["https://example.org", "HTTP://example.org/x", "/a/b", "a?b=c:d", "#x", "mailto:a@example.org", "tel:1"]
    {
        assert!(is_address(good), "{good}");
    }
    for bad in [
        "javascript:alert(1)",
        "JavaScript:x",
        "data:text/html,x",
        "java\tscript:x",
        " x",
        "",
        "https:",
        "vbscript:x",
        "blob:x",
    ] {
        assert!(!is_address(bad), "{bad}");
    }
}

#[test]
fn blocks_are_bounded_in_number_and_depth() {
    let section =
        definition(json!({"title": "Section", "component": true, "fields": [{"key": "body", "kind": "blocks"}]}));
    let catalogue = catalogue().with(key("section"), Arc::new(section));
    let article = article();
    let many: Vec<Value> = (0..300)
        .map(|_| json!({"type": "section", "body": vec![json!({"type": "markdown", "text": "x"}); 300]}))
        .collect();
    let codes: Vec<_> = found(shape(&catalogue, &article, &fields(json!({"body": many}))));
    assert!(codes.iter().any(|(_, code)| *code == "too_many"), "{codes:?}");
    let mut deep = json!({"type": "section"});
    for _ in 0..BLOCK_DEPTH {
        deep = json!({"type": "section", "body": [deep]});
    }
    let codes = found(shape(&catalogue, &article, &fields(json!({"body": [deep]}))));
    assert!(codes.iter().any(|(_, code)| *code == "too_deep"), "{codes:?}");
    let id = "01980000-0000-7000-8000-000000000000";
    let twice = json!({"body": [{"type": "markdown", "id": id}, {"type": "markdown", "id": id}]});
    assert_eq!(found(shape(&catalogue, &article, &fields(twice))), [("/body/1/id".to_owned(), "already_exists")]);
}

#[test]
fn references_are_found_wherever_they_stand() {
    let teaser = definition(json!({"title": "Teaser", "component": true, "fields": [
        {"key": "to", "kind": "reference", "types": ["author"]}]}));
    let catalogue = catalogue().with(key("teaser"), Arc::new(teaser));
    let id = "01980000-0000-7000-8000-000000000000";
    let draft = json!({"author": id, "others": [id], "body": [{"type": "markdown"}, {"type": "teaser", "to": id}]});
    let pointers: Vec<_> = references(&catalogue, &article(), &fields(draft))
        .into_iter()
        .map(|reference| (reference.pointer, reference.index, reference.target))
        .collect();
    let target: EntryId = id.parse().expect("an id");
    assert_eq!(
        pointers,
        [
            ("/author".to_owned(), None, target),
            ("/others".to_owned(), Some(0), target),
            ("/body/1/to".to_owned(), None, target),
        ]
    );
}

#[test]
fn a_document_is_stored_in_one_form() {
    let (catalogue, article) = (catalogue(), article());
    let mut n = 0_u8;
    let mut id = || {
        n += 1;
        BlockId::new(crate::Instant::from_micros(0), [n; 10])
    };
    let mut draft =
        fields(json!({"title": "Über uns", "day": null, "body": [{"type": "heading", "text": "x", "level": null}]}));
    tidy::tidy(&catalogue, &article, &mut draft, &mut id);
    assert_eq!(draft["slug"], "über-uns");
    assert!(draft["body"][0]["id"].is_string() && !draft.contains_key("day"));
    let before = draft.clone();
    tidy::tidy(&catalogue, &article, &mut draft, &mut id);
    assert_eq!(draft, before);
    let wanted = draft["body"][0]["id"].as_str().expect("an id").to_owned();
    let mut whole = Value::Object(draft);
    assert_eq!(tidy::find_block(&mut whole, &wanted).expect("the block")["type"], "heading");
}

#[test]
fn what_a_type_no_longer_knows_is_left_out() {
    let (catalogue, article) = (catalogue(), article());
    let mut old =
        fields(json!({"title": "x", "gone": [1], "day": 5, "body": [{"type": "markdown", "text": "x", "old": 1}]}));
    assert_eq!(tidy::prune(&catalogue, &article, &mut old).len(), 3);
    assert_eq!(old, fields(json!({"title": "x", "body": [{"type": "markdown", "text": "x"}]})));
    // of a list what is wrong, and the list with its last item
    let mut blocks =
        fields(json!({"body": [{"id": "a", "type": "gone"}, {"type": "markdown", "text": 5}, {"type": "gone"}]}));
    let pruned = tidy::prune(&catalogue, &article, &mut blocks);
    assert_eq!(blocks, fields(json!({"body": [{"type": "markdown"}]})));
    assert!(pruned.iter().all(|pruned| pruned.field == "body"), "{pruned:?}");
    let mut empty = fields(json!({"body": [{"type": "gone"}]}));
    tidy::prune(&catalogue, &article, &mut empty);
    assert_eq!(empty, fields(json!({})));
}

#[test]
fn a_change_says_what_it_would_lose() {
    let before = article();
    let mut after = before.clone();
    after.fields.retain(|field| field.key.as_str() != "day");
    after.fields[0].kind = Kind::Markdown;
    after.fields[4].kind = Kind::Boolean;
    let lost = |field: &&Field| field.loses(after.field(field.key.as_str()), &json!("x"));
    let lost: Vec<_> = before.fields.iter().filter(lost).map(|field| field.key.to_string()).collect();
    assert_eq!(lost, ["day", "stars"]);
}

#[test]
fn a_change_inside_a_group_or_a_list_loses_what_is_there() {
    let text = |key: &str| json!({"key": key, "kind": "text"});
    let group = |fields: Value| json!({"key": "place", "kind": "group", "fields": fields});
    let list = |of: Value| json!({"key": "places", "kind": "list", "of": of});
    let field = |of: Value| serde_json::from_value::<Field>(of).expect("a field");
    let [both, one] = [json!([text("street"), text("town")]), json!([text("town")])];
    let (before, after) = (field(group(both.clone())), field(group(one.clone())));
    assert!(before.loses(Some(&after), &json!({"street": "Knot Street"})));
    assert!(
        !before.loses(Some(&after), &json!({"town": "Bremen"}))
            && !after.loses(Some(&before), &json!({"town": "Bremen"}))
    );
    let of = |fields: &Value| json!({"kind": "group", "fields": fields});
    let (before, after) = (field(list(of(&both))), field(list(of(&one))));
    assert!(before.loses(Some(&after), &json!([{"town": "Bremen"}, {"street": "Knot Street"}])));
    assert!(!before.loses(Some(&after), &json!([{"town": "Bremen"}])));
    assert!(before.loses(Some(&field(list(json!({"kind": "boolean"})))), &json!([{}])));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("01980000-0000-7000-8000-000000000000")),
        Just(json!("markdown")),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let name = prop_oneof!["[a-z]{1,6}", Just("type".to_owned()), Just("id".to_owned()), Just("text".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_document() -> impl Strategy<Value = Map<String, Value>> {
    let names = ["title", "slug", "author", "others", "day", "stars", "mood", "link", "tags", "body", "more"];
    prop::collection::btree_map(prop::sample::select(names.to_vec()), any_json(), 0..8)
        .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

proptest! {
    #[test]
    fn any_document_is_judged_and_what_is_complete_has_the_right_shape(document in any_document()) {
        let (catalogue, article) = (catalogue(), article());
        let (draft, whole) = (shape(&catalogue, &article, &document), complete(&catalogue, &article, &document));
        prop_assert!(draft.len() <= whole.len() || whole.len() >= MOST_FAULTS);
        for fault in &draft {
            let there = Value::Object(document.clone());
            let parent = fault.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            prop_assert!(there.pointer(parent).is_some(), "{} leads nowhere", fault.pointer);
        }
        let _ = references(&catalogue, &article, &document);
    }

    #[test]
    fn tidying_and_pruning_settle(document in any_document()) {
        let (catalogue, article) = (catalogue(), article());
        let mut pruned = document;
        tidy::prune(&catalogue, &article, &mut pruned);
        prop_assert_eq!(shape(&catalogue, &article, &pruned), vec![]);
        let mut n = 0_u64;
        let mut id = || {
            n += 1;
            BlockId::new(crate::Instant::from_micros(i64::try_from(n).unwrap_or(0) * 1000), [7; 10])
        };
        tidy::tidy(&catalogue, &article, &mut pruned, &mut id);
        prop_assert_eq!(shape(&catalogue, &article, &pruned), vec![]);
        let once = pruned.clone();
        tidy::tidy(&catalogue, &article, &mut pruned, &mut id);
        prop_assert_eq!(pruned, once);
    }

    #[test]
    fn merging_does_what_rfc_7396_says(before in any_document(), patch in any_document()) {
        fn by_the_letter(target: Value, patch: Value) -> Value {
            let Value::Object(patch) = patch else { return patch };
            let mut target = match target { Value::Object(target) => target, _ => Map::new() };
            for (key, value) in patch {
                if value.is_null() {
                    target.remove(&key);
                } else {
                    let member = target.remove(&key).unwrap_or(Value::Null);
                    target.insert(key, by_the_letter(member, value));
                }
            }
            Value::Object(target)
        }
        let expected = by_the_letter(Value::Object(before.clone()), Value::Object(patch.clone()));
        let mut merged = before;
        crate::patch::merge(&mut merged, patch);
        prop_assert_eq!(Value::Object(merged), expected);
    }
}
