//! Taking in what a visitor sends.
//!
//! In the order of its price: whose page it is, whether it was sent before, the token, how often this client comes, the
//! proof of work, the answers. Then the keys are made durable, and in a second commit the rest. Only then is it
//! acknowledged. A browser without scripts gets a page in every case that a person can do something about.

use super::forms::{FormQuery, HandedOut, Refill, hand_out, says};
use super::letter::{Letter, NewSubmission};
use super::origins;
use super::page::Notice;
use super::receipt::{self, Sent};
use crate::answer::Created;
use crate::app::App;
use crate::create::{self, VISITOR};
use crate::error::{ApiError, faults_of};
use crate::extract::{Client, IdempotencyKey, Path, Query};
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bonafide_model::name::FormKey;
use bonafide_retention::form::{Answers, Switch};
use bonafide_retention::intake::spent::Claim;
use bonafide_retention::intake::token::{Checked, Refused};
use bonafide_retention::submission::{Intake, PolicyRef};
use bonafide_retention::{Fault, erase};
use futures_util::FutureExt as _;
use http::StatusCode;
use http::header::RETRY_AFTER;
use std::net::IpAddr;
use std::time::Duration;

/// For how long a form that was sent twice waits for the answer that the first gets.
const PATIENCE: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Why a form is not taken, and what a page says of it.
enum Refusal {
    /// The answers have faults.
    Faults(Vec<Fault>),
    /// The visitor can send it again.
    Again(Notice, Problem),
    Other(Problem),
}

impl<E: Into<ApiError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        let error: ApiError = error.into();
        let notice = if error.is_uncertain() { Notice::Uncertain } else { Notice::Unavailable };
        let problem = Problem::from(error);
        if problem.status() == StatusCode::SERVICE_UNAVAILABLE {
            return Self::Again(notice, problem);
        }
        Self::Other(problem)
    }
}

/// Send a form
///
/// As JSON; or as a browser posts it from the page without scripts, which gets a page back. A token is good once: sent again
/// with the same answers it gets the same receipt.
#[utoipa::path(post, path = "/v1/forms/{form}/submissions", tag = "forms", params(("form" = String, Path, description = "The key of the form"), FormQuery), request_body(content((NewSubmission = "application/json"), (String = "application/x-www-form-urlencoded"))), responses((status = 201, content((Sent = "application/json"), (String = "text/html")))))]
pub(crate) async fn create_submission(
    State(app): State<App>,
    Path(key): Path<FormKey>,
    Client(client): Client,
    repeated: IdempotencyKey,
    Query(query): Query<FormQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let letter = Letter::read(request).await?;
    let form = hand_out(&app, &key, query).await?;
    origins::check(&form, &headers, &uri)?;
    let refill = |faults, notice, keep| Refill { letter: Some(&letter), faults, notice, keep_token: keep };
    match take_in(&app, &form, &letter, repeated, client).await {
        Ok(created) if letter.is_page => Ok(receipt::page(&created, &form).unwrap_or_else(|| created.into_response())),
        Ok(created) => Ok(created.into_response()),
        Err(Refusal::Faults(faults)) if letter.is_page => {
            Ok(says(form.page(&app, &refill(&faults, None, true)), StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(Refusal::Again(notice, problem)) if letter.is_page => {
            // by its token a form that may have been kept is known when it comes again
            let keep_token = matches!(notice, Notice::TooEarly | Notice::Unavailable | Notice::Uncertain);
            let page = form.page(&app, &refill(&[], Some(notice), keep_token));
            Ok(says(page, problem.status()))
        }
        Err(Refusal::Faults(faults)) => Err(faults_of(faults).into()),
        Err(Refusal::Again(_, problem) | Refusal::Other(problem)) => Err(problem.into()),
    }
}

async fn take_in(
    app: &App,
    form: &HandedOut,
    letter: &Letter,
    repeated: IdempotencyKey,
    client: IpAddr,
) -> Result<Created, Refusal> {
    let route = format!("create_submission/{}", form.form.key);
    if let Some(created) = create::answered(app, &route, &repeated, &letter.bytes).await? {
        return Ok(created);
    }
    let token = checked(app, form, letter)?;
    // a form that is sent twice without a key of its own is known by its token, which only its sender has
    let key = IdempotencyKey(Some(repeated.0.unwrap_or_else(|| letter.token.clone())));
    let Ok(claim) = app.visitors.spent.claim(token.nonce, app.now()) else {
        return earlier(app, &route, &key, letter, client, &token).await;
    };
    counted(app, client, &token)?;
    let proof = work_done(app, form, letter, token.scriptless).await?;
    let answers = Answers::parse(&form.form.definition, &letter.posted.fields, &letter.posted.permissions);
    let created = keep(app, form, letter, &route, key, answers.map_err(Refusal::Faults)?).await?;
    claim.keep();
    if let Some(proof) = proof {
        proof.keep();
    }
    Ok(created)
}

/// Counts a form that a client sends.
fn counted(app: &App, client: IpAddr, token: &Checked) -> Result<(), Refusal> {
    app.visitors.count(client, token.scriptless, app.now()).map_err(|seconds| {
        let problem = Problem::new("too_many_requests", "Too many forms came from here; wait a little.");
        Refusal::Again(Notice::TooMany, problem.header(RETRY_AFTER, seconds.to_string()))
    })
}

/// The token, if it is this form's and in time.
fn checked(app: &App, form: &HandedOut, letter: &Letter) -> Result<Checked, Refusal> {
    let stale = || {
        let detail = "The form was handed out too long ago, not by this server, or has changed since: fetch it again.";
        Refusal::Again(Notice::Stale, Problem::new("form_token_invalid", detail))
    };
    let minimum = Duration::from_secs(form.form.definition.spam.minimum_seconds.into());
    let checked = app.visitors.tokens.check(&letter.token, app.now());
    match checked.and_then(|checked| checked.waited(minimum).map(|()| checked)) {
        Ok(checked) if checked.form_version == form.form.id => Ok(checked),
        Err(Refused::TooEarly { wait }) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let detail =
                format!("The form came back faster than a person fills it in: wait {seconds} s and send it again.");
            Err(Refusal::Again(Notice::TooEarly, Problem::new("form_too_early", detail)))
        }
        Ok(_) | Err(Refused::Unknown | Refused::Expired) => Err(stale()),
    }
}

/// The answer that the same form got when it was sent first, perhaps a moment ago. Where there is none at once it counts as a
/// form that is sent: nobody waits here as often as they like.
async fn earlier(
    app: &App,
    route: &str,
    key: &IdempotencyKey,
    letter: &Letter,
    client: IpAddr,
    token: &Checked,
) -> Result<Created, Refusal> {
    for attempt in 0..PATIENCE {
        let answered = create::answered(app, route, key, &letter.bytes).await;
        if let Ok(Some(created)) = answered {
            return Ok(created);
        }
        if attempt == 0 {
            counted(app, client, token)?;
        }
        match answered {
            Err(ApiError::KeyReused) => break,
            Err(error) => return Err(error.into()),
            Ok(_) if attempt + 1 < PATIENCE => tokio::time::sleep(PAUSE).await,
            Ok(_) => {}
        }
    }
    let detail = "The form was sent already, with other answers or under another Idempotency-Key: fetch it again.";
    Err(Refusal::Again(Notice::Stale, Problem::new("form_sent", detail)))
}

/// Asks for the proof of work, where the form wants one. A page without scripts waits longer instead.
async fn work_done(app: &App, form: &HandedOut, letter: &Letter, scriptless: bool) -> Result<Option<Claim>, Refusal> {
    if scriptless || form.form.definition.spam.proof_of_work == Switch::Off {
        return Ok(None);
    }
    let refuse = |why: String| Refusal::Again(Notice::Stale, Problem::new("proof_of_work_invalid", format!("{why}.")));
    let missing = || refuse("The form wants a proof of work; send what the widget found as `altcha`".to_owned());
    let text = letter.posted.altcha.as_deref().ok_or_else(missing)?;
    let now = app.now();
    let solution = app.visitors.proofs.authenticate(text, form.form.id, now).map_err(|why| refuse(why.to_string()))?;
    let claim = app.visitors.spent.claim(solution.nonce, now).map_err(|why| refuse(why.to_string()))?;
    let verified = tokio::task::spawn_blocking(move || solution.verify()).await;
    match verified {
        Ok(Ok(())) => Ok(Some(claim)),
        Ok(Err(why)) => Err(refuse(why.to_string())),
        Err(_) => Err(Problem::new("internal", "The proof of work could not be verified.").into()),
    }
}

/// Seals the answers and makes them durable: keys first.
async fn keep(
    app: &App,
    form: &HandedOut,
    letter: &Letter,
    route: &str,
    key: IdempotencyKey,
    answers: Answers,
) -> Result<Created, Refusal> {
    let policy = form.policy.as_ref().map(|(digest, policy)| PolicyRef {
        policy: policy.policy.clone(),
        number: policy.number,
        digest: *digest,
    });
    let intake = Intake {
        site: app.parts.site,
        form: &form.form,
        policy,
        spam: letter.posted.trapped,
        zone: &form.zone,
        now: app.now(),
    };
    let retention = app.retention();
    let mut sealed = retention.seal(intake, &answers)?;
    drop(answers);
    retention.deposit(&mut sealed).await?;
    let created = receipt::created(&sealed.receipt, form);
    let (write, object) = (sealed.writer(), erase::object_key(sealed.receipt.id));
    let written = create::once_for(app, VISITOR, route, key, &letter.bytes, move |tx| {
        write(tx);
        std::future::ready(Ok((created.clone(), object.clone()))).boxed()
    });
    match written.await {
        Err(error @ ApiError::KeyReused) => Err(Refusal::Again(Notice::Stale, error.into())),
        written => Ok(written?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide_storage::Error;

    #[test]
    fn nobody_is_told_that_nothing_was_kept_where_it_may_have_been() {
        let said = |error: Error| match Refusal::from(error) {
            Refusal::Again(notice, problem) => (notice, serde_json::to_string(&problem).expect("JSON")),
            Refusal::Faults(_) | Refusal::Other(_) => panic!("it can be sent again"),
        };
        let (notice, problem) = said(Error::Uncertain(sea_orm::DbErr::Custom("cut".to_owned())));
        assert_eq!(notice, Notice::Uncertain);
        assert!(problem.contains("storage_unavailable") && problem.contains("Idempotency-Key"), "{problem}");
        assert!(!problem.contains("nothing"), "{problem}");
        assert_eq!(said(Error::Overloaded).0, Notice::Unavailable);
    }
}
