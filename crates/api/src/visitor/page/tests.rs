//! The pages: nothing becomes markup, everything is labelled, nothing is loaded, permissions are off.

use super::*;
use proptest::prelude::*;

fn locale(tag: &str) -> Locale {
    tag.parse().expect("a tag")
}

fn field<'a>(key: &'a str, kind: Kind, label: &'a str) -> Field<'a> {
    let choices = if kind == Kind::Choice { vec![("red", "Red"), ("blue", "Blue")] } else { Vec::new() };
    Field { key, kind, required: false, label, help: None, max_length: 200, choices, value: None, fault: None }
}

fn page<'a>(locale: &'a Locale, text: &'a str) -> FormPage<'a> {
    let kinds = [Kind::Name, Kind::Email, Kind::PostalAddress, Kind::Phone, Kind::FreeText, Kind::Choice, Kind::Other];
    let keys = ["name", "email", "address", "phone", "message", "colour", "other"];
    let mut fields: Vec<_> = keys.into_iter().zip(kinds).map(|(key, kind)| field(key, kind, text)).collect();
    fields[1].required = true;
    fields[1].help = Some(text);
    fields[2].value = Some(text);
    fields[4].value = Some(text);
    FormPage {
        locale,
        title: text,
        action: "/v1/forms/contact/submissions",
        token: "abc",
        honeypot: "homepage",
        notice: None,
        minimum_seconds: 10,
        purpose: text,
        after_fulfilment: Period::days(30),
        unanswered: Period::days(180),
        policy: Some((4, Some("/v1/policies/privacy/revisions/4.md"))),
        fields,
        permissions: vec![Permission { name: "newsletter", text, period: Period::months(24), given: false }],
        others: Vec::new(),
    }
}

/// The values of an attribute, wherever it stands.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    html.split(&begin).skip(1).filter_map(|rest| rest.split_once('"')).map(|(value, _)| value).collect()
}

#[test]
fn every_control_has_a_label_and_every_reference_an_end() {
    let locale = locale("en");
    let mut page = page(&locale, "Label");
    page.fields[1].fault = Some(Fault::Missing);
    page.fields[4].fault = Some(Fault::TooLong);
    page.fields[5].fault = Some(Fault::Other);
    let html = form(&page);
    let ids = values(&html, "id");
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id stands there twice: {ids:?}");
    for id in values(&html, "aria-describedby").iter().flat_map(|list| list.split(' ')) {
        assert!(ids.contains(&id), "{id} is not there");
    }
    let labelled = values(&html, "for");
    for id in &labelled {
        assert!(ids.contains(id), "{id} is not there");
    }
    let controls = ["<input", "<textarea", "<select"].map(|tag| html.matches(tag).count()).iter().sum::<usize>();
    assert_eq!(labelled.len(), controls - 1, "all but the token, which is hidden, have a label");
    for link in values(&html, "href").iter().filter_map(|link| link.strip_prefix('#')) {
        assert!(ids.contains(&link), "{link} is not there");
    }
    assert!(html.contains("role=\"alert\"") && html.contains("aria-invalid"), "{html}");
}

#[test]
fn permissions_are_off_and_the_promise_is_on_the_page() {
    let locale = locale("en");
    let html = form(&page(&locale, "Label"));
    assert!(!html.contains(" checked"), "{html}");
    for said in ["30 days", "180 days", "24 months", "revision 4", "10 seconds after"] {
        assert!(html.contains(said), "{said}");
    }
    assert_eq!(values(&html, "action"), ["/v1/forms/contact/submissions"]);
}

#[test]
fn nothing_is_loaded_and_no_script_runs() {
    let locale = locale("en");
    let html = form(&page(&locale, "Label"));
    for loaded in ["<script", "<link", "<img", "<iframe", "src=", "url(", "@import", " style=", "http:", "https:"] {
        assert!(!html.contains(loaded), "{loaded}");
    }
    let is_handler = |word: &str| word.starts_with("on") && word.contains('=');
    assert!(!html.split_whitespace().any(is_handler), "{html}");
    let style = html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).expect("a style").0;
    assert!(policy(&[]).contains(&markup::sha256_base64(style)), "the policy names another style");
    assert!(policy(&[]).ends_with("frame-ancestors 'none'"));
    assert!(policy(&["https://www.example.org"]).ends_with("frame-ancestors https://www.example.org"));
}

#[test]
fn a_page_in_another_language_marks_what_is_said_in_english() {
    let latin = locale("la");
    let html = form(&page(&latin, "Titulus"));
    assert!(html.contains("<html lang=\"la\" dir=\"ltr\">"));
    assert!(html.contains(" lang=\"en\" dir=\"ltr\">Send</button>"), "{html}");
    let german = locale("de-AT");
    let html = form(&page(&german, "Titel"));
    assert!(html.contains(">Absenden</button>") && !html.contains(" lang=\"de\""), "{html}");
    let arabic = locale("ar");
    assert!(form(&page(&arabic, "عنوان")).contains("<html lang=\"ar\" dir=\"rtl\">"));
}

#[test]
fn many_choices_are_a_list_and_few_are_buttons() {
    let locale = locale("en");
    let mut page = page(&locale, "Label");
    assert!(form(&page).contains("type=\"radio\""));
    page.fields[5].choices = vec![("red", "Red"); BUTTONS + 1];
    page.fields[5].value = Some("red");
    let html = form(&page);
    assert!(!html.contains("type=\"radio\"") && html.contains("<select") && html.contains(" selected"), "{html}");
}

#[test]
fn a_receipt_shows_its_token_and_its_dates() {
    let locale = locale("en");
    let at = |text: &str| text.parse::<Instant>().expect("an instant");
    let html = receipt(&ReceiptPage {
        locale: &locale,
        title: "Contact",
        token: "bf_receipt_x",
        submitted_at: at("2026-12-01T09:30:00Z"),
        due_at: at("2027-05-30T09:30:00Z"),
        permissions: vec![("Send me news", at("2028-12-01T09:30:00Z"))],
    });
    for shown in ["bf_receipt_x", "2026-12-01 09:30 UTC", "datetime=\"2027-05-30T09:30:00Z\"", "Send me news"] {
        assert!(html.contains(shown), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_text_becomes_markup(text in prop::collection::vec(prop_oneof![
        Just("<"), Just(">"), Just("\""), Just("'"), Just("&"), Just("</textarea>"), Just("</title>"),
        Just("<script>alert(1)</script>"), Just("\u{202e}"), Just("=1+1"), Just("\u{1f511}"), Just("\n"), Just("x"),
    ], 1..12)) {
        let text = text.concat();
        let locale = locale("en");
        let (plain, html) = (form(&page(&locale, "x")), form(&page(&locale, &text)));
        for mark in ["<", ">", "\""] {
            prop_assert_eq!(html.matches(mark).count(), plain.matches(mark).count(), "{}", html);
        }
    }
}
