//! The product's own phrases on pages for visitors, in the languages of one table ([`languages`]).
//!
//! What a form says (title, purpose, labels) is its owner's and comes from its definition. To add a language, add one
//! [`Words`] to the table; the compiler and the tests ask for every phrase.

mod languages;
pub(crate) mod mine;

use bonafide_model::{Locale, Period};

/// Every phrase, in one language. `{…}` is filled in.
pub(crate) struct Words {
    /// The language's tag.
    pub(crate) tag: &'static str,
    pub(crate) required: &'static str,
    pub(crate) choose: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) kept: &'static str,
    /// `{after}` and `{unanswered}` are periods.
    pub(crate) kept_until: &'static str,
    /// For forms whose answers go when the request was fulfilled.
    pub(crate) kept_at_once: &'static str,
    pub(crate) permissions: &'static str,
    pub(crate) permissions_hint: &'static str,
    /// `{period}`.
    pub(crate) permission_period: &'static str,
    /// `{number}`.
    pub(crate) policy: &'static str,
    /// `{seconds}`.
    pub(crate) wait: &'static str,
    pub(crate) send: &'static str,
    pub(crate) leave_empty: &'static str,
    pub(crate) other_languages: &'static str,
    pub(crate) check: &'static str,
    pub(crate) missing: &'static str,
    /// `{most}`.
    pub(crate) too_long: &'static str,
    pub(crate) not_taken: &'static str,
    pub(crate) no_address: &'static str,
    pub(crate) too_early: &'static str,
    pub(crate) stale: &'static str,
    pub(crate) too_many: &'static str,
    pub(crate) unavailable: &'static str,
    /// What is sent again unchanged, under its token, counts once.
    pub(crate) uncertain: &'static str,
    pub(crate) thanks: &'static str,
    pub(crate) receipt: &'static str,
    pub(crate) receipt_hint: &'static str,
    pub(crate) submitted: &'static str,
    pub(crate) erased_by: &'static str,
    pub(crate) permitted: &'static str,
    /// `{instant}`.
    pub(crate) until: &'static str,
    /// One and many, from years to seconds.
    pub(crate) units: [(&'static str, &'static str); 7],
}

/// The phrases in a visitor's language, or in English where there are none.
pub(crate) fn of(locale: &Locale) -> &'static Words {
    let language = language(locale);
    languages::ALL.iter().copied().find(|words| words.tag == language).unwrap_or(&languages::EN)
}

/// The language of a locale, without script and region.
pub(crate) fn language(locale: &Locale) -> &str {
    locale.as_str().split_once('-').map_or(locale.as_str(), |(language, _)| language)
}

/// Which way a locale is written: its script decides, and without one its language.
pub(crate) fn direction(locale: &Locale) -> &'static str {
    const SCRIPTS: [&str; 8] = ["Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg", "Mand"];
    const LANGUAGES: [&str; 13] = ["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "syr", "ug", "ur", "yi"];
    let script =
        locale.as_str().split('-').skip(1).find(|part| part.len() == 4 && part.starts_with(char::is_alphabetic));
    let rtl = script.map_or_else(|| LANGUAGES.contains(&language(locale)), |script| SCRIPTS.contains(&script));
    if rtl { "rtl" } else { "ltr" }
}

impl Words {
    /// Fills a value in.
    pub(crate) fn fill(phrase: &str, name: &str, value: &str) -> String {
        phrase.replace(&format!("{{{name}}}"), value)
    }

    /// A period in words: `1 year, 6 months`.
    pub(crate) fn period(&self, period: Period) -> String {
        let text = period.to_string();
        let (date, time) = text.split_once('T').unwrap_or((&text, ""));
        let parts = numbers(date, "YMWD", 0).chain(numbers(time, "HMS", 4));
        let part = |(unit, count): (usize, &str)| {
            let (one, many) = self.units[unit];
            format!("{count} {}", if count == "1" { one } else { many })
        };
        let parts: Vec<String> = parts.map(part).collect();
        if parts.is_empty() { format!("0 {}", self.units[3].1) } else { parts.join(", ") }
    }

    /// How long answers are kept, as a sentence.
    pub(crate) fn retention(&self, after_fulfilment: Period, unanswered: Period) -> String {
        let phrase = if after_fulfilment.is_zero() { self.kept_at_once } else { self.kept_until };
        let phrase = Self::fill(phrase, "after", &self.period(after_fulfilment));
        Self::fill(&phrase, "unanswered", &self.period(unanswered))
    }
}

/// The numbers of one half of a period, each with the place of its unit in the table.
fn numbers<'t>(text: &'t str, designators: &'static str, first: usize) -> impl Iterator<Item = (usize, &'t str)> {
    let parts = text.trim_start_matches('P').split_inclusive(|char: char| char.is_ascii_alphabetic());
    parts.filter_map(move |part| {
        let (count, designator) = part.split_at_checked(part.len().checked_sub(1)?)?;
        let unit = first + designators.find(designator)?;
        (count != "0").then_some((unit, count))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(tag: &str) -> Locale {
        tag.parse().expect("a tag")
    }

    fn period(text: &str) -> Period {
        text.parse().expect("a period")
    }

    #[test]
    fn a_period_is_said_in_the_language_of_the_visitor() {
        let said = |tag, text| of(&locale(tag)).period(period(text));
        assert_eq!(said("en", "P30D"), "30 days");
        assert_eq!(said("de-AT", "P1Y6M"), "1 Jahr, 6 Monate");
        assert_eq!(said("fr", "P1M"), "1 mois");
        assert_eq!(said("nl", "P2W"), "2 weken");
        assert_eq!(said("es", "PT1H30M"), "1 hora, 30 minutos");
        assert_eq!(said("tlh", "P1DT5S"), "1 day, 5 seconds");
        assert_eq!(said("en", "P0D"), "0 days");
    }

    #[test]
    fn retention_is_a_sentence_with_both_periods() {
        let english = of(&locale("en"));
        let said = english.retention(period("P30D"), period("P180D"));
        assert!(said.contains("30 days") && said.contains("180 days") && !said.contains('{'), "{said}");
        let said = english.retention(period("P0D"), period("P180D"));
        assert!(said.contains("as soon as") && !said.contains(" 0 days"), "{said}");
    }

    #[test]
    fn every_language_fills_in_the_same_values() {
        let holes = |phrase: &str| {
            let mut names: Vec<String> = phrase
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split_once('}'))
                .map(|(name, _)| name.into())
                .collect();
            names.sort();
            names
        };
        let all = |words: &Words| {
            let phrases = [words.kept_until, words.kept_at_once, words.permission_period, words.policy];
            [phrases, [words.wait, words.too_long, words.until, words.send]].concat().into_iter().map(holes).collect()
        };
        let english: Vec<Vec<String>> = all(&languages::EN);
        assert_eq!(english[0], ["after", "unanswered"]);
        for words in languages::ALL {
            assert_eq!(all(words), english, "{}", words.tag);
        }
    }

    #[test]
    fn arabic_and_hebrew_run_from_right_to_left() {
        for (tag, direction) in [("ar", "rtl"), ("he-IL", "rtl"), ("fa", "rtl"), ("ur", "rtl"), ("az-Arab-IR", "rtl")] {
            assert_eq!(super::direction(&locale(tag)), direction, "{tag}");
        }
        for tag in ["en", "de-AT", "ur-Latn", "zh-Hant-TW", "es-419"] {
            assert_eq!(super::direction(&locale(tag)), "ltr", "{tag}");
        }
    }
}
