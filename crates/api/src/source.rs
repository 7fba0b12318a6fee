//! Where an imported text comes from, as both surfaces show it.

use bonafide_model::Instant;
use bonafide_policy::revision::Source;
use serde::Serialize;
use utoipa::ToSchema;

/// Where an imported text was recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceView {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_at: Option<Instant>,
    /// The SHA-256 of the recorded bytes, in hexadecimal digits.
    sha256: String,
}

impl From<Source> for SourceView {
    fn from(source: Source) -> Self {
        let Source { url, recorded_at, sha256 } = source;
        Self { url, recorded_at, sha256 }
    }
}
