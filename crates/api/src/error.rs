//! Where every error of the crates below becomes an answer: one `match` each gives status, code and public text.

use crate::problem::{Fault, Problem};
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, RETRY_AFTER};
use std::fmt::Display;

/// The error of every handler and of every closure of a write.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("{0:?}")]
    Problem(Problem),
    /// An Idempotency-Key came again, with another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error(transparent)]
    Accounts(#[from] bonafide_accounts::Error),
    #[error(transparent)]
    Content(#[from] bonafide_content::Error),
    #[error(transparent)]
    Policy(#[from] bonafide_policy::Error),
    #[error(transparent)]
    Retention(#[from] bonafide_retention::Error),
    #[error(transparent)]
    Site(#[from] bonafide_site::Error),
    #[error(transparent)]
    Storage(#[from] bonafide_storage::Error),
}

impl ApiError {
    /// Whether what was to be stored may have been kept though it was not acknowledged.
    pub(crate) fn is_uncertain(&self) -> bool {
        use bonafide_storage::Error::Uncertain;
        matches!(self, Self::Storage(Uncertain(_)) | Self::Retention(bonafide_retention::Error::Storage(Uncertain(_))))
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sea_orm::DbErr> for ApiError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Storage(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Problem(problem) => problem,
            ApiError::KeyReused => {
                let message = "The same Idempotency-Key came with another body before.";
                Self::fault(Fault::of("Idempotency-Key", "idempotency_key_reused", message))
            }
            ApiError::Accounts(error) => accounts(error),
            ApiError::Content(error) => content(error),
            ApiError::Policy(error) => policy(error),
            ApiError::Retention(error) => retention(error),
            ApiError::Site(error) => site(error),
            ApiError::Storage(error) => storage(&error),
        }
    }
}

fn stale(current: i64) -> Problem {
    let detail = "The object was changed since you read it; read it again and apply your change to that.";
    Problem::new("stale", detail).header(ETAG, format!("\"{current}\""))
}

/// The cause is logged here, once; the client gets no more than the request's id.
fn internal(error: &dyn Display) -> Problem {
    tracing::error!(error = %error, "A request failed");
    Problem::new("internal", "Something went wrong on the server.")
}

fn retention(error: bonafide_retention::Error) -> Problem {
    use bonafide_retention::purpose::Refused;
    use bonafide_retention::{Error as E, KeyError};
    match error {
        E::NotFound | E::NoSuchPermission => Problem::not_found(),
        E::FormExists => Problem::fault(Fault::at("/form", "already_exists", "There is a form with this key already.")),
        E::Stale { current } => stale(current),
        E::NoDraft => Problem::new("conflict", "There is nothing to publish, or nothing to take offline."),
        E::Answered => Problem::new("form_in_use", "A form that was published cannot be deleted; take it offline."),
        E::Invalid(faults) => faults_of(faults),
        E::Clash(clash) => Problem::new("conflict", format!("{clash}.")),
        E::NotTheirs(refused) => Problem::new("restriction_not_yours", format!("{refused}.")),
        E::NotAsked => Problem::new("conflict", "No sweep waits for a person's word, or it is about more than that."),
        E::TooLate => Problem::new("conflict", "It would be due at once."),
        E::Refused(Refused::Gone) | E::Vault(KeyError::Gone) => {
            Problem::new("erased", "It is erased: nobody can read it any more.")
        }
        E::Refused(refused) => {
            Problem::new("purpose_refused", format!("It may not be read for this purpose: {refused}."))
        }
        E::Misstep(misstep) => Problem::new("conflict", format!("{misstep}.")),
        E::NoDisclosure(misstep) => Problem::new("conflict", format!("{misstep}.")),
        E::HoldRefused(refused) => Problem::new("hold_refused", format!("{refused}.")),
        E::Held => Problem::new("held", "A legal hold is in force."),
        E::Locked => Problem::new("held", "A request of the person it is about is open."),
        E::Vault(KeyError::Storage(error)) | E::Storage(error) => storage(&error),
        // keys and data that do not belong together are refused at the start
        error @ (E::Vault(_) | E::Archive(_) | E::TooSlow | E::Damaged(_) | E::OtherData { .. } | E::Apart { .. }) => {
            internal(&error)
        }
    }
}

/// All faults in one answer, none of which repeats what was sent.
pub(crate) fn faults_of(faults: Vec<bonafide_model::Fault>) -> Problem {
    let first = faults.first().map_or("invalid_value", |fault| fault.code);
    let said: Vec<_> = faults.iter().map(|fault| format!("{}: {}.", fault.pointer, fault.message)).collect();
    naming(Problem::new(first, said.join(" ")), faults)
}

/// Adds faults.
fn naming(problem: Problem, faults: Vec<bonafide_model::Fault>) -> Problem {
    faults.into_iter().fold(problem, |problem, fault| {
        problem.with(Fault::at(fault.pointer, fault.code, format!("{}.", fault.message)))
    })
}

fn storage(error: &bonafide_storage::Error) -> Problem {
    use bonafide_storage::Error as E;
    match error {
        E::Overloaded | E::Contended | E::Closed => {
            tracing::warn!(error = %error, "A write was turned away");
            Problem::new("overloaded", "The server has too much to do; try again in a moment.").header(RETRY_AFTER, "1")
        }
        E::Uncertain(_) => {
            tracing::error!(error = %error, "The database went away while a request was being stored");
            Problem::new(
                "storage_unavailable",
                "The database went away while this was being stored: it may have been kept. Look before you send it again; \
                 sent again with the same Idempotency-Key, it is done once.",
            )
            .header(RETRY_AFTER, "10")
        }
        error if error.is_outage() => {
            tracing::error!(error = %error, "The database or its disk does not work");
            Problem::new(
                "storage_unavailable",
                "Nothing can be stored or read at present; nothing of this is kept. Try again later.",
            )
            .header(RETRY_AFTER, "10")
        }
        error => internal(error),
    }
}

fn accounts(error: bonafide_accounts::Error) -> Problem {
    use bonafide_accounts::Error as E;
    let at = |pointer: &str, code, error: &E| Problem::fault(Fault::at(pointer, code, format!("{error}.")));
    match error {
        E::InvalidCredentials => Problem::new(
            "login_failed",
            "The e-mail address and password do not go together, or the account cannot log in.",
        ),
        E::InvalidToken => {
            crate::extract::unauthenticated("The token is not valid here: expired, revoked, or of another kind.")
        }
        E::InvalidLink => Problem::new("link_invalid", "The link is unknown, used, or has expired."),
        E::WrongPassword => at("/current_password", "wrong_password", &E::WrongPassword),
        E::Throttled { retry_after } => {
            let problem = Problem::new("too_many_requests", "Too many attempts failed; wait before the next one.");
            problem.header(RETRY_AFTER, retry_after.as_secs().max(1).to_string())
        }
        E::Busy => Problem::new("overloaded", "Too many passwords are being checked; try again in a moment.")
            .header(RETRY_AFTER, "1"),
        E::NotFound => Problem::not_found(),
        E::Stale { current } => stale(current),
        E::EmailTaken => Problem::fault(Fault::at("/email", "already_exists", "Another account has this address.")),
        E::LastOwner => Problem::new("last_owner", "The last active owner can neither be suspended nor lose the role."),
        E::Suspended | E::NotSuspended => Problem::new("conflict", format!("{error}.")),
        E::ScopesTooWide(_) | E::ScopesOfOtherFamily(_) => at("/scopes", "scope_too_wide", &error),
        E::ExpiryPast | E::ExpiryTooLate => at("/expires_at", "invalid_value", &error),
        E::Storage(error) => storage(&error),
    }
}

fn policy(error: bonafide_policy::Error) -> Problem {
    use bonafide_policy::{Error as E, Rule};
    match error {
        E::NotFound => Problem::not_found(),
        E::PolicyExists => {
            Problem::fault(Fault::at("/policy", "already_exists", "There is a policy with this key already."))
        }
        E::DraftExists => Problem::new("draft_exists", "The policy has a draft already; publish or delete it first."),
        E::Stale { current } => stale(current),
        E::Published => Problem::new("already_published", "A published revision never changes."),
        E::HasPublished => Problem::new("policy_in_use", "A policy with published revisions cannot be deleted."),
        E::Invalid(faults) => {
            let code = |rule: Rule| match rule {
                Rule::EffectiveOnPast => "effective_on_past",
                Rule::EffectiveOnMissing | Rule::TextMissing => "incomplete",
                _ => "invalid_value",
            };
            let first = faults.first().map_or("invalid_value", |fault| code(fault.rule));
            let detail =
                faults.iter().map(|fault| format!("{} {}.", fault.pointer, fault.rule)).collect::<Vec<_>>().join(" ");
            let problem = Problem::new(first, detail);
            faults.into_iter().fold(problem, |problem, fault| {
                problem.with(Fault::at(fault.pointer, fault.rule.code(), format!("{}.", fault.rule)))
            })
        }
        E::DiffTooLarge => Problem::new("diff_too_large", "The texts differ too much to be compared in two seconds."),
        E::Storage(error) => storage(&error),
        E::Internal(cause) => internal(&cause),
    }
}

/// A fault of a document or a definition, as it stands in answers.
pub(crate) fn content_fault(fault: bonafide_model::Fault) -> Fault {
    Fault::at(fault.pointer, fault.code, format!("{}{}.", fault.message[..1].to_uppercase(), &fault.message[1..]))
}

/// A problem that names all faults; its code is that of the first, if that is a code of its own.
fn faults(general: &'static str, all: Vec<bonafide_model::Fault>) -> Problem {
    let own = |code: &str| matches!(code, "unknown_field" | "wrong_type" | "missing_field" | "invalid_value");
    let first = all.first().map_or(general, |fault| fault.code);
    let code = if general == "invalid_value" && own(first) { first } else { general };
    let detail = all.iter().take(10).map(|fault| format!("{} {}.", fault.pointer, fault.message));
    let problem = Problem::new(code, detail.collect::<Vec<_>>().join(" "));
    all.into_iter().fold(problem, |problem, fault| problem.with(content_fault(fault)))
}

fn content(error: bonafide_content::Error) -> Problem {
    use bonafide_content::Error as E;
    let at = |pointer: &str, message: &str| Problem::fault(Fault::at(pointer, "already_exists", message));
    match error {
        E::NotFound => Problem::not_found(),
        E::TypeExists => at("/type", "There is a type with this key already."),
        E::LocaleExists => at("/locale", "The entry has this language already."),
        E::TooManyTypes => Problem::new("conflict", "The site has as many types as it can have."),
        E::TypeInUse => Problem::new("type_in_use", "Entries of the type are there, or other types name it."),
        E::BuiltIn => Problem::new("type_in_use", "What is built in cannot be deleted."),
        E::Loses(plan) => {
            let detail = "Entries have values that would be lost; name the fields in `drop`, or ask for the plan.";
            let detail = if plan.refused { "Entries have several languages, or are several." } else { detail };
            plan.lost.iter().fold(Problem::new("would_lose", detail), |problem, lost| {
                let message = format!("{} entries have a value of the field {}.", lost.entries, lost.field);
                problem.with(Fault::at("/fields", "would_lose", message))
            })
        }
        E::Changed => storage(&bonafide_storage::Error::Contended),
        E::TooManyEntries => Problem::new("conflict", "The type has too many entries for this change."),
        E::TypeChanged => Problem::new("conflict", "A type was changed meanwhile; try again."),
        E::Stale { current } => stale(current),
        E::Invalid(all) => faults("invalid_value", all),
        E::Incomplete(all) => faults("incomplete", all),
        E::NotUnique(all) => faults("already_exists", all),
        E::PathTaken(fault) => faults("already_exists", vec![fault]),
        E::Archived => Problem::new("archived", "The entry is archived; restore it first."),
        E::NotArchived => Problem::new("conflict", "The entry is not archived; name a revision to bring back."),
        E::Published => Problem::new("still_published", "The entry is published; unpublish it first."),
        E::NotPublished => Problem::new("not_published", "The entry is not published in this language."),
        E::NotLocalized => Problem::new("conflict", "Entries of this type have one language."),
        E::SingletonExists => Problem::new("conflict", "There is an entry of this type already, and can be no other."),
        E::TooManyLinks => Problem::new("conflict", "The entry has as many preview links as it can have; revoke some."),
        E::TooBroad => Problem::new("filter_too_broad", "The other conditions leave too much to look through."),
        E::Storage(error) => storage(&error),
        E::Internal(cause) => internal(&cause),
    }
}

fn site(error: bonafide_site::Error) -> Problem {
    use bonafide_site::Error as E;
    match error {
        E::Absent => Problem::not_found(),
        E::Stale { current } => stale(current),
        E::Invalid(faults) => naming(Problem::new("invalid_value", "Some settings cannot be taken."), faults),
        E::Storage(error) => storage(&error),
    }
}
