//! When a submission falls due.
//!
//! A due date is an absolute instant, computed when something happens: reception, fulfilment, reopening, the publication
//! of a form version, a permission given or gone. A form version that shortens a period applies to what is there; one that
//! lengthens it never does. A permission keeps the groups of fields that its use needs, and nothing else.

use bonafide_model::{Instant, Period, TimeZone};
pub use bonafide_vault::{Group, Groups};

/// How long a form keeps what it takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// After the request was fulfilled. `P0D` means at once.
    pub after_fulfilment: Period,
    /// After reception, if it is not fulfilled.
    pub unanswered: Period,
    /// After reception, if it is judged to be spam.
    pub spam: Period,
}

/// The rules that bind one submission: that of the version it answered, and those published since.
#[derive(Clone, Debug)]
pub struct Rules {
    collected: Rule,
    since: Vec<Rule>,
}

impl Rules {
    /// The rule of the form version that the visitor saw.
    pub const fn collected_under(rule: Rule) -> Self {
        Self { collected: rule, since: Vec::new() }
    }

    /// Adds the rule of a version that was published afterwards.
    #[must_use]
    pub fn and_published(mut self, rule: Rule) -> Self {
        self.since.push(rule);
        self
    }

    /// The earliest end that any of the rules gives. Periods are compared by their ends, because a month is not a number of days.
    fn earliest(&self, start: Instant, zone: &TimeZone, period: fn(&Rule) -> Period) -> Instant {
        let end = |rule: &Rule| period(rule).after(start, zone);
        self.since.iter().map(end).fold(end(&self.collected), Ord::min)
    }
}

/// No permission lasts longer, whatever a form says.
const LONGEST_PERMISSION: Period = Period::months(24);

/// A use that the visitor allowed beyond the request. One that was withdrawn is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What the use needs.
    needs: Groups,
    given_at: Instant,
    expires_at: Instant,
}

impl Permission {
    /// One as it was noted when it was given.
    pub(crate) const fn noted(needs: Groups, given_at: Instant, expires_at: Instant) -> Self {
        Self { needs, given_at, expires_at }
    }

    /// A permission that is given now, for a period of the form but never beyond 24 months.
    pub fn given(needs: Groups, given_at: Instant, period: Period, zone: &TimeZone) -> Self {
        let expires_at = period.after(given_at, zone).min(LONGEST_PERMISSION.after(given_at, zone));
        Self { needs, given_at, expires_at }
    }

    /// Whether it is in force.
    pub fn holds(&self, now: Instant) -> bool {
        self.given_at <= now && now < self.expires_at
    }

    /// The instant from which on it is void.
    pub const fn expires_at(&self) -> Instant {
        self.expires_at
    }
}

/// What happened to one submission so far, as its clocks see it.
#[derive(Clone, Debug)]
pub struct Timeline<'a> {
    /// When it came in.
    pub received_at: Instant,
    /// When it was fulfilled; absent too after it was reopened.
    pub fulfilled_at: Option<Instant>,
    /// Whether it is judged to be spam. Spam is kept shortly, and no permission in it keeps anything.
    pub spam: bool,
    /// The rules that bind it.
    pub rules: &'a Rules,
    /// The site's zone, whose calendar counts.
    pub zone: &'a TimeZone,
}

/// It would be due at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the longest time that a request may stay unanswered has passed")]
pub struct TooLate;

impl Timeline<'_> {
    /// The due date, permissions apart, from what has happened so far.
    pub fn due_at(&self) -> Instant {
        let answered = match self.fulfilled_at {
            Some(fulfilled_at) => self.rules.earliest(fulfilled_at, self.zone, |rule| rule.after_fulfilment),
            None => self.unanswered_until(),
        };
        if self.spam {
            answered.min(self.rules.earliest(self.received_at, self.zone, |rule| rule.spam))
        } else {
            answered
        }
    }

    /// The due date after a form version or another zone of the site came: never later than the one that is stored.
    pub fn due_at_most(&self, stored: Instant) -> Instant {
        stored.min(self.due_at())
    }

    /// The due date after reopening: the clock of the unanswered, which went on all the time.
    ///
    /// # Errors
    /// [`TooLate`] if that clock has run out: reopening again and again must not keep a submission for ever.
    pub fn reopened(&self, now: Instant) -> Result<Instant, TooLate> {
        let due_at = Self { fulfilled_at: None, ..self.clone() }.due_at();
        if due_at <= now { Err(TooLate) } else { Ok(due_at) }
    }

    /// When owners are warned that nobody has answered: at 50 and at 80 per cent of the time.
    pub fn warnings(&self) -> [Instant; 2] {
        let whole = self.unanswered_until().since(self.received_at);
        [self.received_at.plus(whole / 2), self.received_at.plus(whole / 5 * 4)]
    }

    /// How long one group is kept, with the permissions in force now.
    pub fn kept_until(&self, group: Group, due_at: Instant, permissions: &[Permission], now: Instant) -> Instant {
        let extends = |permission: &&Permission| !self.spam && permission.holds(now) && permission.needs.has(group);
        permissions.iter().filter(extends).map(Permission::expires_at).fold(due_at, Ord::max)
    }

    /// The groups whose keys have to go now. If all are among them the whole submission is due.
    pub fn due(&self, due_at: Instant, permissions: &[Permission], now: Instant) -> Groups {
        Group::ALL.into_iter().filter(|group| self.kept_until(*group, due_at, permissions, now) <= now).collect()
    }

    fn unanswered_until(&self) -> Instant {
        self.rules.earliest(self.received_at, self.zone, |rule| rule.unanswered)
    }
}

#[cfg(test)]
mod tests;
