//! The page on which the holder of a receipt sees what becomes of a submission, and changes it.
//!
//! The token travels in the body of a form, never in an address, and the page is kept nowhere.

use super::STYLE;
use super::markup::Html;
use crate::visitor::words::{self, Words, mine};
use bonafide_model::{Instant, Locale};

/// Where the page is, and where it is sent.
pub(crate) const PLACE: &str = "/v1/my/page";

/// What a button does.
pub(crate) mod action {
    pub(crate) const SHOW: &str = "show";
    pub(crate) const ERASE: &str = "erase";
    pub(crate) const CANCEL: &str = "cancel-erasure";
    pub(crate) const RESTRICT: &str = "restrict";
    pub(crate) const UNRESTRICT: &str = "unrestrict";
    pub(crate) const PERMIT: &str = "permit";
    pub(crate) const WITHDRAW: &str = "withdraw";
}

/// Why the page is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Unknown,
    Refused,
}

/// The page, with a submission or without one.
pub(crate) struct MyPage<'a> {
    pub(crate) locale: &'a Locale,
    pub(crate) notice: Option<Notice>,
    /// The token of the receipt and what it is about.
    pub(crate) shown: Option<(&'a str, Shown<'a>)>,
}

/// A submission, as its page shows it.
pub(crate) struct Shown<'a> {
    pub(crate) state: &'a str,
    /// Whether the visitor has restricted its use, and can lift that.
    pub(crate) restricted_by_visitor: bool,
    pub(crate) submitted_at: Instant,
    pub(crate) fulfilled_at: Option<Instant>,
    pub(crate) due_at: Instant,
    pub(crate) erase_at: Option<Instant>,
    pub(crate) erased_at: Option<Instant>,
    pub(crate) scrubbed_at: Option<Instant>,
    /// The further uses, each in words, with its name and the end of the permission if there is one.
    pub(crate) uses: Vec<(&'a str, &'a str, Option<Instant>)>,
}

impl Shown<'_> {
    fn is_live(&self) -> bool {
        self.erased_at.is_none() && self.state != "erasing"
    }
}

/// The page.
pub(crate) fn page(page: &MyPage<'_>) -> String {
    let (words, mine) = (words::of(page.locale), mine::of(page.locale));
    let mut html = Html::begin(page.locale, mine.title, STYLE);
    html.ours("h1", "", words, mine.title);
    if let Some(notice) = page.notice {
        let text = if notice == Notice::Unknown { mine.unknown } else { mine.refused };
        html.ours("p", "class=\"faults\" role=\"alert\"", words, text);
    }
    let Some((token, shown)) = &page.shown else {
        begin(&mut html, page.locale);
        html.ours("label", "for=\"receipt\"", words, mine.token);
        html.raw("<input id=\"receipt\" name=\"receipt\" required autocomplete=\"off\" spellcheck=\"false\">\n");
        end(&mut html, words, action::SHOW, mine.show);
        return html.end();
    };
    dates(&mut html, words, mine, shown);
    let mut button = |r#use: Option<&str>, action, text| {
        begin(&mut html, page.locale);
        html.raw("<input type=\"hidden\" name=\"receipt\"").attribute("value", token).raw(">\n");
        if let Some(r#use) = r#use {
            html.raw("<input type=\"hidden\" name=\"use\"").attribute("value", r#use).raw(">\n");
            let about = shown.uses.iter().find(|(name, ..)| *name == r#use).map_or("", |(_, about, _)| about);
            html.element("p", &[], about);
        }
        let hint = match action {
            action::ERASE => mine.erase_hint,
            action::RESTRICT => mine.restrict_hint,
            _ => "",
        };
        if !hint.is_empty() {
            html.ours("p", "class=\"help\"", words, hint);
        }
        end(&mut html, words, action, text);
    };
    if shown.is_live() {
        for (name, _, until) in &shown.uses {
            match until {
                Some(_) => button(Some(name), action::WITHDRAW, mine.withdraw),
                None if shown.state != "restricted" => button(Some(name), action::PERMIT, mine.permit),
                None => {}
            }
        }
        if shown.restricted_by_visitor {
            button(None, action::UNRESTRICT, mine.unrestrict);
        } else if shown.erase_at.is_none() {
            button(None, action::RESTRICT, mine.restrict);
        }
        match shown.erase_at {
            Some(_) => button(None, action::CANCEL, mine.cancel),
            None => button(None, action::ERASE, mine.erase),
        }
    }
    html.end()
}

/// The button on the page of a receipt that leads here.
pub(super) fn link(html: &mut Html, locale: &Locale, token: &str) {
    let (words, mine) = (words::of(locale), mine::of(locale));
    begin(html, locale);
    html.raw("<input type=\"hidden\" name=\"receipt\"").attribute("value", token).raw(">\n");
    end(html, words, action::SHOW, mine.title);
}

fn begin(html: &mut Html, locale: &Locale) {
    let action = format!("{PLACE}?locale={locale}");
    html.raw("<form method=\"post\" accept-charset=\"utf-8\"").attribute("action", &action).raw(">\n");
}

fn end(html: &mut Html, words: &'static Words, action: &str, text: &str) {
    html.raw("<input type=\"hidden\" name=\"action\"").attribute("value", action).raw(">\n");
    html.ours("button", "type=\"submit\"", words, text);
    html.raw("</form>\n");
}

fn dates(html: &mut Html, words: &'static Words, mine: &'static mine::Mine, shown: &Shown<'_>) {
    html.raw("<dl>\n");
    html.ours("dt", "", words, mine.state);
    html.ours("dd", "", words, mine.state_in_words(shown.state));
    let due = shown.erased_at.is_none().then_some(shown.due_at);
    for (name, at) in [
        (words.submitted, Some(shown.submitted_at)),
        (mine.fulfilled, shown.fulfilled_at),
        (mine.erase_at, if shown.erased_at.is_none() { shown.erase_at } else { None }.or(due)),
        (mine.erased, shown.erased_at),
        (mine.scrubbed, shown.scrubbed_at),
    ] {
        let Some(at) = at else { continue };
        html.raw("\n");
        html.ours("dt", "", words, name);
        html.raw("<dd>").instant(at).raw("</dd>");
    }
    html.raw("\n</dl>\n");
}
