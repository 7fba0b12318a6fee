//! Answers against the rules of a form: every fault, and no value in any of them.

use super::*;
use proptest::prelude::*;

fn form() -> Definition {
    serde_json::from_str(
        r#"{"title":{"en":"Contact"},"purpose":{"term":"fulfil_request","text":{"en":"To answer"}},
            "fields":[{"key":"name","kind":"name","required":true,"label":{"en":"Name"}},
                {"key":"email","kind":"email","required":true,"label":{"en":"E-mail"}},
                {"key":"topic","kind":"choice","label":{"en":"Topic"},
                    "choices":[{"value":"a","label":{"en":"A"}},{"value":"b","label":{"en":"B"}}]},
                {"key":"message","kind":"free_text","max_length":10,"label":{"en":"Message"}}],
            "retention":{},"permissions":[{"use":"newsletter","text":{"en":"News"},"period":"P24M"}]}"#,
    )
    .expect("a form")
}

fn parse(fields: &Value, uses: &[&str]) -> Result<Answers, Vec<Fault>> {
    let uses: Vec<_> = uses.iter().map(|name| (*name).to_owned()).collect();
    Answers::parse(&form(), fields.as_object().expect("an object"), &uses)
}

fn faults(fields: &Value, uses: &[&str]) -> Vec<(String, &'static str)> {
    let faults = parse(fields, uses).err().expect("refused");
    faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn answers_go_to_their_groups() {
    let sent = serde_json::json!({"name": " Ada \"A\" ", "email": "Ada@Example.org", "message": "Hi\n=1+1"});
    let answers = parse(&sent, &["newsletter", "newsletter"]).unwrap_or_else(|_| panic!("taken"));
    let group = |group| answers.group(group).map(|json| String::from_utf8(json.to_vec()).expect("UTF-8"));
    assert_eq!(group(Group::Contact).as_deref(), Some(r#"{"name":"Ada \"A\"","email":"Ada@Example.org"}"#));
    assert_eq!(group(Group::Message).as_deref(), Some(r#"{"message":"Hi\n=1+1"}"#));
    assert_eq!(group(Group::Attachment), None);
    assert_eq!(answers.address().map(EmailAddress::as_str), Some("ada@example.org"));
    assert_eq!(answers.uses().len(), 1);
}

#[test]
fn every_fault_is_told_at_once_and_nothing_that_was_sent() {
    let sent = serde_json::json!({
        "email": "no address", "topic": "c", "message": "12345678901", "extra": "x", "ada@example.org": 1,
    });
    let found = faults(&sent, &["survey"]);
    assert_eq!(
        found,
        [
            ("/fields/?".to_owned(), "unknown_field"),
            ("/fields/extra".to_owned(), "unknown_field"),
            ("/fields/name".to_owned(), "missing_field"),
            ("/fields/email".to_owned(), "invalid_value"),
            ("/fields/topic".to_owned(), "invalid_value"),
            ("/fields/message".to_owned(), "invalid_value"),
            ("/permissions/0".to_owned(), "invalid_value"),
        ]
    );
}

#[test]
fn one_line_is_one_line() {
    for name in ["Ada\nBcc: eve@example.org", "Ada\0", "A\u{7}da", "A\u{85}da"] {
        let sent = serde_json::json!({"name": name, "email": "ada@example.org"});
        assert_eq!(faults(&sent, &[]), [("/fields/name".to_owned(), "invalid_value")]);
    }
    let sent = serde_json::json!({"name": 1, "email": ["ada@example.org"]});
    assert_eq!(
        faults(&sent, &[]),
        [("/fields/name".to_owned(), "wrong_type"), ("/fields/email".to_owned(), "wrong_type")]
    );
}

#[test]
fn a_definition_says_what_is_wrong_with_it() {
    let mut form = form();
    assert_eq!(form.faults(), []);
    assert_eq!(form.missing(&"en".parse().expect("a locale")), []);
    assert_eq!(form.missing(&"de".parse().expect("a locale")).len(), 9);
    form.fields.push(form.fields[0].clone());
    form.fields[2].choices.clear();
    form.permissions[0].period = "P25M".parse().expect("a period");
    let places: Vec<_> = form.faults().into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(places, ["/fields/4/key", "/fields/2/choices", "/permissions/0/period"]);
    (form.purpose, form.retention) = (None, None);
    form.fields.clear();
    let places: Vec<_> =
        form.missing(&"en".parse().expect("a locale")).into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(places, ["/purpose", "/retention", "/fields"]);
}

proptest! {
    #[test]
    fn whatever_is_sent_is_taken_as_it_is_or_refused(name in "\\PC{0,20}", message in "[\\PC\n\r\t]{0,12}") {
        let sent = serde_json::json!({"name": name, "email": "ada@example.org", "message": message});
        if let Ok(answers) = parse(&sent, &[]) {
            let contact = answers.group(Group::Contact).expect("a name");
            let read: Value = serde_json::from_slice(&contact).expect("JSON");
            prop_assert_eq!(read["name"].as_str(), Some(name.trim()));
        }
    }
}
