//! How long a comparison may take.

/// Steps between two looks at whether to stop.
const STRIDE: usize = 1 << 14;

/// The work a comparison may do: a number of steps, and a question that is asked now and then whether to stop.
///
/// A step is one diagonal or one equal token of the search, 5 to 10 nanoseconds when optimised. Steps are the same on every machine; time
/// is not, so a caller with a deadline asks its own clock with [`Budget::until`].
pub struct Budget<'q> {
    left: usize,
    until_asked: usize,
    stop: Option<&'q dyn Fn() -> bool>,
}

/// The texts differ too much to be compared within the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the texts differ too much to be compared in time")]
pub struct TooLarge;

impl Budget<'static> {
    /// At most so many steps.
    pub fn steps(steps: usize) -> Self {
        Self { left: steps, until_asked: STRIDE, stop: None }
    }
}

impl<'q> Budget<'q> {
    /// No more once `stop` answers true. It is asked every few thousand steps.
    #[must_use]
    pub fn until(self, stop: &'q dyn Fn() -> bool) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Takes steps out.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), TooLarge> {
        self.left = self.left.checked_sub(steps).ok_or(TooLarge)?;
        if let Some(until_asked) = self.until_asked.checked_sub(steps) {
            self.until_asked = until_asked;
            return Ok(());
        }
        self.until_asked = STRIDE;
        if self.stop.is_some_and(|stop| stop()) { Err(TooLarge) } else { Ok(()) }
    }
}
