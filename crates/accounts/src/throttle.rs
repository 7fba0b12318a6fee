//! How many attempts somebody has: in memory, bounded, and keyed by hashes, so that no address stands in it.
//!
//! An attempt is counted before it is made, so that many at once do not slip through, and given back if it succeeds.

use crate::Error;
use bonafide_keyring::{Keyring, SubKey, Use};
use bonafide_model::{EmailAddress, Instant};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many attempts may fail in a window of time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one account, whether it exists or not.
    pub per_account: u32,
    /// For one client: an IPv4 address, or the first 64 bits of an IPv6 address.
    pub per_client: u32,
    /// The window, which begins with the first attempt.
    pub window: Duration,
    /// How many accounts and clients are remembered at once, at most.
    pub remembered: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_account: 10, per_client: 30, window: Duration::from_mins(15), remembered: 50_000 }
    }
}

type Key = [u8; 16];

struct Count {
    attempts: u32,
    since: Instant,
}

#[derive(Default)]
struct Counts {
    accounts: HashMap<Key, Count>,
    clients: HashMap<Key, Count>,
}

pub(crate) struct Throttle {
    key: SubKey,
    limits: Limits,
    counts: Mutex<Counts>,
}

/// One attempt, counted.
#[must_use]
pub(crate) struct Attempt<'a> {
    throttle: &'a Throttle,
    account: Key,
    client: Key,
}

impl Throttle {
    pub(crate) fn new(keyring: &Keyring, limits: Limits) -> Self {
        Self { key: keyring.sub_key(Use::Throttle), limits, counts: Mutex::default() }
    }

    /// Counts an attempt, unless there were too many.
    pub(crate) fn attempt(&self, email: &EmailAddress, client: IpAddr, now: Instant) -> Result<Attempt<'_>, Error> {
        let (account, client) = (self.account(email), self.hash(b"client", &network(client)));
        let mut counts = self.counts();
        let Counts { accounts, clients } = &mut *counts;
        let waits = [
            self.wait(accounts.get(&account), self.limits.per_account, now),
            self.wait(clients.get(&client), self.limits.per_client, now),
        ];
        if let Some(wait) = waits.into_iter().flatten().max() {
            let retry_after = Duration::from_secs(wait.as_secs() + 1);
            return Err(Error::Throttled { retry_after });
        }
        self.count(accounts, account, now);
        self.count(clients, client, now);
        drop(counts);
        Ok(Attempt { throttle: self, account, client })
    }

    /// Forgets the attempts on an account: its owner has come in by another way.
    pub(crate) fn forget(&self, email: &EmailAddress) {
        let account = self.account(email);
        self.counts().accounts.remove(&account);
    }

    fn wait(&self, count: Option<&Count>, limit: u32, now: Instant) -> Option<Duration> {
        let count = count.filter(|count| count.attempts >= limit)?;
        self.limits.window.checked_sub(now.since(count.since)).filter(|wait| !wait.is_zero())
    }

    fn count(&self, counts: &mut HashMap<Key, Count>, key: Key, now: Instant) {
        let is_over = |count: &Count| now.since(count.since) >= self.limits.window;
        if !counts.contains_key(&key) && counts.len() >= self.limits.remembered {
            counts.retain(|_, count| !is_over(count));
            if counts.len() >= self.limits.remembered {
                forget_half(counts);
            }
        }
        let count = counts.entry(key).or_insert(Count { attempts: 0, since: now });
        if is_over(count) {
            *count = Count { attempts: 0, since: now };
        }
        count.attempts += 1;
    }

    fn account(&self, email: &EmailAddress) -> Key {
        self.hash(b"account", email.as_str().as_bytes())
    }

    fn hash(&self, kind: &[u8], value: &[u8]) -> Key {
        let mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).expect("HMAC takes a key of any length");
        let digest = mac.chain_update(kind).chain_update([0]).chain_update(value).finalize().into_bytes();
        *digest.first_chunk().expect("SHA-256 gives 32 bytes")
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// It succeeded: the account starts afresh, and the client has the attempt back.
    pub(crate) fn succeeded(self) {
        let mut counts = self.throttle.counts();
        counts.accounts.remove(&self.account);
        give_back(&mut counts.clients, &self.client);
    }

    /// It was not made after all.
    pub(crate) fn give_back(self) {
        let mut counts = self.throttle.counts();
        give_back(&mut counts.accounts, &self.account);
        give_back(&mut counts.clients, &self.client);
    }
}

fn give_back(counts: &mut HashMap<Key, Count>, key: &Key) {
    if let Some(count) = counts.get_mut(key) {
        count.attempts = count.attempts.saturating_sub(1);
    }
}

/// Makes room: those with the fewest attempts go first.
fn forget_half(counts: &mut HashMap<Key, Count>) {
    let mut attempts: Vec<u32> = counts.values().map(|count| count.attempts).collect();
    attempts.sort_unstable();
    let middle = attempts.get(attempts.len() / 2).copied().unwrap_or(0);
    let mut room = counts.len() / 2 + 1;
    counts.retain(|_, count| {
        let goes = room > 0 && count.attempts <= middle;
        room -= usize::from(goes);
        !goes
    });
}

/// What one subscriber usually has: an IPv4 address, or an IPv6 network of 64 bits.
fn network(client: IpAddr) -> Vec<u8> {
    match client.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => (Ipv6Addr::to_bits(address) >> 64).to_be_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide_keyring::Entropy;

    fn throttle(limits: Limits) -> Throttle {
        let dir = tempfile::tempdir().expect("a directory");
        Throttle::new(&Keyring::create(dir.path(), &Entropy::seeded(1)).expect("writable"), limits)
    }

    fn email(name: u32) -> EmailAddress {
        format!("a{name}@example.org").parse().expect("an address")
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    fn client(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn refused(throttle: &Throttle, name: u32, from: &str, seconds: i64) -> Option<u64> {
        match throttle.attempt(&email(name), client(from), at(seconds)) {
            Ok(_) => None,
            Err(Error::Throttled { retry_after }) => Some(retry_after.as_secs()),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn an_account_has_ten_attempts_wherever_they_come_from() {
        let throttle = throttle(Limits::default());
        for n in 0..10 {
            assert_eq!(refused(&throttle, 1, &format!("192.0.2.{n}"), n), None);
        }
        assert_eq!(refused(&throttle, 1, "192.0.2.77", 100), Some(801));
        assert_eq!(refused(&throttle, 2, "192.0.2.77", 100), None);
        assert_eq!(refused(&throttle, 1, "192.0.2.77", 899), Some(2));
        assert_eq!(refused(&throttle, 1, "192.0.2.77", 900), None);
    }

    #[test]
    fn a_client_has_thirty_attempts_whomever_they_are_for() {
        let throttle = throttle(Limits::default());
        for n in 0..30 {
            assert_eq!(refused(&throttle, n, &format!("2001:db8:1:2::{n}"), 0), None);
        }
        assert_eq!(refused(&throttle, 99, "2001:db8:1:2:ffff::1", 0), Some(901));
        assert_eq!(refused(&throttle, 99, "2001:db8:1:3::1", 0), None);
        assert_eq!(network(client("::ffff:192.0.2.1")), network(client("192.0.2.1")));
    }

    #[test]
    fn success_starts_the_account_afresh_and_not_the_client() {
        let throttle = throttle(Limits::default());
        for n in 0..29 {
            let attempt = throttle.attempt(&email(1), client("192.0.2.1"), at(0)).expect("allowed");
            if n % 9 == 8 {
                attempt.succeeded();
            }
        }
        // 26 failed and 3 succeeded; the last two failures of account 1 are its only ones
        for n in 0..4 {
            assert_eq!(refused(&throttle, n + 10, "192.0.2.1", 0), None);
        }
        assert_eq!(refused(&throttle, 1, "192.0.2.1", 0), Some(901));
        throttle.attempt(&email(1), client("192.0.2.2"), at(0)).expect("allowed").give_back();
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_remembered() {
        let throttle = throttle(Limits { remembered: 100, per_client: u32::MAX, ..Limits::default() });
        for _ in 0..10 {
            assert_eq!(refused(&throttle, 0, "192.0.2.1", 0), None);
        }
        for name in 1..1000 {
            assert_eq!(refused(&throttle, name, "192.0.2.1", 1), None);
            assert!(throttle.counts().accounts.len() <= 100);
        }
        assert!(refused(&throttle, 0, "192.0.2.1", 2).is_some());
    }
}
