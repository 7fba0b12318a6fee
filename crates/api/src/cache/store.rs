//! The map of finished answers: bounded by bytes, invalidated by the keys of what was changed.
//!
//! Reading takes one shard's read lock and sets a flag. Everything else (keeping, dropping, invalidating) takes the
//! one lock of the [`Index`]. What to drop is found by SIEVE (Zhang et al., NSDI 2024): a hand goes over the entries
//! from the oldest to the newest and drops the first that was not read since it last came by.

use super::entry::Entry;
use super::negotiate::Form;
use bonafide_model::Instant;
use bonafide_storage::Changes;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

const SHARDS: usize = 16;
/// How many invalidated keys are remembered for fills under way; beyond it all of those are dropped.
const REMEMBERED: usize = 10_000;

/// What an answer is kept under: the target of the request, and the representation asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    form: Form,
    target: Arc<str>,
}

type Shard = HashMap<Arc<str>, [Option<Arc<Entry>>; 3]>;

/// Finished answers.
pub(crate) struct Store {
    most: usize,
    hasher: RandomState,
    shards: [RwLock<Shard>; SHARDS],
    index: Mutex<Index>,
    clock: AtomicU64,
}

#[derive(Default)]
struct Index {
    bytes: usize,
    /// From the oldest to the newest. May hold keys that are gone already.
    queue: VecDeque<Key>,
    present: HashSet<Key>,
    by_object: HashMap<String, HashSet<Key>>,
    /// When a key was last invalidated, by the store's own clock.
    invalidated: HashMap<String, u64>,
    /// Fills that began before this are not kept, whatever they depend on.
    floor: u64,
}

/// A moment of the store's own clock, taken before the read of a fill.
#[derive(Clone, Copy)]
pub(crate) struct Moment(u64);

impl Store {
    /// An empty store for at most so many bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| RwLock::default()),
            index: Mutex::default(),
            clock: AtomicU64::new(1),
        }
    }

    /// Finds an answer that still holds.
    pub(crate) fn find(&self, target: &str, form: Form, now: Instant) -> Option<Arc<Entry>> {
        let shard = self.shard(target).read().unwrap_or_else(PoisonError::into_inner);
        let entry = shard.get(target)?[form as usize].clone()?;
        drop(shard);
        if !entry.holds(now) {
            return None;
        }
        if !entry.visited.load(Ordering::Relaxed) {
            entry.visited.store(true, Ordering::Relaxed);
        }
        Some(entry)
    }

    /// To be taken before the read that a fill is made from.
    pub(crate) fn moment(&self) -> Moment {
        Moment(self.clock.load(Ordering::SeqCst))
    }

    /// Keeps an answer, unless something it depends on was changed since `read_at`.
    pub(crate) fn keep(&self, target: &str, form: Form, entry: Arc<Entry>, read_at: Moment) {
        let size = cost(target, &entry);
        if size > self.most / 4 {
            return;
        }
        let mut index = self.lock();
        let outdated = |object: &String| index.invalidated.get(object).is_some_and(|at| *at >= read_at.0);
        if read_at.0 < index.floor || entry.depends_on.iter().any(outdated) {
            return;
        }
        let key = Key { form, target: target.into() };
        self.remove(&mut index, &key);
        while index.bytes + size > self.most {
            let Some(oldest) = index.queue.pop_front() else { break };
            if index.present.contains(&oldest) {
                match self.get(&oldest) {
                    Some(entry) if entry.visited.swap(false, Ordering::Relaxed) => index.queue.push_back(oldest),
                    _ => self.remove(&mut index, &oldest),
                }
            }
        }
        index.bytes += size;
        for object in &entry.depends_on {
            index.by_object.entry(object.clone()).or_default().insert(key.clone());
        }
        index.queue.push_back(key.clone());
        index.present.insert(key.clone());
        let mut shard = self.shard(&key.target).write().unwrap_or_else(PoisonError::into_inner);
        shard.entry(Arc::clone(&key.target)).or_default()[form as usize] = Some(entry);
    }

    /// Drops every answer that depends on what was changed, and keeps fills under way from bringing it back.
    pub(crate) fn invalidate(&self, changes: &Changes) {
        let mut index = self.lock();
        let now = self.clock.fetch_add(1, Ordering::SeqCst);
        let Changes::These(changes) = changes else {
            index.floor = now + 1;
            index.invalidated.clear();
            for key in index.present.clone() {
                self.remove(&mut index, &key);
            }
            index.queue.clear();
            return;
        };
        for change in changes {
            for key in index.by_object.get(&change.object).cloned().unwrap_or_default() {
                self.remove(&mut index, &key);
            }
            index.invalidated.insert(change.object.clone(), now);
        }
        if index.invalidated.len() > REMEMBERED {
            index.invalidated.clear();
            index.floor = now + 1;
        }
    }

    /// How many bytes are kept, for the status.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn remove(&self, index: &mut Index, key: &Key) {
        if !index.present.remove(key) {
            return;
        }
        let mut shard = self.shard(&key.target).write().unwrap_or_else(PoisonError::into_inner);
        let Some(forms) = shard.get_mut(&key.target) else { return };
        let entry = forms[key.form as usize].take();
        if forms.iter().all(Option::is_none) {
            shard.remove(&key.target);
        }
        drop(shard);
        let Some(entry) = entry else { return };
        index.bytes -= cost(&key.target, &entry);
        for object in &entry.depends_on {
            if let Some(keys) = index.by_object.get_mut(object) {
                keys.remove(key);
                if keys.is_empty() {
                    index.by_object.remove(object);
                }
            }
        }
        // the queue is tidied when stale keys are the greater part of it
        if index.queue.len() > 2 * index.present.len() + 64 {
            let present = &index.present;
            index.queue.retain(|key| present.contains(key));
        }
    }

    fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        let shard = self.shard(&key.target).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(&key.target)?[key.form as usize].clone()
    }

    fn shard(&self, target: &str) -> &RwLock<Shard> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        &self.shards[self.hasher.hash_one(target) as usize % SHARDS]
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer takes up. The target counts: whoever asks chooses how long it is.
fn cost(target: &str, entry: &Entry) -> usize {
    entry.size() + target.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::entry::Cacheable;
    use axum::body::Bytes;
    use bonafide_model::id::SiteId;
    use bonafide_storage::Change;
    use http::HeaderMap;
    use proptest::prelude::*;

    const NOW: fn() -> Instant = || Instant::from_micros(0);

    fn entry(object: &str, length: usize) -> Arc<Entry> {
        let cacheable = Cacheable { depends_on: vec![object.into()], ..Cacheable::default() };
        Arc::new(Entry::finish(HeaderMap::new(), &Bytes::from(vec![b'x'; length]), cacheable, NOW()))
    }

    fn changed(object: &str) -> Changes {
        Changes::These(vec![Change { position: 1, site: SiteId::new(NOW(), [0; 10]), object: object.into() }])
    }

    #[test]
    fn a_fill_that_read_before_the_change_is_not_kept() {
        let store = Store::new(1 << 20);
        let read_at = store.moment();
        store.invalidate(&changed("a"));
        store.keep("/v1/a", Form::Default, entry("a", 10), read_at);
        assert!(store.find("/v1/a", Form::Default, NOW()).is_none());
        store.keep("/v1/b", Form::Default, entry("b", 10), read_at);
        assert!(store.find("/v1/b", Form::Default, NOW()).is_some());
        store.keep("/v1/a", Form::Default, entry("a", 10), store.moment());
        assert!(store.find("/v1/a", Form::Default, NOW()).is_some());
        assert!(store.find("/v1/a", Form::Html, NOW()).is_none());
        let read_at = store.moment();
        store.invalidate(&Changes::All);
        store.keep("/v1/b", Form::Default, entry("b", 10), read_at);
        assert!(store.find("/v1/b", Form::Default, NOW()).is_none());
        assert_eq!(store.bytes(), 0);
    }

    #[test]
    fn long_targets_take_up_room_too() {
        let store = Store::new(1 << 20);
        for n in 0..100 {
            let target = format!("/v1/policies?{}{n}", "&".repeat(30_000));
            store.keep(&target, Form::Default, entry("a", 10), store.moment());
        }
        let index = store.lock();
        let kept: usize = index.present.iter().map(|key| key.target.len()).sum();
        assert!(kept <= 1 << 20, "{kept} bytes of targets are kept");
        assert!(!index.present.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_stays_within_its_bytes_and_never_serves_what_was_changed(
            steps in prop::collection::vec((0u8..4, 0usize..40, 0usize..8, 1usize..3000), 1..300)
        ) {
            let store = Store::new(60_000);
            let mut changed_at = HashMap::new();
            let mut kept_at: HashMap<usize, (usize, usize)> = HashMap::new();
            for (step, (verb, target, object, length)) in steps.into_iter().enumerate() {
                let (path, key) = (format!("/v1/{target}"), format!("o{object}"));
                match verb {
                    0 => { store.invalidate(&changed(&key)); changed_at.insert(object, step); }
                    1 => { store.keep(&path, Form::Default, entry(&key, length), store.moment()); kept_at.insert(target, (step, object)); }
                    _ => if store.find(&path, Form::Default, NOW()).is_some() {
                        let (kept, object) = kept_at[&target];
                        prop_assert!(changed_at.get(&object).is_none_or(|at| *at < kept));
                    }
                }
                prop_assert!(store.bytes() <= 60_000);
            }
            store.invalidate(&Changes::All);
            prop_assert_eq!(store.bytes(), 0);
            prop_assert!(store.lock().by_object.is_empty());
        }
    }
}
