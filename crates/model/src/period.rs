//! Periods of the calendar, as policies promise them: thirty days, two years.

use crate::value::serde_as_text;
use crate::{Instant, Invalid, TimeZone};
use std::fmt;
use std::str::FromStr;

/// A period of ISO 8601 such as `P30D`, `P24M` or `PT1H`, at most 100 years long.
///
/// Years, months, weeks and days are those of the calendar in the zone in which it is counted: a month after 31 January
/// is the last day of February, and a day is 23 hours when the clocks go forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Period {
    years: u32,
    months: u32,
    weeks: u32,
    days: u32,
    hours: u32,
    minutes: u32,
    seconds: u32,
}

const WANTED: Invalid = Invalid("must be a period of ISO 8601 such as P30D or P24M, at most 100 years long");

/// No part of a period that is at most 100 years long is more than this many seconds, each year taken as 366 days.
const LONGEST_SECONDS: u64 = 100 * 366 * 86_400;

impl Period {
    /// A period of days.
    pub const fn days(days: u32) -> Self {
        Self { years: 0, months: 0, weeks: 0, days, hours: 0, minutes: 0, seconds: 0 }
    }

    /// A period of months.
    pub const fn months(months: u32) -> Self {
        Self { years: 0, months, weeks: 0, days: 0, hours: 0, minutes: 0, seconds: 0 }
    }

    /// A period of hours.
    pub const fn hours(hours: u32) -> Self {
        Self { years: 0, months: 0, weeks: 0, days: 0, hours, minutes: 0, seconds: 0 }
    }

    /// Whether it has no length, as `P0D`.
    pub fn is_zero(self) -> bool {
        self.longest_seconds() == 0
    }

    /// The instant at which a period that begins at `start` is over, counted in a zone.
    pub fn after(self, start: Instant, zone: &TimeZone) -> Instant {
        zone.plus(start, self.span())
    }

    /// The most seconds it can have: a month is taken as 31 days, a year as 366.
    pub fn longest_seconds(self) -> u64 {
        let days = u64::from(self.years) * 366
            + u64::from(self.months) * 31
            + u64::from(self.weeks) * 7
            + u64::from(self.days);
        days * 86_400 + u64::from(self.hours) * 3600 + u64::from(self.minutes) * 60 + u64::from(self.seconds)
    }

    fn span(self) -> jiff::Span {
        jiff::Span::new()
            .years(i64::from(self.years))
            .months(i64::from(self.months))
            .weeks(i64::from(self.weeks))
            .days(i64::from(self.days))
            .hours(i64::from(self.hours))
            .minutes(i64::from(self.minutes))
            .seconds(i64::from(self.seconds))
    }
}

impl FromStr for Period {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let rest = text.strip_prefix('P').ok_or(WANTED)?;
        let (date, time) = match rest.split_once('T') {
            Some((_, "")) => return Err(WANTED),
            Some((date, time)) => (date, time),
            None => (rest, ""),
        };
        if date.is_empty() && time.is_empty() {
            return Err(WANTED);
        }
        let [years, months, weeks, days] = parts(date, ['Y', 'M', 'W', 'D'])?;
        let [hours, minutes, seconds, _] = parts(time, ['H', 'M', 'S', 'S'])?;
        let period = Self { years, months, weeks, days, hours, minutes, seconds };
        if period.longest_seconds() > LONGEST_SECONDS + 31 * 86_400 { Err(WANTED) } else { Ok(period) }
    }
}

/// Reads numbers with their designators, in order, each at most once.
fn parts(mut text: &str, designators: [char; 4]) -> Result<[u32; 4], Invalid> {
    let mut values = [0; 4];
    let mut next = 0;
    while !text.is_empty() {
        let end = text.find(|char: char| !char.is_ascii_digit()).filter(|end| (1..=7).contains(end)).ok_or(WANTED)?;
        let (digits, rest) = text.split_at(end);
        let designator = rest.chars().next().ok_or(WANTED)?;
        let index = (next..4).find(|index| designators[*index] == designator).ok_or(WANTED)?;
        values[index] = digits.parse().map_err(|_| WANTED)?;
        next = if designator == 'S' { 4 } else { index + 1 };
        text = &rest[designator.len_utf8()..];
    }
    Ok(values)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("P0D");
        }
        f.write_str("P")?;
        let date = [(self.years, 'Y'), (self.months, 'M'), (self.weeks, 'W'), (self.days, 'D')];
        let time = [(self.hours, 'H'), (self.minutes, 'M'), (self.seconds, 'S')];
        for (value, designator) in date.into_iter().filter(|(value, _)| *value > 0) {
            write!(f, "{value}{designator}")?;
        }
        if time.iter().any(|(value, _)| *value > 0) {
            f.write_str("T")?;
        }
        for (value, designator) in time.into_iter().filter(|(value, _)| *value > 0) {
            write!(f, "{value}{designator}")?;
        }
        Ok(())
    }
}

serde_as_text!(Period);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(period: &str, start: &str, zone: &str) -> String {
        let period: Period = period.parse().expect("a period");
        let zone: TimeZone = zone.parse().expect("a zone");
        period.after(start.parse().expect("an instant"), &zone).to_string()
    }

    #[test]
    fn months_and_days_are_those_of_the_calendar() {
        assert_eq!(after("P1M", "2027-01-31T12:00:00Z", "UTC"), "2027-02-28T12:00:00Z");
        assert_eq!(after("P1Y", "2028-02-29T12:00:00Z", "UTC"), "2029-02-28T12:00:00Z");
        assert_eq!(after("P1D", "2026-03-28T12:00:00Z", "Europe/Amsterdam"), "2026-03-29T11:00:00Z");
        assert_eq!(after("PT24H", "2026-03-28T12:00:00Z", "Europe/Amsterdam"), "2026-03-29T12:00:00Z");
        assert_eq!(after("P0D", "2026-03-28T12:00:00Z", "UTC"), "2026-03-28T12:00:00Z");
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in
            ["", "P", "PT", "P1", "P1H", "PT1D", "P-1D", "P1.5D", "p1d", "P1D1D", "P1D1M", "P101Y", "P1DT", "PT1S1S"]
        {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn periods_read_back(years in 0u32..40, months in 0u32..40, weeks in 0u32..40, days in 0u32..400, hours in 0u32..40, seconds in 0u32..90) {
            let period = Period { years, months, weeks, days, hours, minutes: 0, seconds };
            prop_assert_eq!(period.to_string().parse::<Period>(), Ok(period));
        }

        #[test]
        fn any_text_is_a_period_or_an_error(text in "P?\\PC{0,12}") {
            let _ = text.parse::<Period>();
        }
    }
}
