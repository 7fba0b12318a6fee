//! What the lists of this crate have in common: they are ordered by id, oldest first.

use bonafide_model::Start;
use sea_orm::Value;
use sea_orm::prelude::Uuid;

/// The id beyond which a page lies, as a value for SQL.
pub(crate) fn bound<I>(start: Start<I>, uuid: impl Fn(I) -> Uuid) -> Value {
    match start {
        Start::First => Uuid::nil().into(),
        Start::After(id) | Start::Before(id) => uuid(id).into(),
    }
}
