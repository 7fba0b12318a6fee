//! Lists by keyset cursors: opaque, sealed, bound to their list, filter and caller, good for a day.

use crate::app::App;
use crate::problem::{Fault, Problem};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bonafide_keyring::Use;
use bonafide_model::{Instant, Start};
use http::HeaderValue;
use http::header::LINK;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How many items a page has unless the caller says otherwise, and at most.
const DEFAULT: u64 = 20;
const MOST: u64 = 100;
const GOOD_FOR: Duration = Duration::from_hours(24);

/// The query parameters of every list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Where the page begins: `page.next` or `page.prev` of another page of the same list.
    #[param(max_length = 2048)]
    pub(crate) cursor: Option<String>,
    /// How many items the page has, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
    /// With `exact`, the page says how many items the whole list has.
    #[param(inline)]
    pub(crate) count: Option<Count>,
}

/// How a list is to be counted.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Count {
    Exact,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items, in the order of the list.
    pub(crate) items: Vec<T>,
    /// Where the pages beside this one begin.
    pub(crate) page: PageInfo,
}

/// Where the pages beside this one begin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PageInfo {
    /// The cursor of the next page; null on the last one.
    pub(crate) next: Option<String>,
    /// The cursor of the page before; null on the first one.
    pub(crate) prev: Option<String>,
    /// How many items a page has at most.
    pub(crate) limit: u64,
    /// How many items the whole list has, if asked for with `count=exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Sealed<K> {
    start: Start<K>,
    until: i64,
}

/// The page that a request asks for.
pub(crate) struct Page<K> {
    pub(crate) start: Start<K>,
    limit: u64,
    exact: bool,
    count: Option<u64>,
    context: String,
    app: App,
}

impl<K: Serialize + DeserializeOwned + Clone> Page<K> {
    /// Reads the parameters. `context` names the list, its filter and its caller.
    pub(crate) fn new(app: &App, query: &PageQuery, context: String) -> Result<Self, Problem> {
        let limit = query.limit.unwrap_or(DEFAULT);
        if !(1..=MOST).contains(&limit) {
            let message = format!("Must be a number from 1 to {MOST}.");
            return Err(Problem::fault(Fault::of("limit", "invalid_parameter", message)));
        }
        let mut page =
            Self { start: Start::First, limit, exact: query.count.is_some(), count: None, context, app: app.clone() };
        if let Some(cursor) = &query.cursor {
            page.start = page.open(cursor).ok_or_else(|| {
                let message = "The cursor is altered, older than 24 hours, or belongs to another list or caller.";
                Problem::fault(Fault::of("cursor", "invalid_cursor", message))
            })?;
        }
        Ok(page)
    }

    /// Counts the whole list, if that is asked for.
    pub(crate) async fn counted<E>(mut self, count: impl Future<Output = Result<u64, E>>) -> Result<Self, E> {
        if self.exact {
            self.count = Some(count.await?);
        }
        Ok(self)
    }

    /// How many items to ask the database for: one more than are shown, to see whether the list goes on.
    pub(crate) fn fetch(&self) -> u64 {
        self.limit + 1
    }

    /// Makes the page of the items that were found (nearest first) by their keys.
    pub(crate) fn finish<T, V>(&self, mut found: Vec<T>, key: impl Fn(&T) -> K, view: impl Fn(T) -> V) -> Listed<V> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let backwards = matches!(self.start, Start::Before(_));
        if backwards {
            found.reverse();
        }
        let (first, last) = (found.first().map(&key), found.last().map(&key));
        let has_next = if backwards { true } else { more };
        let has_prev = if backwards { more } else { matches!(self.start, Start::After(_)) };
        let next = last.filter(|_| has_next).map(|key| self.seal(Start::After(key)));
        let prev = first.filter(|_| has_prev).map(|key| self.seal(Start::Before(key)));
        let page = PageInfo { next, prev, limit: self.limit, count: self.count };
        Listed(List { items: found.into_iter().map(view).collect(), page })
    }

    fn seal(&self, start: Start<K>) -> String {
        let until = self.app.now().plus(GOOD_FOR).micros();
        let message = serde_json::to_vec(&Sealed { start, until }).unwrap_or_default();
        let sealer = self.app.parts.keyring.sealer(Use::Cursors);
        URL_SAFE_NO_PAD.encode(sealer.seal(&self.app.parts.entropy, self.context.as_bytes(), &message))
    }

    fn open(&self, cursor: &str) -> Option<Start<K>> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let message = self.app.parts.keyring.sealer(Use::Cursors).open(self.context.as_bytes(), &sealed)?;
        let Sealed { start, until } = serde_json::from_slice(&message).ok()?;
        (self.app.now().micros() < until).then_some(start)
    }
}

/// A page as an answer: its items, and `Link` headers to the pages beside it.
pub(crate) struct Listed<T>(pub(crate) List<T>);

/// How long an answer with cursors in it is kept: well within the life of these.
const KEPT_WITH_CURSORS: Duration = Duration::from_hours(1);

impl<T> Listed<T> {
    /// The instant until which the answer can be kept, if it changes at `changes_at`.
    pub(crate) fn valid_until(&self, now: Instant, changes_at: Option<Instant>) -> Option<Instant> {
        let has_cursors = self.0.page.next.is_some() || self.0.page.prev.is_some();
        let cursors_go = has_cursors.then(|| now.plus(KEPT_WITH_CURSORS));
        changes_at.into_iter().chain(cursors_go).min()
    }

    /// `Link` headers to the pages beside this one, relative to the list.
    pub(crate) fn links(&self) -> Vec<String> {
        self.links_with("")
    }

    /// The same for a list that was asked for with more parameters, as they stood in the query.
    pub(crate) fn links_with(&self, rest: &str) -> Vec<String> {
        let rest = if rest.is_empty() { String::new() } else { format!("{rest}&") };
        let PageInfo { next, prev, limit, count } = &self.0.page;
        let count = if count.is_some() { "&count=exact" } else { "" };
        let link = |cursor: &Option<String>, relation: &str| {
            cursor.as_ref().map(|cursor| format!("<?{rest}limit={limit}{count}&cursor={cursor}>; rel=\"{relation}\""))
        };
        link(next, "next").into_iter().chain(link(prev, "prev")).collect()
    }
}

impl<T: Serialize> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        let links = self.links();
        let mut response = crate::answer::Json(self.0).into_response();
        for link in links {
            if let Ok(link) = HeaderValue::from_str(&link) {
                response.headers_mut().append(LINK, link);
            }
        }
        response
    }
}
