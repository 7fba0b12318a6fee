//! What changed between two revisions.

use super::shared::{Delivered, Wanted, depends_on};
use crate::app::App;
use crate::cache::{Cacheable, Form, form};
use crate::error::ApiError;
use crate::extract::{Path, Query};
use axum::extract::State;
use bonafide_model::Locale;
use bonafide_model::name::PolicyKey;
use bonafide_policy::compare::{self, Comparison, Granularity};
use bonafide_policy::{delivery, difference};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What is compared.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Line,
    Word,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffQuery {
    /// The number of the older revision.
    #[param(minimum = 1, example = 1)]
    from: u32,
    /// The number of the newer revision.
    #[param(minimum = 1, example = 2)]
    to: u32,
    /// What is compared; lines if absent.
    #[param(inline)]
    granularity: Option<Unit>,
    /// The language of the texts; the policy's default if absent.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
}

/// What changed between two revisions.
#[derive(Serialize, ToSchema)]
pub(crate) struct Diff {
    from: u32,
    to: u32,
    granularity: Unit,
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// How many lines (or words) were added.
    added: usize,
    /// How many lines (or words) were deleted.
    deleted: usize,
    hunks: Vec<HunkView>,
}

/// A part of the texts that changed, with up to three unchanged lines around it.
#[derive(Serialize, ToSchema)]
pub(crate) struct HunkView {
    /// The first line in the older text, from 1; the line before if it has none.
    old_start: usize,
    old_lines: usize,
    /// The first line in the newer text, from 1; the line before if it has none.
    new_start: usize,
    new_lines: usize,
    changes: Vec<ChangeView>,
}

/// A run of text that stayed, came or went.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeView {
    op: Operation,
    /// With its newlines.
    text: String,
}

/// What happened to a run of text.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    Equal,
    Insert,
    Delete,
}

fn hunk(hunk: compare::Hunk) -> HunkView {
    let compare::Hunk { old_start, old_lines, new_start, new_lines, changes } = hunk;
    let change = |change: compare::Change| ChangeView {
        op: match change.op {
            compare::Op::Equal => Operation::Equal,
            compare::Op::Insert => Operation::Insert,
            compare::Op::Delete => Operation::Delete,
        },
        text: change.text,
    };
    HunkView { old_start, old_lines, new_start, new_lines, changes: changes.into_iter().map(change).collect() }
}

/// Compare two revisions
///
/// As JSON, or with `Accept: text/html` as a page with `<ins>` and `<del>`.
#[utoipa::path(get, path = "/v1/policies/{policy}/diff", tag = "policies", params(("policy" = String, Path, description = "The key of the policy"), DiffQuery), responses((status = 200, content((Diff = "application/json"), (String = "text/html")))))]
pub(crate) async fn compare_revisions(
    State(app): State<App>,
    Path(key): Path<PolicyKey>,
    Query(query): Query<DiffQuery>,
    headers: HeaderMap,
) -> Result<Delivered, ApiError> {
    let (unit, granularity) = match query.granularity.unwrap_or(Unit::Line) {
        Unit::Line => (Unit::Line, Granularity::Line),
        Unit::Word => (Unit::Word, Granularity::Word),
    };
    let (db, site) = (app.db().read(), app.parts.site);
    let newer = delivery::revision(db, site, &key, query.to).await?;
    let locale = Wanted::parse(query.locale, None)?.choose(&newer.locales, &newer.default_locale)?;
    let comparison = difference::between(app.db(), site, &key, query.from, query.to, &locale, granularity).await?;
    let cacheable = Cacheable { depends_on: depends_on(&key), ..Cacheable::default() };
    let delivered = if form(&headers) == Form::Html {
        let title = format!("{}: what changed from revision {} to {}", newer.title, query.from, query.to);
        let (old, new) = (format!("Revision {}", query.from), format!("Revision {}", query.to));
        let page = compare::html::Page { title: &title, lang: locale.as_str(), old: &old, new: &new };
        let body = compare::html::page(&comparison, &page).into_bytes();
        Delivered { content_type: "text/html; charset=utf-8", body, ..Delivered::json(&(), cacheable) }
    } else {
        let Comparison { granularity: _, added, deleted, hunks } = comparison;
        let hunks = hunks.into_iter().map(hunk).collect();
        let diff =
            Diff { from: query.from, to: query.to, granularity: unit, locale: locale.clone(), added, deleted, hunks };
        Delivered::json(&diff, cacheable)
    };
    Ok(Delivered { language: Some(locale), negotiated: true, ..delivered })
}
