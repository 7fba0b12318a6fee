//! The time of this machine, by which the server goes too.

use std::time::Duration;

/// Days and seconds of a day.
const DAY: u64 = 86_400;

/// How long it is since 1970.
#[expect(clippy::disallowed_methods, reason = "a test asks the clock that the server asks")]
pub(crate) fn since_1970() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970")
}

/// An instant that is so many whole seconds after 1970, as RFC 3339.
pub(crate) fn instant(seconds: u64) -> String {
    let rest = seconds % DAY;
    format!("{}T{:02}:{:02}:{:02}Z", date(seconds / DAY), rest / 3600, rest / 60 % 60, rest % 60)
}

/// A day some three months from now.
pub(crate) fn soon() -> String {
    date(since_1970().as_secs() / DAY + 100)
}

/// The day that is so many days after 1970: Howard Hinnant, chrono-compatible low-level date algorithms.
fn date(days: u64) -> String {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + u64::from(month <= 2))
}

#[test]
fn instants_go_on_over_midnight() {
    for (seconds, expected) in [
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_798_761_599, "2026-12-31T23:59:59Z"),
        (1_798_761_600, "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(instant(seconds), expected);
    }
}
