//! Renewing a login: a refresh token is exchanged for its successor, once.
//!
//! Whoever presents one a second time may have stolen it, or may have lost the answer, or may be a second tab.
//! So the token just before the newest is forgiven once, within half a minute and if its successor was not used yet;
//! the successor is then worth nothing, and presenting it counts as theft. Theft ends the session
//! (RFC 9700 §4.14.2).

use crate::accounts::{Accounts, Arrival};
use crate::identity::OwnAccount;
use crate::login::{Begun, Tokens};
use crate::{Error, Secret, access_token, session};
use bonafide_keyring::{Entropy, TokenFamily, TokenHash, mint, parse};
use bonafide_ledger::{Act, audit::Object};
use bonafide_model::access::Actor;
use bonafide_model::id::{AccountId, SessionId, SiteId};
use bonafide_model::{Granted, Instant};
use bonafide_storage::{Tx, sql};
use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use std::time::Duration;

/// How long the previous token is forgiven.
const FORGIVEN: Duration = Duration::from_secs(30);

/// What became of a presented token. A theft is no error of the transaction: what it ends must be kept.
enum Outcome {
    Renewed(Begun),
    Refused,
}

impl Accounts {
    /// Exchanges a refresh token for a new pair of tokens.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] if it is unknown, used, or its session or account is not active any more.
    pub async fn refresh(&self, arrival: Arrival, token: &Secret) -> Result<Tokens, Error> {
        let hash = parse(TokenFamily::Refresh, token.expose()).ok_or(Error::InvalidToken)?;
        let (site, now, entropy) = (arrival.site, arrival.now, arrival.entropy.clone());
        match self.db.write(move |tx| renew(tx, site, hash, now, entropy.clone()).boxed()).await? {
            Outcome::Renewed(begun) => Ok(self.sign(begun, &arrival)),
            Outcome::Refused => Err(Error::InvalidToken),
        }
    }
}

/// A refresh token as it is stored.
struct Presented {
    hash: Vec<u8>,
    session: SessionId,
    account: AccountId,
    rotated_at: Option<Instant>,
    successor: Option<Vec<u8>>,
    was_forgiven: bool,
    /// Whether the successor was neither used nor replaced.
    successor_is_fresh: bool,
    is_alive: bool,
}

impl Presented {
    fn is_forgivable(&self, rotated_at: Instant, now: Instant) -> bool {
        now.since(rotated_at) <= FORGIVEN && !self.was_forgiven && self.successor_is_fresh
    }
}

async fn renew(tx: &Tx, site: SiteId, hash: TokenHash, now: Instant, entropy: Entropy) -> Result<Outcome, Error> {
    let Some(presented) = find(tx, hash, now).await? else { return Ok(Outcome::Refused) };
    let session = presented.session;
    if !presented.is_alive {
        session::delete(tx, session).await?;
        return Ok(Outcome::Refused);
    }
    let forgiven = match presented.rotated_at {
        None => false,
        Some(rotated_at) if presented.is_forgivable(rotated_at, now) => true,
        Some(_) => {
            session::delete(tx, session).await?;
            let by: Granted<OwnAccount> = Granted::issue(Actor::System, site);
            let act = Act::new(by, now, entropy);
            act.record(tx, "session.end_stolen", Object::new("session", &session.to_string()));
            return Ok(Outcome::Refused);
        }
    };
    let (token, next) = mint(TokenFamily::Refresh, &entropy);
    insert(tx, session, next, now).await?;
    if forgiven && let Some(unused) = presented.successor {
        // its use from now on is a second use, and it is never forgiven
        retire(tx, unused, next, now, true).await?;
    }
    retire(tx, presented.hash, next, now, forgiven).await?;
    session::touch(tx, session, now).await?;
    let kid = access_token::ensure(tx, now, entropy).await?;
    Ok(Outcome::Renewed(Begun { session, account: presented.account, refresh_token: token.into(), kid }))
}

async fn find(tx: &Tx, hash: TokenHash, now: Instant) -> Result<Option<Presented>, Error> {
    const SELECT: &str = "SELECT t.session_id, s.account_id, t.rotated_at, t.successor, t.forgiven_at,
            n.issued_at, n.rotated_at, a.state, s.expires_at
        FROM refresh_token t
        JOIN session s ON s.id = t.session_id
        JOIN account a ON a.id = s.account_id
        LEFT JOIN refresh_token n ON n.hash = t.successor
        WHERE t.hash = $1";
    let Some(row) = tx.query_one_raw(sql(tx, SELECT, [hash.to_vec().into()])).await? else { return Ok(None) };
    let next_issued: Option<i64> = row.try_get_by_index(5)?;
    let next_rotated: Option<i64> = row.try_get_by_index(6)?;
    let state: String = row.try_get_by_index(7)?;
    let expires_at: i64 = row.try_get_by_index(8)?;
    Ok(Some(Presented {
        hash: hash.to_vec(),
        session: SessionId::from_uuid(row.try_get_by_index(0)?),
        account: AccountId::from_uuid(row.try_get_by_index(1)?),
        rotated_at: row.try_get_by_index::<Option<i64>>(2)?.map(Instant::from_micros),
        successor: row.try_get_by_index(3)?,
        was_forgiven: row.try_get_by_index::<Option<i64>>(4)?.is_some(),
        successor_is_fresh: next_issued.is_some() && next_rotated.is_none(),
        is_alive: state == "active" && expires_at > now.micros(),
    }))
}

async fn insert(tx: &Tx, session: SessionId, hash: TokenHash, now: Instant) -> Result<(), Error> {
    let insert = "INSERT INTO refresh_token (hash, session_id, issued_at) VALUES ($1, $2, $3)";
    tx.execute_raw(sql(tx, insert, [hash.to_vec().into(), session.uuid().into(), now.micros().into()])).await?;
    Ok(())
}

async fn retire(tx: &Tx, hash: Vec<u8>, next: TokenHash, now: Instant, forgiven: bool) -> Result<(), Error> {
    let update = "UPDATE refresh_token SET rotated_at = COALESCE(rotated_at, $2), successor = $3, forgiven_at = $4
        WHERE hash = $1";
    let forgiven_at = forgiven.then(|| now.micros());
    tx.execute_raw(sql(tx, update, [hash.into(), now.micros().into(), next.to_vec().into(), forgiven_at.into()]))
        .await?;
    Ok(())
}

/// The first token of a session.
pub(crate) async fn first(tx: &Tx, session: SessionId, now: Instant, entropy: &Entropy) -> Result<Secret, Error> {
    let (token, hash) = mint(TokenFamily::Refresh, entropy);
    insert(tx, session, hash, now).await?;
    Ok(token.into())
}
