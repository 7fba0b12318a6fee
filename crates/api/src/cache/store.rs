//! The map of finished answers: bounded by bytes, invalidated by the keys of what was changed.
//!
//! Reading takes one shard's read lock and sets a flag. Everything else (keeping, dropping, invalidating) takes the
//! one lock of the [`Index`]. What to drop is found by SIEVE (Zhang et al., NSDI 2024): a hand goes over the entries
//! from the oldest to the newest, and again from the oldest, and drops the first that was not read since it last came by.
//! Those that were read stay where they are, so that what is new and asked for once is soon found and dropped.

use super::entry::Entry;
use super::negotiate::Representation;
use bonafide_model::Instant;
use bonafide_storage::Changes;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

const SHARDS: usize = 16;
/// How many invalidated keys are remembered for fills under way; beyond it all of those are dropped.
const REMEMBERED: usize = 10_000;

/// What an answer is kept under: the target of the request, and the representation asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    representation: Representation,
    target: Arc<str>,
}

type Shard = HashMap<Arc<str>, [Option<Arc<Entry>>; Representation::COUNT]>;

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
    /// How many were kept so far: the number of the next.
    next: u64,
    /// The number of each.
    present: HashMap<Key, u64>,
    /// From the oldest to the newest.
    by_age: BTreeMap<u64, Key>,
    /// The number from which on what to drop is looked for next.
    hand: u64,
    /// The numbers of those that depend on an object.
    by_object: HashMap<String, HashSet<u64>>,
    /// When a key was last invalidated, by the store's own clock.
    invalidated: HashMap<String, u64>,
    /// Fills that began before this are not kept, whatever they depend on.
    floor: u64,
}

impl Index {
    /// The first from the hand on that was not visited. The hand goes round once and finds the marks gone that it took away.
    fn next_to_drop(&self, was_visited: impl Fn(&Key) -> bool) -> Option<(u64, Key)> {
        let ahead = || self.by_age.range(self.hand..);
        let mut round = ahead().chain(self.by_age.range(..self.hand)).chain(ahead());
        let unread = round.find(|(_, key)| !was_visited(key)).or_else(|| self.by_age.first_key_value());
        unread.map(|(number, key)| (*number, key.clone()))
    }
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
    pub(crate) fn find(&self, target: &str, representation: Representation, now: Instant) -> Option<Arc<Entry>> {
        let shard = self.shard(target).read().unwrap_or_else(PoisonError::into_inner);
        let entry = shard.get(target)?[representation.index()].clone()?;
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
    pub(crate) fn keep(&self, target: &str, representation: Representation, entry: Arc<Entry>, read_at: Moment) {
        let size = cost(target, &entry);
        if size > self.most / 4 {
            return;
        }
        let mut index = self.lock();
        let outdated = |object: &String| index.invalidated.get(object).is_some_and(|at| *at >= read_at.0);
        if read_at.0 < index.floor || entry.depends_on.iter().any(outdated) {
            return;
        }
        let key = Key { representation, target: target.into() };
        self.remove(&mut index, &key);
        while index.bytes + size > self.most {
            let Some((number, unread)) = index.next_to_drop(|key| self.was_visited(key)) else { break };
            index.hand = number + 1;
            self.remove(&mut index, &unread);
        }
        index.bytes += size;
        let number = index.next;
        index.next += 1;
        for object in &entry.depends_on {
            index.by_object.entry(object.clone()).or_default().insert(number);
        }
        index.by_age.insert(number, key.clone());
        index.present.insert(key.clone(), number);
        let mut shard = self.shard(&key.target).write().unwrap_or_else(PoisonError::into_inner);
        shard.entry(Arc::clone(&key.target)).or_default()[representation.index()] = Some(entry);
    }

    /// Drops every answer that depends on what was changed, and keeps fills under way from bringing it back.
    pub(crate) fn invalidate(&self, changes: &Changes) {
        let mut index = self.lock();
        let now = self.clock.fetch_add(1, Ordering::SeqCst);
        let Changes::These(changes) = changes else {
            index.floor = now + 1;
            index.invalidated.clear();
            while let Some((_, key)) = index.by_age.pop_first() {
                self.remove(&mut index, &key);
            }
            return;
        };
        for change in changes {
            for number in index.by_object.remove(&change.object).unwrap_or_default() {
                if let Some(key) = index.by_age.remove(&number) {
                    self.remove(&mut index, &key);
                }
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
        let Some(number) = index.present.remove(key) else { return };
        index.by_age.remove(&number);
        let mut shard = self.shard(&key.target).write().unwrap_or_else(PoisonError::into_inner);
        let Some(entries) = shard.get_mut(&key.target) else { return };
        let entry = entries[key.representation.index()].take();
        if entries.iter().all(Option::is_none) {
            shard.remove(&key.target);
        }
        drop(shard);
        let Some(entry) = entry else { return };
        index.bytes -= cost(&key.target, &entry);
        for object in &entry.depends_on {
            if let Some(numbers) = index.by_object.get_mut(object) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    index.by_object.remove(object);
                }
            }
        }
    }

    /// Whether an entry was read since this was last asked.
    fn was_visited(&self, key: &Key) -> bool {
        let shard = self.shard(&key.target).read().unwrap_or_else(PoisonError::into_inner);
        let entry = shard.get(&key.target).and_then(|entries| entries[key.representation.index()].as_ref());
        entry.is_some_and(|entry| entry.visited.swap(false, Ordering::Relaxed))
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
    use crate::cache::negotiate::{Coding, Form};
    use bonafide_model::id::SiteId;
    use bonafide_storage::Change;
    use http::HeaderMap;
    use proptest::prelude::*;

    const JSON: Representation = Representation { form: Form::Default, coding: Coding::Identity };
    const HTML: Representation = Representation { form: Form::Html, coding: Coding::Identity };
    const NOW: fn() -> Instant = || Instant::from_micros(0);

    fn entry(object: &str, length: usize) -> Arc<Entry> {
        let cacheable = Cacheable { depends_on: vec![object.into()], ..Cacheable::default() };
        Arc::new(Entry::finish(HeaderMap::new(), &vec![b'x'; length], Coding::Identity, cacheable, NOW()))
    }

    fn changed(object: &str) -> Changes {
        Changes::These(vec![Change { position: 1, site: SiteId::new(NOW(), [0; 10]), object: object.into() }])
    }

    #[test]
    fn a_fill_that_read_before_the_change_is_not_kept() {
        let store = Store::new(1 << 20);
        let read_at = store.moment();
        store.invalidate(&changed("a"));
        store.keep("/v1/a", JSON, entry("a", 10), read_at);
        assert!(store.find("/v1/a", JSON, NOW()).is_none());
        store.keep("/v1/b", JSON, entry("b", 10), read_at);
        assert!(store.find("/v1/b", JSON, NOW()).is_some());
        store.keep("/v1/a", JSON, entry("a", 10), store.moment());
        assert!(store.find("/v1/a", JSON, NOW()).is_some());
        assert!(store.find("/v1/a", HTML, NOW()).is_none());
        assert!(store.find("/v1/a", Representation { coding: Coding::Gzip, ..JSON }, NOW()).is_none());
        let read_at = store.moment();
        store.invalidate(&Changes::All);
        store.keep("/v1/b", JSON, entry("b", 10), read_at);
        assert!(store.find("/v1/b", JSON, NOW()).is_none());
        assert_eq!(store.bytes(), 0);
    }

    #[test]
    fn long_targets_take_up_room_too() {
        let store = Store::new(1 << 20);
        for n in 0..100 {
            let target = format!("/v1/policies?{}{n}", "&".repeat(30_000));
            store.keep(&target, JSON, entry("a", 10), store.moment());
        }
        let index = store.lock();
        let kept: usize = index.present.keys().map(|key| key.target.len()).sum();
        assert!(kept <= 1 << 20, "{kept} bytes of targets are kept");
        assert!(!index.present.is_empty());
    }

    #[test]
    fn what_is_read_stays_among_many_that_are_not() {
        let room_for_ten = 10 * cost("/v1/00", &entry("o", 100));
        let store = Store::new(room_for_ten);
        let target = |n: usize| format!("/v1/{n:02}");
        for n in 0..10 {
            store.keep(&target(n), JSON, entry("o", 100), store.moment());
        }
        for n in [0, 5, 9] {
            assert!(store.find(&target(n), JSON, NOW()).is_some(), "{n}");
        }
        for n in 10..30 {
            store.keep(&target(n), JSON, entry("o", 100), store.moment());
            // read once before the hand comes by again
            assert!([0, 5, 9].iter().all(|n| store.find(&target(*n), JSON, NOW()).is_some()), "while {n} is kept");
        }
        assert_eq!(store.lock().present.len(), 10);
        assert_eq!(store.lock().by_age.len(), 10);
        assert!(store.find(&target(1), JSON, NOW()).is_none());
    }

    #[test]
    fn what_was_read_once_goes_at_last() {
        let store = Store::new(4 * cost("/v1/00", &entry("o", 100)));
        let target = |n: usize| format!("/v1/{n:02}");
        for n in 0..4 {
            store.keep(&target(n), JSON, entry("o", 100), store.moment());
            assert!(store.find(&target(n), JSON, NOW()).is_some());
        }
        // all were read: the hand takes the marks and drops the oldest, then goes on from there
        for (n, gone) in [(4, 0), (5, 1), (6, 2)] {
            store.keep(&target(n), JSON, entry("o", 100), store.moment());
            assert!(!store.lock().present.keys().any(|key| *key.target == *target(gone)), "{gone} is there after {n}");
        }
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
                    1 => { store.keep(&path, JSON, entry(&key, length), store.moment()); kept_at.insert(target, (step, object)); }
                    _ => if store.find(&path, JSON, NOW()).is_some() {
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
