//! The logins of one's own account.

use crate::answer::Done;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Caller, NoQuery, Path, Query};
use crate::paging::{List, Listed, Page, PageQuery};
use axum::extract::State;
use bonafide_accounts::session;
use bonafide_model::Instant;
use bonafide_model::id::SessionId;
use futures_util::FutureExt as _;
use serde::Serialize;
use utoipa::ToSchema;

/// One login.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[schema(value_type = uuid::Uuid)]
    id: SessionId,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it was last renewed.
    #[schema(value_type = String, format = DateTime)]
    used_at: Instant,
    /// When it ends unless it is renewed.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
    /// Whether it is the session of this request.
    current: bool,
}

/// List one's sessions
///
/// Every login of the caller's account that has not ended.
#[utoipa::path(get, path = "/admin/v1/sessions", tag = "auth", params(PageQuery), responses((status = 200, body = List<SessionView>)), security(("session" = [])))]
pub(crate) async fn list_sessions(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Listed<SessionView>, ApiError> {
    let (act, current) = caller.owns()?;
    let own = act.granted();
    let page = Page::<SessionId>::new(&app, &query, format!("sessions/{}", caller.account()))?
        .counted(session::count(app.db().read(), own, app.now()))
        .await?;
    let found = session::list(app.db().read(), own, page.start, page.fetch(), app.now()).await?;
    let view = |session: session::Session| {
        let session::Session { id, created_at, used_at, expires_at } = session;
        SessionView { id, created_at, used_at, expires_at, current: id == current }
    };
    Ok(page.finish(found, |session| session.id, view))
}

/// End one of one's sessions
///
/// Its tokens work nowhere from the next request on.
#[utoipa::path(delete, path = "/admin/v1/sessions/{id}", tag = "auth", params(("id" = uuid::Uuid, Path, description = "The session")), responses((status = 204, description = "The session has ended")), security(("session" = [])))]
pub(crate) async fn revoke_session(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<SessionId>,
    _: NoQuery,
) -> Result<Done, ApiError> {
    let (act, _) = caller.owns()?;
    app.db().write(move |tx| session::revoke(tx, act.clone(), id).boxed()).await?;
    Ok(Done)
}
