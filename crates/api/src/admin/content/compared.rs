//! What changed between two revisions of a page or entry.

use super::{Address, LocaleQuery};
use crate::answer::Json;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::Caller;
use bonafide_content::entry::{self, Change, Op};
use bonafide_model::Locale;
use bonafide_model::access::ReadContent;
use bonafide_policy::compare::{self, Budget, Granularity};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::{Duration, Instant};
use utoipa::{IntoParams, ToSchema};

/// How long all texts of one comparison may take; those beyond it are shown as a whole.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffQuery {
    /// The number of the older revision.
    #[param(minimum = 1, example = 1)]
    from: i64,
    /// The number of the newer revision.
    #[param(minimum = 1, example = 2)]
    to: i64,
    /// The language meant; by default the first one.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
}

/// What changed from one revision to another.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentDiff {
    from: i64,
    to: i64,
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    changes: Vec<DocumentChange>,
}

/// One change of a document.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentChange {
    /// Where, as a JSON pointer into the fields of the newer revision, or of the older one if it went.
    pointer: String,
    /// The id of the block it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<String>,
    /// `added`, `removed`, `changed`, or of a block `moved`.
    #[schema(example = "changed")]
    op: &'static str,
    /// What was there, unless `words` say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What is there, unless `words` say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    /// Of a text that changed: its words that stayed, came and went, with three lines around them.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Vec<WordsView>>,
}

/// A run of a text that stayed, came or went.
#[derive(Serialize, ToSchema)]
pub(crate) struct WordsView {
    /// `equal`, `insert` or `delete`.
    #[schema(example = "insert")]
    op: &'static str,
    text: String,
}

pub(super) async fn compare(
    app: App,
    caller: Caller,
    address: Address,
    query: DiffQuery,
) -> Result<Json<DocumentDiff>, ApiError> {
    let by = caller.reads::<ReadContent>()?;
    let at = address.at(LocaleQuery { locale: query.locale });
    let (locale, changes) = entry::compare(app.db().read(), &by, &at, query.from, query.to).await?;
    let shown = tokio::task::spawn_blocking(move || {
        let until = Instant::now() + PATIENCE;
        changes.into_iter().map(|change| shown(change, until)).collect::<Vec<_>>()
    });
    let changes = shown.await.unwrap_or_default();
    Ok(Json(DocumentDiff { from: query.from, to: query.to, locale, changes }))
}

fn shown(change: Change, until: Instant) -> DocumentChange {
    let Change { pointer, block, op, before, after } = change;
    let op = match op {
        Op::Added => "added",
        Op::Removed => "removed",
        Op::Changed => "changed",
        Op::Moved => "moved",
    };
    let words = match (&before, &after) {
        (Some(Value::String(old)), Some(Value::String(new))) => words(old, new, until),
        _ => None,
    };
    let whole = words.is_none();
    DocumentChange { pointer, block, op, before: before.filter(|_| whole), after: after.filter(|_| whole), words }
}

/// The difference of two texts by words; none if it takes too long.
fn words(old: &str, new: &str, until: Instant) -> Option<Vec<WordsView>> {
    let spent = || Instant::now() > until;
    let found = compare::compare(old, new, Granularity::Word, Budget::steps(usize::MAX).until(&spent)).ok()?;
    let changes = found.hunks.into_iter().flat_map(|hunk| hunk.changes);
    let shown = changes.map(|change| WordsView {
        op: match change.op {
            compare::Op::Equal => "equal",
            compare::Op::Insert => "insert",
            compare::Op::Delete => "delete",
        },
        text: change.text,
    });
    Some(shown.collect())
}
