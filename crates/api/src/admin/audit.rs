//! The list of admin actions.

use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Caller, Query};
use crate::paging::{List, Listed, Page, PageQuery};
use axum::extract::State;
use bonafide_ledger::audit::{self, Entry};
use bonafide_model::Instant;
use bonafide_model::access::ReadAudit;
use bonafide_model::id::{AccountId, ApiTokenId, AuditId};
use serde::Serialize;
use utoipa::ToSchema;

/// One action: who did what to which object, and when. Never its contents.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditView {
    #[schema(value_type = uuid::Uuid)]
    id: AuditId,
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// `account`, `token`, `operator` (the command line) or `system`.
    #[schema(example = "account")]
    actor_kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    account: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    token: Option<ApiTokenId>,
    #[schema(example = "revision.publish")]
    action: String,
    #[schema(example = "revision")]
    object_kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "privacy/4")]
    object: Option<String>,
}

impl From<Entry> for AuditView {
    fn from(entry: Entry) -> Self {
        let Entry { id, at, actor_kind, account, token, action, object_kind, object } = entry;
        Self { id, at, actor_kind, account, token, action, object_kind, object }
    }
}

/// List admin actions, newest first
///
/// Who did what to which object, and when; never its contents.
#[utoipa::path(get, path = "/admin/v1/audit", tag = "audit", params(PageQuery), responses((status = 200, body = List<AuditView>)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn list_audit(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<AuditView>, ApiError> {
    let by = caller.reads::<ReadAudit>()?;
    let page = Page::<AuditId>::new(&app, &query, format!("audit/{}", caller.account()))?
        .counted(audit::count(app.db().read(), &by))
        .await?;
    let found = audit::list(app.db().read(), &by, page.start, page.fetch()).await?;
    Ok(page.finish(found, |entry| entry.id, AuditView::from))
}
