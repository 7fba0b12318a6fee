//! The leave to read one record for one purpose.

use super::{Facts, Purpose, Refused, allow};
use bonafide_model::Instant;
use bonafide_model::id::SubmissionId;

/// Leave to read one record for one purpose, and proof that the rules were asked.
///
/// It cannot be copied, stored or made outside of this crate.
pub struct Grant<P: Purpose> {
    record: SubmissionId,
    purpose: P,
}

impl<P: Purpose> Grant<P> {
    /// Asks the rules. The one place that makes a grant: its caller reads the facts and appends the leaf `grant.used` in one
    /// transaction, and hands the grant on only after that is durable.
    pub(crate) fn issue(purpose: P, record: SubmissionId, facts: &Facts, now: Instant) -> Result<Self, Refused> {
        allow(&purpose.asked(), facts, now)?;
        Ok(Self { record, purpose })
    }

    /// What it is for.
    pub const fn purpose(&self) -> &P {
        &self.purpose
    }

    /// Which record it is for.
    pub const fn record(&self) -> SubmissionId {
        self.record
    }
}
