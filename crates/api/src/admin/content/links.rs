//! Preview links of pages and entries: what they look like on the wire, and the work of their routes.

use super::{Address, LocaleQuery, base};
use crate::answer::{Created, Done, Json};
use crate::app::App;
use crate::create;
use crate::error::ApiError;
use crate::extract::{Caller, IdempotencyKey};
use crate::paging::{Listed, Page, PageQuery};
use bonafide_content::entry::At;
use bonafide_content::entry::preview::links::{self, Link, NewLink};
use bonafide_keyring::{TokenFamily, mint};
use bonafide_model::access::{ReadContent, WriteContent};
use bonafide_model::id::{AccountId, PreviewId};
use bonafide_model::{Instant, Locale, Period};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A preview link, without its token.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewLinkView {
    #[schema(value_type = uuid::Uuid)]
    id: PreviewId,
    /// The language whose draft it shows.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// The revision that it shows; the newest draft if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    /// The account that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    account: Option<AccountId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
}

impl From<Link> for PreviewLinkView {
    fn from(link: Link) -> Self {
        let Link { id, locale, revision, account, created_at, expires_at } = link;
        Self { id, locale, revision, account, created_at, expires_at }
    }
}

/// A preview link with its token, shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadePreviewLink {
    #[serde(flatten)]
    link: PreviewLinkView,
    /// The credential, for the `Authorization` header. It cannot be read again.
    #[schema(example = "bf_preview_…")]
    token: String,
    /// Where the draft is, whatever its slug becomes.
    #[schema(example = "/preview/v1/pages/0199b2c4-e8a0-7d1f-8b6e-0c5d4f3a2b1c")]
    address: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPreviewLink {
    /// The revision to show, whatever is saved after it. Without it, the newest draft there is.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    revision: Option<i64>,
    /// How long it is good: a period of at least a second and at most 30 days, a day if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "PT1H", default = "P1D")]
    expires_in: Option<Period>,
}

impl Address {
    /// The entry, in no language in particular.
    fn of_all(self) -> At {
        self.at(LocaleQuery { locale: None })
    }
}

pub(super) async fn list(
    app: App,
    caller: Caller,
    address: Address,
    query: PageQuery,
) -> Result<Listed<PreviewLinkView>, ApiError> {
    let (by, at, now) = (caller.reads::<ReadContent>()?, address.of_all(), app.now());
    let context = format!("{}/{}/preview-links/{}", base(&at.kind), at.id, caller.account());
    let page =
        Page::<PreviewId>::new(&app, &query, context)?.counted(links::count(app.db().read(), &by, &at, now)).await?;
    let found = links::list(app.db().read(), &by, &at, now, page.start, page.fetch()).await?;
    Ok(page.finish(found, |link| link.id, PreviewLinkView::from))
}

pub(super) async fn make(
    app: App,
    caller: Caller,
    at: At,
    key: IdempotencyKey,
    body: NewPreviewLink,
    bytes: &[u8],
) -> Result<Created, ApiError> {
    let (act, may_read) = (caller.may::<WriteContent>()?, caller.reads::<ReadContent>()?);
    let NewPreviewLink { revision, expires_in } = body;
    let (token, hash) = mint(TokenFamily::Preview, act.entropy());
    let new = NewLink { hash: *hash.as_bytes(), revision, expires_in: expires_in.unwrap_or(links::DEFAULT) };
    let route = format!("create_preview_link/{}/{}", at.id, at.locale.as_ref().map_or("", Locale::as_str));
    create::once(&app, &caller, &route, key, bytes, move |tx| {
        let (act, at, new, token) = (act.clone(), at.clone(), new.clone(), token.clone());
        async move {
            let (admin, id) = (format!("{}/{}", base(&at.kind), at.id), at.id);
            let address = format!("{}/{id}", base(&at.kind).replacen("/admin/", "/preview/", 1));
            let link = links::create(tx, act, may_read, at, new).await?;
            let (location, object) = (format!("{admin}/preview-links/{}", link.id), links::key(link.id));
            let made = MadePreviewLink { link: link.into(), token: token.to_string(), address };
            Ok((Created::new(&made, location, None), object))
        }
        .boxed()
    })
    .await
}

pub(super) async fn read(
    app: App,
    caller: Caller,
    address: Address,
    id: PreviewId,
) -> Result<Json<PreviewLinkView>, ApiError> {
    let by = caller.reads::<ReadContent>()?;
    Ok(Json(links::get(app.db().read(), &by, &address.of_all(), id, app.now()).await?.into()))
}

pub(super) async fn revoke(app: App, caller: Caller, address: Address, id: PreviewId) -> Result<Done, ApiError> {
    let (act, at) = (caller.may::<WriteContent>()?, address.of_all());
    app.db().write(move |tx| links::revoke(tx, act.clone(), at.clone(), id).boxed()).await?;
    Ok(Done)
}
