//! The receipt: what the sender of a form gets, as JSON and as a page.

use super::forms::{HandedOut, PolicyInForce, show, term};
use super::page::{self, ReceiptPage};
use crate::answer::Created;
use axum::response::Response;
use bonafide_model::id::SubmissionId;
use bonafide_model::name::FormKey;
use bonafide_model::{Instant, Period};
use bonafide_retention::submission::Receipt;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use utoipa::ToSchema;

/// Where the holder of a receipt sees and changes what becomes of a submission.
const PLACE: &str = "/v1/my/submission";

/// What the sender of a form gets.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Sent {
    receipt: ReceiptView,
}

/// Proof of what was sent, and of what was promised. The token is shown this once.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ReceiptView {
    #[schema(value_type = uuid::Uuid)]
    id: SubmissionId,
    /// With it its holder sees what becomes of the submission, and can have it erased.
    #[schema(example = "bf_receipt_…")]
    token: String,
    #[schema(value_type = String, example = "contact")]
    form: FormKey,
    /// The number of the version that was answered.
    form_version: u32,
    #[schema(value_type = String, format = DateTime)]
    submitted_at: Instant,
    /// What it is used for, and nothing else.
    #[schema(example = json!(["fulfil_request"]))]
    purposes: Vec<String>,
    retention: ReceiptRetention,
    /// The revision of the privacy policy in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyInForce>,
    /// The further uses that were permitted.
    permissions: Vec<UsePermitted>,
    /// Who gets it beside the people of this site: nobody.
    #[schema(max_items = 0)]
    recipients: Vec<String>,
    /// Where permissions are taken back and the erasure is asked for, with the token.
    #[schema(example = "/v1/my/submission")]
    withdraw: String,
    /// With it, and only with it, the lines of the log about this submission can be told from others. In hexadecimal.
    log_salt: String,
}

/// How long it is kept.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ReceiptRetention {
    #[schema(value_type = String, example = "P30D")]
    after_fulfilment: Period,
    #[schema(value_type = String, example = "P180D")]
    unanswered: Period,
    /// When it is erased if nobody answers.
    #[schema(value_type = String, format = DateTime)]
    due_at: Instant,
}

/// A further use that is permitted, and until when.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct UsePermitted {
    #[schema(example = "newsletter")]
    pub(crate) r#use: String,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Instant,
}

impl UsePermitted {
    /// As the store says it.
    pub(crate) fn all(given: &[(String, Instant)]) -> Vec<Self> {
        given.iter().map(|(r#use, expires_at)| Self { r#use: r#use.clone(), expires_at: *expires_at }).collect()
    }
}

/// The answer to a form that was taken in.
pub(super) fn created(receipt: &Receipt, form: &HandedOut) -> Created {
    let definition = &form.form.definition;
    let rule = definition.rule();
    let receipt = ReceiptView {
        id: receipt.id,
        token: receipt.token.to_string(),
        form: form.form.key.clone(),
        form_version: form.form.number,
        submitted_at: receipt.submitted_at,
        purposes: definition.purpose.iter().map(|purpose| term(purpose.term)).collect(),
        retention: ReceiptRetention {
            after_fulfilment: rule.after_fulfilment,
            unanswered: rule.unanswered,
            due_at: receipt.due_at,
        },
        policy: form.policy.as_ref().map(|(_, policy)| policy.clone()),
        permissions: UsePermitted::all(&receipt.permissions),
        recipients: Vec::new(),
        withdraw: PLACE.to_owned(),
        log_salt: receipt.salt.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }),
    };
    Created::new(&Sent { receipt }, PLACE.to_owned(), None)
}

/// The same as a page, for a browser without scripts. It is the answer itself and no redirection, because the token must
/// not stand in an address.
pub(super) fn page(created: &Created, form: &HandedOut) -> Option<Response> {
    let Sent { receipt } = serde_json::from_str(&created.body).ok()?;
    let uses = &form.form.definition.permissions;
    let words =
        |name: &str| uses.iter().find(|extra| extra.r#use.to_string() == name).map(|extra| form.text(&extra.text));
    let html = page::receipt(&ReceiptPage {
        locale: &form.locale,
        title: form.text(&form.form.definition.title),
        token: &receipt.token,
        submitted_at: receipt.submitted_at,
        due_at: receipt.retention.due_at,
        permissions: receipt
            .permissions
            .iter()
            .map(|given| (words(&given.r#use).unwrap_or(&given.r#use), given.expires_at))
            .collect(),
    });
    let mut response = show(html, &form.locale, &form.frames());
    *response.status_mut() = StatusCode::CREATED;
    Some(response)
}
