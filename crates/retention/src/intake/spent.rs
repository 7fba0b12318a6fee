//! What was used and is not good again: in memory, bounded, and gone with the process.
//!
//! After a restart, or on another node, a token of the last day could be used once more; that is worth one more
//! submission to a robot, which still has to do the work for it. A visitor's own repetition is caught by its
//! `Idempotency-Key`.

use bonafide_model::Instant;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many are remembered: some 20 MiB when full.
const MOST: usize = 500_000;

/// What is good once, until it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nonce {
    expires: Instant,
    bytes: [u8; 16],
}

impl Nonce {
    /// Sixteen random bytes and when they cease to be good.
    pub const fn new(expires: Instant, bytes: [u8; 16]) -> Self {
        Self { expires, bytes }
    }
}

/// Why a nonce cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was used before, or is being used at this moment.
    #[error("this form was sent already")]
    Again,
    /// So many were used since it was issued that nobody knows any more whether it was among them.
    #[error("the form was handed out too long ago")]
    Forgotten,
}

/// The nonces that were used. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Spent(Arc<Mutex<Used>>);

struct Used {
    most: usize,
    nonces: BTreeSet<Nonce>,
    /// Those that expire earlier, or then, are refused: some of them were used and are no longer remembered.
    forgotten: Instant,
}

/// A nonce that nobody else can use meanwhile. Dropped without [`Claim::keep`] it is given back.
#[must_use = "a claim that is dropped is given back"]
pub struct Claim {
    spent: Spent,
    nonce: Nonce,
    kept: bool,
}

impl Default for Spent {
    fn default() -> Self {
        Self::remembering(MOST)
    }
}

impl Spent {
    /// A store of so many nonces at most.
    pub fn remembering(most: usize) -> Self {
        let forgotten = Instant::from_micros(i64::MIN);
        Self(Arc::new(Mutex::new(Used { most: most.max(1), nonces: BTreeSet::new(), forgotten })))
    }

    /// Uses a nonce, for good once the claim is kept.
    ///
    /// The store is cleared of what has expired only when it is full: a clock that jumps ahead and back again must not
    /// make anything good that was used. If it is full of what has not expired, the nonces that expire first make
    /// room, and all of their age are refused from then on: a flood costs patient visitors a new form, and never lets a
    /// repetition through.
    ///
    /// # Errors
    /// [`Refused`], if it was used before or that is not known.
    pub fn claim(&self, nonce: Nonce, now: Instant) -> Result<Claim, Refused> {
        let mut used = self.lock();
        if nonce.expires <= used.forgotten {
            return Err(Refused::Forgotten);
        }
        if used.nonces.contains(&nonce) {
            return Err(Refused::Again);
        }
        if used.nonces.len() >= used.most {
            used.make_room(now);
            // what had to go may be what expires when this one does
            if nonce.expires <= used.forgotten {
                return Err(Refused::Forgotten);
            }
        }
        used.nonces.insert(nonce);
        Ok(Claim { spent: self.clone(), nonce, kept: false })
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.lock().nonces.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used {
    fn make_room(&mut self, now: Instant) {
        self.nonces = self.nonces.split_off(&Nonce::new(now, [0; 16]));
        if self.nonces.len() >= self.most
            && let Some(first) = self.nonces.pop_first()
        {
            self.forgotten = first.expires;
        }
    }
}

impl Claim {
    /// Makes the use final.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.kept {
            self.spent.lock().nonces.remove(&self.nonce);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn at(second: u64) -> Instant {
        Instant::from_micros(0).plus(Duration::from_secs(second))
    }

    fn nonce(expires: u64, byte: u8) -> Nonce {
        Nonce::new(at(expires), [byte; 16])
    }

    #[test]
    fn what_was_used_is_not_good_again_and_what_was_given_back_is() {
        let spent = Spent::default();
        let claim = spent.claim(nonce(10, 1), at(0)).expect("fresh");
        assert_eq!(spent.claim(nonce(10, 1), at(0)).err(), Some(Refused::Again));
        drop(claim);
        spent.claim(nonce(10, 1), at(0)).expect("given back").keep();
        assert_eq!(spent.claim(nonce(10, 1), at(1)).err(), Some(Refused::Again));
        spent.claim(nonce(10, 2), at(1)).expect("another").keep();
        assert_eq!(spent.len(), 2);
    }

    #[test]
    fn a_full_store_clears_what_has_expired_first() {
        let spent = Spent::remembering(2);
        for byte in 0..2 {
            spent.claim(nonce(10, byte), at(0)).expect("fresh").keep();
        }
        spent.claim(nonce(20, 0), at(11)).expect("room was made").keep();
        assert_eq!(spent.len(), 1);
        spent.claim(nonce(15, 0), at(11)).expect("nothing was forgotten").keep();
    }

    #[test]
    fn a_clock_that_jumps_ahead_and_back_makes_nothing_good_again() {
        let spent = Spent::default();
        spent.claim(nonce(10, 1), at(0)).expect("fresh").keep();
        spent.claim(nonce(2_000_000, 2), at(1_000_000)).expect("fresh").keep();
        assert_eq!(spent.claim(nonce(10, 1), at(1)).err(), Some(Refused::Again));
    }

    #[test]
    fn of_those_who_send_the_same_form_at_once_one_gets_through() {
        let spent = Spent::default();
        let send = || spent.claim(nonce(10, 1), at(0)).map(Claim::keep).is_ok();
        let through = std::thread::scope(|scope| {
            let senders = [(); 32].map(|()| scope.spawn(send));
            senders.map(|sender| sender.join().expect("no panic")).iter().filter(|through| **through).count()
        });
        assert_eq!(through, 1);
    }

    proptest! {
        #[test]
        fn nothing_is_good_twice_and_the_store_stays_bounded(
            uses in prop::collection::vec((1u64..40, 0u8..4), 1..200),
            most in 1usize..10,
        ) {
            let spent = Spent::remembering(most);
            let mut good = BTreeSet::new();
            for (count, (expires, byte)) in (0u64..).zip(uses) {
                let (now, nonce) = (at(count / 8), nonce(expires, byte));
                if nonce.expires > now && let Ok(claim) = spent.claim(nonce, now) {
                    claim.keep();
                    prop_assert!(good.insert(nonce), "used twice");
                }
                prop_assert!(spent.len() <= most);
            }
        }
    }
}
