//! Values by language, as bodies hold them.

use bonafide_model::Locale;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// A map whose keys are languages, each once: `en` and `EN` are the same, and one of them would be lost in silence.
#[derive(Debug)]
pub(crate) struct ByLocale<T>(pub(crate) BTreeMap<Locale, T>);

impl<T> Default for ByLocale<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByLocale<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Languages(PhantomData))
    }
}

struct Languages<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Languages<T> {
    type Value = ByLocale<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose keys are languages")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = BTreeMap::new();
        while let Some((locale, value)) = map.next_entry::<Locale, T>()? {
            if values.insert(locale, value).is_some() {
                return Err(A::Error::custom("must name each language once, whatever its letter case"));
            }
        }
        Ok(ByLocale(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_lost_to_another_spelling_of_its_language() {
        let parse = |body: &str| serde_json::from_str::<ByLocale<String>>(body);
        assert_eq!(parse(r#"{"en":"a","de-at":"b"}"#).expect("two languages").0.len(), 2);
        assert!(parse(r#"{"en":"a","EN":"b"}"#).is_err());
        assert!(parse(r#"{"english":"a"}"#).is_err());
    }
}
