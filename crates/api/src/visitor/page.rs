//! The page of a form for browsers without scripts, and of the receipt: pure functions of values.
//!
//! It works with cookies and scripts refused, loads nothing, and says so in its [`policy`]. What it is made of is
//! chosen for screen readers, keyboards and small screens: every field has its label, its help and its fault by reference,
//! groups have legends, faults stand on top with links, and the language of each phrase is marked.

mod markup;
pub(crate) mod mine;

use super::words::{self, Words};
use bonafide_model::{Instant, Locale, Period};
use markup::Html;

/// The names under which a page sends answers: this and the key of the field.
pub(crate) const FIELD: &str = "fields.";

/// What the page looks like. Its hash stands in [`policy`].
const STYLE: &str = include_str!("page/style.css");

/// A form, in one locale, as it is shown.
pub(crate) struct FormPage<'a> {
    pub(crate) locale: &'a Locale,
    pub(crate) title: &'a str,
    /// Where it is sent.
    pub(crate) action: &'a str,
    pub(crate) token: &'a str,
    /// The name of the field that people leave empty.
    pub(crate) honeypot: &'a str,
    /// Why it is shown again.
    pub(crate) notice: Option<Notice>,
    /// How long a visitor has to wait before it is taken.
    pub(crate) minimum_seconds: u64,
    pub(crate) purpose: &'a str,
    pub(crate) after_fulfilment: Period,
    pub(crate) unanswered: Period,
    /// The revision of the policy in force: its number and where it can be read.
    pub(crate) policy: Option<(u32, Option<&'a str>)>,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) permissions: Vec<Permission<'a>>,
    /// The other locales, each with its page.
    pub(crate) others: Vec<(&'a Locale, String)>,
}

/// One field.
pub(crate) struct Field<'a> {
    pub(crate) key: &'a str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) label: &'a str,
    pub(crate) help: Option<&'a str>,
    pub(crate) max_length: u32,
    /// What can be chosen: the value and its label.
    pub(crate) choices: Vec<(&'a str, &'a str)>,
    /// What the visitor sent, when it is shown again.
    pub(crate) value: Option<&'a str>,
    pub(crate) fault: Option<Fault>,
}

/// What kind of data a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Email,
    PostalAddress,
    Phone,
    FreeText,
    Choice,
    Other,
}

impl Kind {
    /// What a browser can fill in by itself (WHATWG HTML, autofill).
    pub(crate) const fn autocomplete(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::PostalAddress => "street-address",
            Self::Phone => "tel",
            Self::FreeText | Self::Choice | Self::Other => "off",
        }
    }
}

/// Why an answer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing,
    TooLong,
    Other,
}

/// Why a form was not taken though its answers are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    TooEarly,
    Stale,
    TooMany,
    Unavailable,
    /// It may have been kept all the same.
    Uncertain,
}

/// A use beyond the purpose.
pub(crate) struct Permission<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
    pub(crate) period: Period,
    /// Whether the visitor checked it before the page was shown again. Off when it is handed out.
    pub(crate) given: bool,
}

/// What the sender of a form gets.
pub(crate) struct ReceiptPage<'a> {
    pub(crate) locale: &'a Locale,
    /// The title of the form.
    pub(crate) title: &'a str,
    /// The receipt's token, shown this once.
    pub(crate) token: &'a str,
    pub(crate) submitted_at: Instant,
    pub(crate) due_at: Instant,
    /// The uses that were permitted, in words, each with its end.
    pub(crate) permissions: Vec<(&'a str, Instant)>,
}

/// The `Content-Security-Policy` of the pages: nothing but their own style, and they are sent to this server alone.
///
/// `frames` are the origins whose pages may show it in a frame.
pub(crate) fn policy(frames: &[&str]) -> String {
    let frames = if frames.is_empty() { "'none'".to_owned() } else { frames.join(" ") };
    let hash = markup::sha256_base64(STYLE);
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
    )
}

/// The page of a form.
pub(crate) fn form(page: &FormPage<'_>) -> String {
    let words = words::of(page.locale);
    let mut html = Html::begin(page.locale, page.title, STYLE);
    html.element("h1", &[], page.title);
    if let Some(notice) = page.notice {
        let text = match notice {
            Notice::TooEarly => words.too_early,
            Notice::Stale => words.stale,
            Notice::TooMany => words.too_many,
            Notice::Unavailable => words.unavailable,
            Notice::Uncertain => words.uncertain,
        };
        html.ours("p", "class=\"faults\" role=\"alert\"", words, text);
    }
    faults(&mut html, words, page);
    html.raw("<form method=\"post\"").attribute("action", page.action).raw(" accept-charset=\"utf-8\">\n");
    html.raw("<input type=\"hidden\" name=\"token\"").attribute("value", page.token).raw(">\n");
    for item in &page.fields {
        field(&mut html, words, item);
    }
    permissions(&mut html, words, page);
    promises(&mut html, words, page);
    html.raw("<div class=\"apart\" aria-hidden=\"true\"><label for=\"apart\">");
    html.text(words.leave_empty).raw("</label><input id=\"apart\" tabindex=\"-1\" autocomplete=\"off\"");
    html.attribute("name", page.honeypot).raw("></div>\n");
    let wait = Words::fill(words.wait, "seconds", &page.minimum_seconds.to_string());
    html.ours("p", "id=\"wait\" class=\"help\"", words, &wait);
    html.ours("button", "type=\"submit\" aria-describedby=\"wait\"", words, words.send);
    html.raw("</form>\n");
    others(&mut html, words, page);
    html.end()
}

/// The page of a receipt.
pub(crate) fn receipt(page: &ReceiptPage<'_>) -> String {
    let words = words::of(page.locale);
    let mut html = Html::begin(page.locale, page.title, STYLE);
    html.element("p", &[("class", "help")], page.title);
    html.ours("h1", "", words, words.thanks);
    html.ours("h2", "", words, words.receipt);
    html.ours("p", "", words, words.receipt_hint);
    html.raw("<p><code class=\"token\">").text(page.token).raw("</code></p>\n<dl>\n");
    html.ours("dt", "", words, words.submitted);
    html.raw("<dd>").instant(page.submitted_at).raw("</dd>\n");
    html.ours("dt", "", words, words.erased_by);
    html.raw("<dd>").instant(page.due_at).raw("</dd>\n");
    if !page.permissions.is_empty() {
        html.ours("dt", "", words, words.permitted);
    }
    for (text, until) in &page.permissions {
        html.raw("<dd>").text(text).raw(" (");
        let (before, after) = words.until.split_once("{instant}").unwrap_or((words.until, ""));
        html.text(before).instant(*until).text(after).raw(")</dd>\n");
    }
    html.raw("</dl>\n");
    mine::link(&mut html, page.locale, page.token);
    html.end()
}

fn faults(html: &mut Html, words: &'static Words, page: &FormPage<'_>) {
    let mut wrong = page.fields.iter().filter_map(|field| Some((field, field.fault?))).peekable();
    if wrong.peek().is_none() {
        return;
    }
    html.raw("<div class=\"faults\" role=\"alert\">\n");
    html.ours("h2", "", words, words.check);
    html.raw("<ul>\n");
    for (field, fault) in wrong {
        html.raw("<li><a").attribute("href", &format!("#{}", first_control(field))).raw(">").text(field.label);
        html.raw("</a>: ");
        html.ours("span", "", words, &said(words, field, fault));
        html.raw("</li>\n");
    }
    html.raw("</ul>\n</div>\n");
}

fn said(words: &Words, field: &Field<'_>, fault: Fault) -> String {
    match fault {
        Fault::Missing => words.missing.to_owned(),
        Fault::TooLong => Words::fill(words.too_long, "most", &field.max_length.to_string()),
        Fault::Other if field.kind == Kind::Email => words.no_address.to_owned(),
        Fault::Other => words.not_taken.to_owned(),
    }
}

/// The most choices that are shown as buttons side by side; more are a list to open.
const BUTTONS: usize = 7;

fn is_buttons(field: &Field<'_>) -> bool {
    field.kind == Kind::Choice && field.choices.len() <= BUTTONS
}

fn first_control(field: &Field<'_>) -> String {
    if is_buttons(field) { format!("f-{}-0", field.key) } else { format!("f-{}", field.key) }
}

fn field(html: &mut Html, words: &'static Words, field: &Field<'_>) {
    let group = is_buttons(field);
    if group {
        html.raw("<fieldset class=\"field\"");
        describe(html, field);
        html.raw("><legend>");
    } else {
        html.raw("<div class=\"field\"><label").attribute("for", &first_control(field)).raw(">");
    }
    html.text(field.label);
    if field.required {
        html.raw(" ");
        html.ours("small", "", words, &format!("({})", words.required));
    }
    html.raw(if group { "</legend>\n" } else { "</label>\n" });
    if let Some(help) = field.help {
        html.raw("<p class=\"help\"").attribute("id", &format!("h-{}", field.key)).raw(">").text(help).raw("</p>\n");
    }
    if let Some(fault) = field.fault {
        let attributes = format!("class=\"fault\" id=\"e-{}\"", field.key);
        html.ours("p", &attributes, words, &said(words, field, fault));
    }
    match field.kind {
        Kind::Choice if group => buttons(html, field),
        Kind::Choice => list(html, words, field),
        Kind::FreeText => area(html, field, 8),
        Kind::PostalAddress => area(html, field, 4),
        Kind::Email => input(html, field, "email"),
        Kind::Phone => input(html, field, "tel"),
        Kind::Name | Kind::Other => input(html, field, "text"),
    }
    html.raw(if group { "</fieldset>\n" } else { "</div>\n" });
}

fn describe(html: &mut Html, field: &Field<'_>) {
    let by = [field.help.map(|_| "h"), field.fault.map(|_| "e")];
    let by: Vec<String> = by.into_iter().flatten().map(|what| format!("{what}-{}", field.key)).collect();
    if !by.is_empty() {
        html.attribute("aria-describedby", &by.join(" "));
    }
}

fn control(html: &mut Html, field: &Field<'_>) {
    html.attribute("id", &first_control(field)).attribute("name", &format!("{FIELD}{}", field.key));
    describe(html, field);
    if field.required {
        html.raw(" required");
    }
    if field.fault.is_some() {
        html.raw(" aria-invalid=\"true\"");
    }
}

fn input(html: &mut Html, field: &Field<'_>, kind: &str) {
    html.raw("<input dir=\"auto\"").attribute("type", kind).attribute("autocomplete", field.kind.autocomplete());
    html.attribute("maxlength", &field.max_length.to_string());
    control(html, field);
    if let Some(value) = field.value {
        html.attribute("value", value);
    }
    html.raw(">\n");
}

fn area(html: &mut Html, field: &Field<'_>, rows: u32) {
    html.raw("<textarea dir=\"auto\"").attribute("rows", &rows.to_string());
    html.attribute("autocomplete", field.kind.autocomplete());
    html.attribute("maxlength", &field.max_length.to_string());
    control(html, field);
    // the parser of HTML drops one line break after the tag, which may be the visitor's own
    html.raw(">\n").text(field.value.unwrap_or_default()).raw("</textarea>\n");
}

fn buttons(html: &mut Html, field: &Field<'_>) {
    for (index, (value, label)) in field.choices.iter().enumerate() {
        let id = format!("f-{}-{index}", field.key);
        html.raw("<div class=\"option\"><input type=\"radio\"").attribute("id", &id);
        html.attribute("name", &format!("{FIELD}{}", field.key)).attribute("value", value);
        html.raw(if field.required { " required" } else { "" });
        html.raw(if field.value == Some(value) { " checked" } else { "" });
        html.raw("><label").attribute("for", &id).raw(">").text(label).raw("</label></div>\n");
    }
}

fn list(html: &mut Html, words: &'static Words, field: &Field<'_>) {
    html.raw("<select");
    control(html, field);
    html.raw(">\n");
    html.ours("option", "value=\"\"", words, words.choose);
    for (value, label) in &field.choices {
        html.raw("<option").attribute("value", value);
        html.raw(if field.value == Some(value) { " selected" } else { "" });
        html.raw(">").text(label).raw("</option>\n");
    }
    html.raw("</select>\n");
}

fn permissions(html: &mut Html, words: &'static Words, page: &FormPage<'_>) {
    if page.permissions.is_empty() {
        return;
    }
    html.raw("<fieldset aria-describedby=\"permissions\">");
    html.ours("legend", "", words, words.permissions);
    html.ours("p", "id=\"permissions\" class=\"help\"", words, words.permissions_hint);
    for (index, permission) in page.permissions.iter().enumerate() {
        let (id, about) = (format!("p-{index}"), format!("d-{index}"));
        html.raw("<div class=\"option\"><input type=\"checkbox\" name=\"permissions\"").attribute("id", &id);
        html.attribute("value", permission.name).attribute("aria-describedby", &about);
        html.raw(if permission.given { " checked" } else { "" });
        html.raw("><div><label").attribute("for", &id).raw(">").text(permission.text).raw("</label>\n");
        let period = Words::fill(words.permission_period, "period", &words.period(permission.period));
        html.ours("p", &format!("class=\"help\" id=\"{about}\""), words, &period);
        html.raw("</div></div>\n");
    }
    html.raw("</fieldset>\n");
}

fn promises(html: &mut Html, words: &'static Words, page: &FormPage<'_>) {
    html.raw("<section class=\"promises\">\n");
    html.ours("h2", "", words, words.purpose);
    html.element("p", &[], page.purpose);
    html.ours("h2", "", words, words.kept);
    html.ours("p", "", words, &words.retention(page.after_fulfilment, page.unanswered));
    if let Some((number, address)) = page.policy {
        let text = Words::fill(words.policy, "number", &number.to_string());
        html.raw("<p>");
        if let Some(address) = address {
            html.raw("<a").attribute("href", address).raw(">");
        }
        html.ours("span", "", words, &text);
        html.raw(if address.is_some() { "</a></p>\n" } else { "</p>\n" });
    }
    html.raw("</section>\n");
}

fn others(html: &mut Html, words: &'static Words, page: &FormPage<'_>) {
    if page.others.is_empty() {
        return;
    }
    html.raw("<nav aria-labelledby=\"others\">");
    html.ours("h2", "id=\"others\"", words, words.other_languages);
    html.raw("<ul>\n");
    for (locale, address) in &page.others {
        html.raw("<li><a").attribute("href", address).attribute("hreflang", locale.as_str());
        html.attribute("lang", locale.as_str()).raw(">").text(locale.as_str()).raw("</a></li>\n");
    }
    html.raw("</ul></nav>\n");
}

#[cfg(test)]
mod tests;
