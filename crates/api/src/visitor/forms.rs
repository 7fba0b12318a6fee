//! A form as it is handed out: what it asks, what for, for how long, and what is needed to send it back.

use super::letter::Letter;
use super::page::{self, FormPage, Notice};
use super::words;
use crate::app::{App, DeliveryAccess};
use crate::cache::{Form as Representation, form as representation};
use crate::delivery::shared::Wanted;
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bonafide_model::name::{FormKey, PolicyKey};
use bonafide_model::{Locale, Period, TimeZone};
use bonafide_policy::delivery;
use bonafide_retention::Fault;
use bonafide_retention::form::{self, Definition, FormVersion, Kind, Localized, Switch};
use bonafide_retention::intake::{HONEYPOT, proof, token};
use http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The policy whose revision in force a form goes by.
const POLICY: &str = "privacy";

/// A form as it is handed out, in one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedForm {
    #[schema(value_type = String, example = "contact")]
    form: FormKey,
    /// The number of the published version.
    version: u32,
    /// The language of this answer.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// The languages in which all of it can be had.
    #[schema(value_type = Vec<String>, example = json!(["en", "de"]))]
    locales: Vec<Locale>,
    #[schema(example = "Contact")]
    title: String,
    purpose: PublishedPurpose,
    fields: Vec<PublishedField>,
    retention: PublishedRetention,
    /// Uses beyond the purpose. Each is off until the visitor turns it on, and none is needed to send the form.
    permissions: Vec<PublishedPermission>,
    /// To be sent back with the answers: once, within a day.
    token: String,
    /// Sent earlier it is refused.
    minimum_seconds: u64,
    /// A proof of work, where the form wants one: give it to ALTCHA's widget, and send its payload back as `altcha`.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<ChallengeView>,
    /// The revision of the privacy policy in force, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyInForce>,
}

/// What the answers are used for, and nothing else.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedPurpose {
    #[schema(example = "fulfil_request")]
    term: String,
    #[schema(example = "To answer your question")]
    text: String,
}

/// One thing that is asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedField {
    #[schema(example = "email")]
    key: String,
    /// `name`, `email`, `postal_address`, `phone`, `free_text`, `choice` or `other`.
    #[schema(example = "email")]
    kind: String,
    required: bool,
    #[schema(example = "Your e-mail address")]
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// In characters.
    max_length: u32,
    /// The value for `autocomplete` (WHATWG HTML §4.10.18.7).
    autocomplete: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<PublishedChoice>,
}

/// One thing that can be chosen.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedChoice {
    value: String,
    label: String,
}

/// How long answers are kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedRetention {
    #[schema(value_type = String, example = "P30D")]
    after_fulfilment: Period,
    #[schema(value_type = String, example = "P180D")]
    unanswered: Period,
    /// The same in words. Where these are not in the language of the answer, they are in English.
    text: String,
}

/// A use beyond the purpose.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublishedPermission {
    #[schema(example = "newsletter")]
    r#use: String,
    #[schema(example = "Send me news")]
    text: String,
    /// How long the permission lasts.
    #[schema(value_type = String, example = "P24M")]
    period: Period,
    /// Off, always.
    given: bool,
}

/// A revision of a policy.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyInForce {
    #[schema(value_type = String, example = "privacy")]
    pub(super) policy: PolicyKey,
    pub(super) number: u32,
    #[schema(example = "sha256:…")]
    digest: String,
}

/// A challenge in ALTCHA's v2 format.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChallengeView {
    #[schema(value_type = Object)]
    parameters: proof::Parameters,
    signature: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FormQuery {
    /// The language; the site's default if absent.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
    /// Languages to take instead, best first, with commas.
    #[param(example = "de,en")]
    fallback: Option<String>,
}

/// A published form with everything that is needed to show it.
pub(super) struct HandedOut {
    pub(super) form: FormVersion,
    pub(super) locale: Locale,
    locales: Vec<Locale>,
    default: Locale,
    /// With its digest.
    pub(super) policy: Option<([u8; 32], PolicyInForce)>,
    /// The site's zone.
    pub(super) zone: TimeZone,
    /// Where the site is.
    pub(super) base_url: Option<String>,
}

/// What the page says when it is shown again.
#[derive(Default)]
pub(super) struct Refill<'a> {
    pub(super) letter: Option<&'a Letter>,
    pub(super) faults: &'a [Fault],
    pub(super) notice: Option<Notice>,
    /// Whether the token that came is still good.
    pub(super) keep_token: bool,
}

/// Read a form
///
/// Everything that is needed to show it and to send it. With `Accept: text/html` it is a page that needs no script.
#[utoipa::path(get, path = "/v1/forms/{form}", tag = "forms", params(("form" = String, Path, description = "The key of the form"), FormQuery), responses((status = 200, content((PublishedForm = "application/json"), (String = "text/html")))))]
pub(crate) async fn get_published_form(
    State(app): State<App>,
    Path(key): Path<FormKey>,
    Query(query): Query<FormQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let handed_out = hand_out(&app, &key, query).await?;
    if representation(&headers) == Representation::Html {
        return Ok(handed_out.page(&app, &Refill::default()));
    }
    let locale = handed_out.locale.clone();
    let body = serde_json::to_vec(&handed_out.view(&app)).unwrap_or_default();
    Ok(uncached(body, "application/json", &locale))
}

/// Read a form as a page
///
/// A page of HTML that works without scripts and without cookies. It is sent to `/v1/forms/{form}/submissions`.
#[utoipa::path(get, path = "/v1/forms/{form}/page", tag = "forms", params(("form" = String, Path, description = "The key of the form"), FormQuery), responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn get_form_page(
    State(app): State<App>,
    Path(key): Path<FormKey>,
    Query(query): Query<FormQuery>,
) -> Result<Response, ApiError> {
    Ok(hand_out(&app, &key, query).await?.page(&app, &Refill::default()))
}

/// A published form in the language that is wanted.
///
/// # Errors
/// 404 if there is none, or not in that language.
pub(super) async fn hand_out(app: &App, key: &FormKey, query: FormQuery) -> Result<HandedOut, ApiError> {
    let wanted = Wanted::parse(query.locale, query.fallback.as_deref())?;
    let (db, id) = (app.db().read(), app.parts.site);
    let form = form::published(db, id, key).await?;
    let site = app.site().await?;
    let default = site.default_locale().clone();
    let locales = locales(&form.definition);
    let locale = wanted.choose(&locales, &default)?;
    let policy: PolicyKey = POLICY.parse().map_err(|_| Problem::not_found())?;
    let found = delivery::in_force(db, id, &policy, site.time_zone.date(app.now())).await?;
    let policy = found.map(|found| {
        let view = PolicyInForce { policy, number: found.number, digest: found.digest.to_string() };
        (*found.digest.bytes(), view)
    });
    Ok(HandedOut { form, locale, locales, default, policy, zone: site.time_zone, base_url: site.base_url })
}

/// The locales in which every text of a form can be had.
fn locales(definition: &Definition) -> Vec<Locale> {
    let fields = definition.fields.iter().flat_map(|field| {
        let help = Some(&field.help).filter(|help| !help.is_empty());
        std::iter::once(&field.label).chain(help).chain(field.choices.iter().map(|choice| &choice.label))
    });
    let uses = definition.permissions.iter().map(|extra| &extra.text);
    let texts: Vec<&Localized> =
        definition.purpose.iter().map(|purpose| &purpose.text).chain(fields).chain(uses).collect();
    definition.title.keys().filter(|locale| texts.iter().all(|text| text.contains_key(locale))).cloned().collect()
}

/// The term under which a word of this product stands in JSON.
pub(super) fn term(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

impl HandedOut {
    pub(super) fn text<'d>(&self, text: &'d Localized) -> &'d str {
        let text = text.get(&self.locale).or_else(|| text.get(&self.default)).or_else(|| text.values().next());
        text.map_or("", |text| text.as_str())
    }

    fn minimum_seconds(&self, floor: std::time::Duration) -> u64 {
        floor.as_secs().max(self.form.definition.spam.minimum_seconds.into())
    }

    fn view(self, app: &App) -> PublishedForm {
        let (definition, visitors, now) = (&self.form.definition, &app.visitors, app.now());
        let rule = definition.rule();
        let challenge = (definition.spam.proof_of_work == Switch::On).then(|| {
            let proof::Challenge { parameters, signature } =
                visitors.proofs.issue(self.form.id, now, &app.parts.entropy);
            ChallengeView { parameters, signature }
        });
        let purpose = definition.purpose.as_ref();
        PublishedForm {
            form: self.form.key.clone(),
            version: self.form.number,
            title: self.text(&definition.title).to_owned(),
            purpose: PublishedPurpose {
                term: purpose.map(|purpose| term(purpose.term)).unwrap_or_default(),
                text: purpose.map(|purpose| self.text(&purpose.text).to_owned()).unwrap_or_default(),
            },
            fields: definition.fields.iter().map(|field| self.field(field)).collect(),
            retention: PublishedRetention {
                after_fulfilment: rule.after_fulfilment,
                unanswered: rule.unanswered,
                text: words::of(&self.locale).retention(rule.after_fulfilment, rule.unanswered),
            },
            permissions: definition.permissions.iter().map(|extra| self.permission(extra)).collect(),
            token: visitors.tokens.issue(self.form.id, false, now, &app.parts.entropy),
            minimum_seconds: self.minimum_seconds(token::MINIMUM),
            challenge,
            locale: self.locale.clone(),
            locales: self.locales.clone(),
            policy: self.policy.map(|(_, policy)| policy),
        }
    }

    fn field(&self, field: &form::Field) -> PublishedField {
        let choice = |choice: &form::Choice| PublishedChoice {
            value: choice.value.as_str().to_owned(),
            label: self.text(&choice.label).to_owned(),
        };
        PublishedField {
            key: field.key.to_string(),
            kind: term(field.kind),
            required: field.required,
            label: self.text(&field.label).to_owned(),
            help: (!field.help.is_empty()).then(|| self.text(&field.help).to_owned()),
            max_length: field.longest(),
            autocomplete: kind(field.kind).autocomplete(),
            choices: field.choices.iter().map(choice).collect(),
        }
    }

    fn permission(&self, extra: &form::ExtraUse) -> PublishedPermission {
        let text = self.text(&extra.text).to_owned();
        PublishedPermission { r#use: extra.r#use.to_string(), text, period: extra.period, given: false }
    }

    /// The page for browsers without scripts.
    pub(super) fn page(&self, app: &App, refill: &Refill<'_>) -> Response {
        let definition = &self.form.definition;
        let rule = definition.rule();
        let kept = refill.letter.filter(|_| refill.keep_token).map(|letter| letter.token.clone());
        let new = || app.visitors.tokens.issue(self.form.id, true, app.now(), &app.parts.entropy);
        let token = kept.unwrap_or_else(new);
        let action = format!("/v1/forms/{}/submissions?locale={}", self.form.key, self.locale);
        let others = self.locales.iter().filter(|locale| **locale != self.locale);
        let uses: Vec<String> = definition.permissions.iter().map(|extra| extra.r#use.to_string()).collect();
        // where delivery wants a token a browser cannot follow the link
        let open = app.parts.settings.delivery_access == DeliveryAccess::Public;
        let policy = self.policy.as_ref().map(|(_, policy)| {
            (policy.number, open.then(|| format!("/v1/policies/{}/revisions/{}.md", policy.policy, policy.number)))
        });
        let html = page::form(&FormPage {
            locale: &self.locale,
            title: self.text(&definition.title),
            action: &action,
            token: &token,
            honeypot: HONEYPOT,
            notice: refill.notice,
            minimum_seconds: self.minimum_seconds(token::SCRIPTLESS_MINIMUM),
            purpose: definition.purpose.as_ref().map_or("", |purpose| self.text(&purpose.text)),
            after_fulfilment: rule.after_fulfilment,
            unanswered: rule.unanswered,
            policy: policy.as_ref().map(|(number, address)| (*number, address.as_deref())),
            fields: definition.fields.iter().map(|field| self.page_field(field, refill)).collect(),
            permissions: definition
                .permissions
                .iter()
                .zip(&uses)
                .map(|(extra, name)| self.page_permission(extra, name, refill))
                .collect(),
            others: others
                .map(|locale| (locale, format!("/v1/forms/{}/page?locale={locale}", self.form.key)))
                .collect(),
        });
        show(html, &self.locale, &self.frames())
    }

    /// The origins whose pages may show the form's pages in a frame.
    pub(super) fn frames(&self) -> Vec<&str> {
        self.form.definition.origins.iter().map(form::Origin::as_str).collect()
    }

    fn page_field<'d>(&self, field: &'d form::Field, refill: &Refill<'d>) -> page::Field<'d> {
        let pointer = format!("/fields/{}", field.key);
        let value = refill.letter.and_then(|letter| letter.posted.fields.get(field.key.as_str())?.as_str());
        let fault = refill.faults.iter().find(|fault| fault.pointer == pointer).map(|fault| match value {
            None if fault.code == "missing_field" => page::Fault::Missing,
            Some(text) if text.chars().count() > field.longest() as usize => page::Fault::TooLong,
            _ => page::Fault::Other,
        });
        let choice = |choice: &'d form::Choice| (choice.value.as_str(), self.text(&choice.label));
        page::Field {
            key: field.key.as_str(),
            kind: kind(field.kind),
            required: field.required,
            label: self.text(&field.label),
            help: (!field.help.is_empty()).then(|| self.text(&field.help)),
            max_length: field.longest(),
            choices: field.choices.iter().map(choice).collect(),
            value,
            fault,
        }
    }

    fn page_permission<'d>(
        &self,
        extra: &'d form::ExtraUse,
        name: &'d str,
        refill: &Refill<'d>,
    ) -> page::Permission<'d> {
        let given = refill.letter.is_some_and(|letter| letter.posted.permissions.iter().any(|given| given == name));
        page::Permission { name, text: self.text(&extra.text), period: extra.period, given }
    }
}

const fn kind(kind: Kind) -> page::Kind {
    match kind {
        Kind::Name => page::Kind::Name,
        Kind::Email => page::Kind::Email,
        Kind::PostalAddress => page::Kind::PostalAddress,
        Kind::Phone => page::Kind::Phone,
        Kind::FreeText => page::Kind::FreeText,
        Kind::Choice => page::Kind::Choice,
        Kind::Other => page::Kind::Other,
    }
}

/// A page for visitors: never kept, with nothing but itself.
pub(crate) fn show(html: String, locale: &Locale, frames: &[&str]) -> Response {
    let mut response = uncached(html.into_bytes(), "text/html; charset=utf-8", locale);
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&page::policy(frames)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    // with `no-referrer` browsers would send the form with `Origin: null`
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// A page that tells what is wrong, under the status that programs go by.
pub(super) fn says(mut page: Response, status: StatusCode) -> Response {
    *page.status_mut() = status;
    page.extensions_mut().insert(crate::layers::Page);
    page
}

fn uncached(body: Vec<u8>, content_type: &'static str, locale: &Locale) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    if let Ok(language) = HeaderValue::from_str(locale.as_str()) {
        headers.insert(CONTENT_LANGUAGE, language);
    }
    response
}
