//! People, roles, sessions and tokens.
//!
//! [`Accounts`] is the door for everything that proves who somebody is: it logs in, renews, checks access tokens and
//! API tokens, and takes passwords. What it yields is an [`Identity`], and only [`Identity::may`] turns that into
//! a permission. The rest are functions on a transaction, for callers who hold a permission already:
//! [`user`] (people), [`session`] (logins), [`api_token`] (credentials for scripts).
//!
//! Nothing here knows HTTP. No secret is stored: passwords as argon2id, tokens as SHA-256, signing keys not at all.
//! No address, token or password appears in an error, a log line or a `Debug`.

mod access_token;
mod accounts;
pub mod api_token;
mod error;
mod identity;
mod link;
mod list;
mod login;
mod owner;
mod password;
mod refresh;
mod secret;
pub mod session;
mod throttle;
pub mod user;

pub use access_token::{LIFE as ACCESS_TOKEN_LIFE, rotate as rotate_signing_key};
pub use accounts::{Accounts, Arrival, Settings, prune};
pub use api_token::ApiFamily;
pub use bonafide_model::Start;
pub use error::Error;
pub use identity::{Identity, OwnAccount};
pub use link::Link;
pub use login::Tokens;
pub use password::{Cost, Password};
pub use secret::Secret;
pub use throttle::Limits;
