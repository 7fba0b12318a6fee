//! Where a page of a list begins.

use crate::Error;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, Statement, Value};

/// Where a page begins in a list that is ordered by id, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<I> {
    /// At the oldest item.
    First,
    /// After this item, going on to newer ones.
    After(I),
    /// Before this item: the nearest comes first, so that the page has to be turned round for display.
    Before(I),
}

impl<I> Start<I> {
    pub(crate) fn is_backwards(&self) -> bool {
        matches!(self, Self::Before(_))
    }

    /// The id beyond which the page lies, as a value for SQL.
    pub(crate) fn bound(self, uuid: impl Fn(I) -> Uuid) -> Value {
        match self {
            Self::First => Uuid::nil().into(),
            Self::After(id) | Self::Before(id) => uuid(id).into(),
        }
    }
}

pub(crate) fn limit(limit: u64) -> Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}

pub(crate) async fn count(on: &impl ConnectionTrait, select: Statement) -> Result<u64, Error> {
    let row = on.query_one_raw(select).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
