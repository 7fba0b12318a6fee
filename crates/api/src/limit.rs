//! How many requests one client may make. In memory, bounded, and gone with the process.
//!
//! A client is known by the address of its socket (or what a trusted proxy says); only a keyless in-memory hash of
//! it is kept, for a minute.

use bonafide_model::Instant;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many clients are remembered; beyond it the window starts afresh.
const CLIENTS: usize = 100_000;
const WINDOW: Duration = Duration::from_mins(1);

pub(crate) struct Limiter {
    most: u32,
    hasher: RandomState,
    window: Mutex<Window>,
}

struct Window {
    since: Instant,
    counts: HashMap<u64, u32>,
}

impl Limiter {
    /// A limiter that lets `most` requests a minute pass for each client.
    pub(crate) fn new(most: u32) -> Self {
        let window = Window { since: Instant::from_micros(0), counts: HashMap::new() };
        Self { most, hasher: RandomState::new(), window: Mutex::new(window) }
    }

    /// Counts a request; an error says in how many seconds the client may come again.
    pub(crate) fn count(&self, client: IpAddr, now: Instant) -> Result<(), u64> {
        self.count_as(client, 1, now)
    }

    /// Counts a request that weighs as much as several.
    pub(crate) fn count_as(&self, client: IpAddr, weight: u32, now: Instant) -> Result<(), u64> {
        // a whole /64 of IPv6 is one client: it is what one subscriber gets
        let client = match client {
            IpAddr::V4(address) => self.hasher.hash_one(address),
            IpAddr::V6(address) => self.hasher.hash_one(&address.octets()[..8]),
        };
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if now.since(window.since) >= WINDOW || now < window.since || window.counts.len() >= CLIENTS {
            window.since = now;
            window.counts.clear();
        }
        let count = window.counts.entry(client).or_default();
        *count = count.saturating_add(weight);
        if *count <= self.most {
            return Ok(());
        }
        Err((WINDOW.saturating_sub(now.since(window.since))).as_secs() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_waits_for_the_next_minute_and_others_do_not() {
        let limiter = Limiter::new(2);
        let (start, client) = (Instant::from_micros(1_000_000_000), IpAddr::from([192, 0, 2, 1]));
        assert!(limiter.count(client, start).is_ok());
        assert!(limiter.count(client, start).is_ok());
        assert_eq!(limiter.count(client, start.plus(Duration::from_secs(20))), Err(41));
        assert!(limiter.count(IpAddr::from([192, 0, 2, 2]), start).is_ok());
        assert!(limiter.count(client, start.plus(WINDOW)).is_ok());
    }
}
