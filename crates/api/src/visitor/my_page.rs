//! The page of a receipt for browsers without scripts: what [`my`](super::my) does, with buttons.

use super::forms::{says, show};
use super::my::{MySubmission, Wish};
use super::page::mine::{self, MyPage, Notice, Shown, action};
use super::posted::decode_pairs;
use super::receipt::UsePermitted;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Query, check_type, read};
use crate::problem::{Fault, Problem};
use axum::extract::{Request, State};
use axum::response::Response;
use bonafide_model::Locale;
use bonafide_retention::Error;
use bonafide_retention::form::Localized;
use bonafide_retention::life::Party;
use bonafide_retention::purpose::Use;
use bonafide_retention::submission::mine::Mine;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use zeroize::Zeroizing;

/// The largest body that is taken.
const MOST: usize = 4096;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The language; the site's default if absent.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
}

/// What a button of the page sends.
#[derive(Default, ToSchema)]
pub(crate) struct Pressed {
    /// The token of the receipt.
    #[schema(value_type = String, max_length = 200)]
    receipt: Zeroizing<String>,
    /// `show`, `erase`, `cancel-erasure`, `restrict`, `unrestrict`, `permit` or `withdraw`.
    #[schema(example = "show")]
    action: String,
    /// The further use that is permitted or taken back.
    #[schema(max_length = 60)]
    r#use: String,
}

impl Pressed {
    async fn read(request: Request) -> Result<Self, Problem> {
        check_type(request.headers(), "application/x-www-form-urlencoded")?;
        let mut pressed = Self::default();
        for (name, value) in decode_pairs(&read(request, MOST).await?)? {
            match name.as_str() {
                "receipt" => pressed.receipt = Zeroizing::new(value.trim().to_owned()),
                "action" => pressed.action = value,
                "use" => pressed.r#use = value,
                _ => return Err(Problem::fault(Fault::at("/?", "unknown_field", "There is no such field."))),
            }
        }
        Ok(pressed)
    }

    /// What is wanted; nothing but to see the page if it is `None`.
    fn wish(&self) -> Result<Option<Wish>, Problem> {
        Ok(Some(match self.action.as_str() {
            action::SHOW => return Ok(None),
            action::ERASE => Wish::Erase,
            action::CANCEL => Wish::Cancel,
            action::RESTRICT => Wish::Restrict,
            action::UNRESTRICT => Wish::Unrestrict,
            action::PERMIT => Wish::Permit(self.named()?),
            action::WITHDRAW => Wish::Withdraw(self.named()?),
            _ => return Err(Problem::fault(Fault::at("/action", "invalid_value", "There is no such action."))),
        }))
    }

    fn named(&self) -> Result<Use, Problem> {
        let refused = |_| Problem::fault(Fault::at("/use", "invalid_value", "There is no such use."));
        self.r#use.parse().map_err(refused)
    }
}

/// See the page of a receipt
///
/// A page of HTML without scripts and cookies, on which the token of a receipt is typed in.
#[utoipa::path(get, path = "/v1/my/page", tag = "receipts", params(PageQuery), responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn get_my_page(State(app): State<App>, Query(query): Query<PageQuery>) -> Result<Response, ApiError> {
    let locale = locale(&app, query).await?;
    Ok(show(mine::page(&MyPage { locale: &locale, notice: None, shown: None }), &locale, &[]))
}

/// Press a button on the page of a receipt
///
/// Shows what becomes of a submission, after what was asked for is done. The token is in the body, not in an address.
#[utoipa::path(post, path = "/v1/my/page", tag = "receipts", params(PageQuery), request_body(content = Pressed, content_type = "application/x-www-form-urlencoded"), responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn press_my_page(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let locale = locale(&app, query).await?;
    let pressed = Pressed::read(request).await?;
    let done = match pressed.wish()? {
        Some(wish) => wish.fulfil(&app, &pressed.receipt).await,
        None => Ok(()),
    };
    let notice = match done {
        Ok(()) => None,
        Err(ApiError::Retention(Error::NotFound)) => Some(Notice::Unknown),
        Err(ApiError::Retention(Error::Clash(_) | Error::NotTheirs(_) | Error::NoSuchPermission)) => {
            Some(Notice::Refused)
        }
        Err(error) => return Err(error),
    };
    let found = match notice {
        Some(Notice::Unknown) => None,
        _ => found(&app, &pressed).await?,
    };
    let Some(mine) = &found else {
        let page = mine::page(&MyPage { locale: &locale, notice: Some(Notice::Unknown), shown: None });
        return Ok(says(show(page, &locale, &[]), StatusCode::UNAUTHORIZED));
    };
    let (view, names) = (MySubmission::from(mine.clone()), uses(mine, &locale));
    let shown = view.shown(&names);
    let page = mine::page(&MyPage { locale: &locale, notice, shown: Some((&pressed.receipt, shown)) });
    let page = show(page, &locale, &[]);
    Ok(if notice.is_some() { says(page, StatusCode::CONFLICT) } else { page })
}

async fn found(app: &App, pressed: &Pressed) -> Result<Option<Mine>, ApiError> {
    match app.retention().mine(app.parts.site, &pressed.receipt, app.now()).await {
        Ok(mine) => Ok(Some(mine)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The further uses that the form names, each by its name and in words.
fn uses(mine: &Mine, locale: &Locale) -> Vec<(String, String)> {
    let text = |text: &Localized| {
        let text = text.get(locale).or_else(|| text.values().next());
        text.map_or_else(String::new, |text| text.as_str().to_owned())
    };
    mine.offered.iter().map(|(name, words)| (name.clone(), text(words))).collect()
}

async fn locale(app: &App, query: PageQuery) -> Result<Locale, ApiError> {
    match query.locale {
        Some(locale) => Ok(locale),
        None => Ok(app.site().await?.default_locale().clone()),
    }
}

impl MySubmission {
    /// As the page shows it.
    fn shown<'a>(&'a self, names: &'a [(String, String)]) -> Shown<'a> {
        let until = |name: &str| self.permissions.iter().find(|given: &&UsePermitted| given.r#use == name);
        Shown {
            state: self.state,
            restricted_by_visitor: self.restricted_by.contains(&Party::Visitor.name()),
            submitted_at: self.submitted_at,
            fulfilled_at: self.fulfilled_at,
            due_at: self.due_at,
            erase_at: self.erase_at,
            erased_at: self.erased_at,
            scrubbed_at: self.scrubbed_at,
            uses: names
                .iter()
                .map(|(name, words)| (name.as_str(), words.as_str(), until(name).map(|given| given.expires_at)))
                .collect(),
        }
    }
}
