//! The state of the system, for the people who run it.

use crate::answer::Json;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Caller, NoQuery};
use axum::extract::State;
use bonafide_model::Instant;
use bonafide_model::access::ReadStatus;
use serde::Serialize;
use utoipa::ToSchema;

/// The state of this node.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusView {
    /// The version of the product.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Where the data is; never with a password.
    #[schema(example = "SQLite in ./bonafide-data")]
    database: String,
    /// When this process was started.
    #[schema(value_type = String, format = DateTime)]
    started_at: Instant,
    /// The clock of this process.
    #[schema(value_type = String, format = DateTime)]
    now: Instant,
    /// How many bytes of finished answers are in memory.
    cache_bytes: usize,
}

/// Read the state of the system
///
/// The state of the node that answers.
#[utoipa::path(get, path = "/admin/v1/status", tag = "status", responses((status = 200, body = StatusView)), security(("session" = []), ("api_token" = [])))]
pub(crate) async fn get_status(
    State(app): State<App>,
    caller: Caller,
    _: NoQuery,
) -> Result<Json<StatusView>, ApiError> {
    caller.reads::<ReadStatus>()?;
    Ok(Json(StatusView {
        version: app.parts.settings.version,
        database: app.db().source().to_string(),
        started_at: app.started,
        now: app.now(),
        cache_bytes: app.store.bytes(),
    }))
}
