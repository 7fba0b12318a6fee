//! Creating something once, however often the request comes.
//!
//! The answer is written in the transaction of what it tells of, so that there is no moment at which one is there
//! and not the other. A second request with the same key that comes while the first is under way waits for it and gets
//! its answer: on SQLite because writes take turns, on PostgreSQL because it clashes and is run again.

use crate::answer::Created;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Caller, IdempotencyKey};
use crate::problem::Problem;
use bonafide_keyring::{Sealer, SubKey, Use};
use bonafide_storage::replay::{self, Replay};
use bonafide_storage::{Tx, Work};
use futures_util::FutureExt as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

const KEPT: Duration = Duration::from_hours(24);

/// How a repeated request is known: an id, a MAC of its body, and the key under which its answer is sealed.
struct Repetition {
    id: Vec<u8>,
    body_mac: Vec<u8>,
    sealer: Sealer,
}

impl Repetition {
    fn new(app: &App, who: &str, route: &str, key: &str, body: &[u8]) -> Self {
        // all three come from the Idempotency-Key, which is not stored: the row alone tells nothing
        let context = format!("{route}\n{who}\n{key}");
        let own = app.parts.keyring.sub_key_for(Use::Idempotency, &context);
        Self { id: mac(&own, b"id", &[]), body_mac: mac(&own, b"body", body), sealer: Sealer::new(&own) }
    }
}

fn mac(key: &SubKey, label: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length is taken");
    mac.update(label);
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// The answer that a visitor's request got before, if it did.
pub(crate) async fn answered(
    app: &App,
    route: &str,
    key: &IdempotencyKey,
    body: &[u8],
) -> Result<Option<Created>, ApiError> {
    let Some(key) = &key.0 else { return Ok(None) };
    let repetition = Repetition::new(app, VISITOR, route, key, body);
    let replay = replay::find(app.db().read(), &repetition.id, app.now()).await?;
    replay.map(|replay| again(&repetition, &replay)).transpose()
}

/// Who asks without an account.
pub(crate) const VISITOR: &str = "visitor";

/// Runs `work` once in a transaction. `object` names what it makes in the change feed's terms: the kept answer falls with it.
pub(crate) async fn once<F>(
    app: &App,
    caller: &Caller,
    route: &str,
    key: IdempotencyKey,
    body: &[u8],
    work: F,
) -> Result<Created, ApiError>
where
    F: for<'t> Fn(&'t Tx) -> Work<'t, (Created, String), ApiError> + Send + Sync + 'static,
{
    once_for(app, &caller.account().to_string(), route, key, body, work).await
}

/// The same, for whoever is named.
pub(crate) async fn once_for<F>(
    app: &App,
    who: &str,
    route: &str,
    key: IdempotencyKey,
    body: &[u8],
    work: F,
) -> Result<Created, ApiError>
where
    F: for<'t> Fn(&'t Tx) -> Work<'t, (Created, String), ApiError> + Send + Sync + 'static,
{
    let Some(key) = key.0 else {
        return app.db().write(move |tx| work(tx).map(|made| made.map(|(created, _)| created)).boxed()).await;
    };
    let repetition = Arc::new(Repetition::new(app, who, route, &key, body));
    let (app_, work) = (app.clone(), Arc::new(work));
    app.db()
        .write(move |tx| {
            let (app, repetition, work) = (app_.clone(), Arc::clone(&repetition), Arc::clone(&work));
            async move {
                let now = app.now();
                if let Some(replay) = replay::find(tx, &repetition.id, now).await? {
                    return again(&repetition, &replay);
                }
                let (created, object) = work(tx).await?;
                let answer = serde_json::to_vec(&created).unwrap_or_default();
                let answer = repetition.sealer.seal(&app.parts.entropy, &repetition.id, &answer);
                let replay = Replay { body_mac: repetition.body_mac.clone(), answer };
                replay::record(tx, &repetition.id, &replay, &object, now.plus(KEPT)).await?;
                Ok(created)
            }
            .boxed()
        })
        .await
}

fn again(repetition: &Repetition, replay: &Replay) -> Result<Created, ApiError> {
    if replay.body_mac != repetition.body_mac {
        return Err(ApiError::KeyReused);
    }
    let opened = repetition.sealer.open(&repetition.id, &replay.answer);
    let created = opened.and_then(|opened| serde_json::from_slice::<Created>(&opened).ok());
    let mut created = created.ok_or_else(|| Problem::new("internal", "A kept answer cannot be read."))?;
    created.replayed = true;
    Ok(created)
}
