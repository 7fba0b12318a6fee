//! Instants, civil dates and the site's time zone. The only clock is the [`Clock`] passed in.

use crate::Invalid;
use crate::value::serde_as_text;
use jiff::{Timestamp, civil};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Where the present instant comes from: the system in production, a fixed value in tests.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// An instant in UTC with microsecond precision; stored as a 64-bit integer, written as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// Microseconds since 1970-01-01T00:00:00Z, as stored. Values beyond the years -9999 to 9999 are moved to that bound.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond()))
    }

    /// Microseconds since the epoch, for a database column.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, zero for instants before it.
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0 / 1000).unwrap_or(0)
    }

    /// Whole seconds since the epoch.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved on by a duration.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This instant moved back by a duration.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How much later this is than `earlier`; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The date of this instant in UTC.
    pub fn utc_date(self) -> Date {
        Date(self.timestamp().to_zoned_datetime(jiff::tz::TimeZone::UTC).date())
    }

    /// The form of HTTP headers (RFC 9110 §5.6.7), for example `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn http_date(self) -> String {
        self.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Instant {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be an instant such as 2026-12-01T09:30:00Z");
        // RFC 3339 only: jiff would also take a time zone in brackets, a blank for the T, or no seconds
        let plain = text.len() >= 20 && text.as_bytes()[10] == b'T' && !text.contains('[');
        let timestamp: Timestamp = plain.then(|| text.parse().ok()).flatten().ok_or(WANTED)?;
        Ok(Self(timestamp.as_microsecond()))
    }
}

serde_as_text!(Instant);

/// A civil date from the years 1 to 9999, written `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The day after, or `None` after 9999-12-31.
    pub fn tomorrow(self) -> Option<Self> {
        self.0.tomorrow().ok().map(Self)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Date {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be a date that exists, written YYYY-MM-DD");
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' || !(digits(0..4) && digits(5..7) && digits(8..10))
        {
            return Err(WANTED);
        }
        let date: civil::Date = text.parse().map_err(|_| WANTED)?;
        if date.year() < 1 { Err(WANTED) } else { Ok(Self(date)) }
    }
}

serde_as_text!(Date);

/// A time zone of the IANA database, by name.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZone(jiff::tz::TimeZone);

impl TimeZone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(jiff::tz::TimeZone::UTC);

    /// The civil date that an instant falls on in this zone.
    pub fn date(&self, instant: Instant) -> Date {
        Date(instant.timestamp().to_zoned_datetime(self.0.clone()).date())
    }

    /// The first instant of a civil date in this zone (not always 00:00: some zones change at midnight).
    pub fn start_of(&self, date: Date) -> Instant {
        match date.0.to_zoned_datetime(self.0.clone()).and_then(|day| day.start_of_day()) {
            Ok(start) => Instant(start.timestamp().as_microsecond()),
            Err(_) => Instant(Timestamp::MAX.as_microsecond()),
        }
    }

    /// An instant moved on by a span of this zone's calendar; the last instant there is if that is beyond it.
    pub(crate) fn plus(&self, start: Instant, span: jiff::Span) -> Instant {
        match start.timestamp().to_zoned_datetime(self.0.clone()).checked_add(span) {
            Ok(end) => Instant(end.timestamp().as_microsecond()),
            Err(_) => Instant(Timestamp::MAX.as_microsecond()),
        }
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TimeZone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WANTED: Invalid = Invalid("must be a time zone of the IANA database such as Europe/Amsterdam");
        // names of the database that stand for "not set"
        let unset = ["unknown", "etc/unknown", "factory"].iter().any(|name| text.eq_ignore_ascii_case(name));
        if text.len() > 64 || unset {
            return Err(WANTED);
        }
        match jiff::tz::TimeZone::get(text) {
            Ok(zone) if zone.iana_name().is_some() => Ok(Self(zone)),
            _ => Err(WANTED),
        }
    }
}

serde_as_text!(TimeZone);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        name.parse().expect("a known zone")
    }

    #[test]
    fn a_day_starts_at_midnight_of_its_zone() {
        let day: Date = "2026-12-01".parse().expect("a date");
        assert_eq!(zone("UTC").start_of(day).to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(zone("Asia/Tokyo").start_of(day).to_string(), "2026-11-30T15:00:00Z");
        let tokyo_morning = "2026-11-30T15:00:00Z".parse().expect("an instant");
        assert_eq!(zone("Asia/Tokyo").date(tokyo_morning), day);
        assert_eq!(zone("UTC").date(tokyo_morning).to_string(), "2026-11-30");
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_starts_at_one() {
        let day: Date = "2018-11-04".parse().expect("a date");
        assert_eq!(zone("America/Sao_Paulo").start_of(day).to_string(), "2018-11-04T03:00:00Z");
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in ["2023-02-30", "10000-01-01", "2023-2-3", "0000-01-01", "2023-13-01", "20230101", "+2023-01-1", ""]
        {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_rfc_3339_is_an_instant() {
        for text in [
            "2026-12-01",
            "2026-12-01 09:30:00Z",
            "2026-12-01T09:30:00Z[UTC]",
            "2026-12-01T09:30:00",
            "é026-12-01T09:30:00Z",
        ] {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
    }

    #[test]
    fn headers_have_their_own_form() {
        assert_eq!(Instant::from_micros(784_111_777_000_000).http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    proptest! {
        #[test]
        fn instants_read_back(micros in -62_000_000_000_000_000i64..250_000_000_000_000_000) {
            let instant = Instant::from_micros(micros);
            prop_assert_eq!(instant.to_string().parse::<Instant>(), Ok(instant));
        }

        #[test]
        fn any_text_is_a_value_or_an_error(text in "\\PC{0,40}") {
            let _ = text.parse::<Instant>();
            let _ = text.parse::<Date>();
            let _ = text.parse::<TimeZone>();
        }
    }
}
