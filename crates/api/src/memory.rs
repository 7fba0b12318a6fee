//! What every delivery request needs and what changes rarely, kept in memory until the change feed says that it changed.

use bonafide_storage::Changes;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// One value that is read once and kept while nothing under its prefix of the change feed changes.
pub(crate) struct Memory<T> {
    prefix: &'static str,
    /// Counts what was forgotten: a read that began before does not bring the old value back.
    forgotten: AtomicU64,
    slot: RwLock<Option<Arc<T>>>,
}

impl<T> Memory<T> {
    /// Nothing yet. Changes of objects whose keys begin with `prefix` make it forget.
    pub(crate) fn new(prefix: &'static str) -> Self {
        Self { prefix, forgotten: AtomicU64::new(0), slot: RwLock::default() }
    }

    /// The value, read if it is not there.
    pub(crate) async fn get<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        if let Some(kept) = self.slot.read().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(kept);
        }
        let began = self.forgotten.load(Ordering::SeqCst);
        let value = Arc::new(read.await?);
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::SeqCst) == began {
            *slot = Some(Arc::clone(&value));
        }
        Ok(value)
    }

    /// Forgets, if what changed is of its kind. To be called before answers are dropped that were made with it.
    pub(crate) fn invalidate(&self, changes: &Changes) {
        let concerned = match changes {
            Changes::All => true,
            Changes::These(changes) => changes.iter().any(|change| change.object.starts_with(self.prefix)),
        };
        if concerned {
            let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
            self.forgotten.fetch_add(1, Ordering::SeqCst);
            *slot = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_read_that_began_before_a_change_is_not_kept() {
        let memory = Memory::new("type/");
        let change = |object: &str| {
            let site = bonafide_model::id::SiteId::new(bonafide_model::Instant::from_micros(0), [0; 10]);
            Changes::These(vec![bonafide_storage::Change { position: 1, site, object: object.to_owned() }])
        };
        let read = async |value: u32| memory.get(async move { Ok::<_, ()>(value) }).await.map(|kept| *kept);
        let meanwhile = memory.get(async {
            memory.invalidate(&change("type/a"));
            Ok::<_, ()>(1)
        });
        assert_eq!(meanwhile.await.map(|kept| *kept), Ok(1));
        assert_eq!(read(2).await, Ok(2));
        memory.invalidate(&change("page/a"));
        assert_eq!(read(3).await, Ok(2));
        memory.invalidate(&Changes::All);
        assert_eq!(read(4).await, Ok(4));
    }
}
