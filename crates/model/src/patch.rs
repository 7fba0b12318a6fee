//! Merge patches (RFC 7396): of a document as a whole, and one member of a known name.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What a merge patch says of one field. Use it with `#[serde(default)]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field is not mentioned and stays as it is.
    #[default]
    Absent,
    /// The field is cleared.
    Null,
    /// The field takes this value.
    Value(T),
}

impl<T> Patch<T> {
    /// Applies the patch to a field that may be empty.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *field = None,
            Self::Value(value) => *field = Some(value),
        }
    }

    /// Applies the patch to a field that may not be empty; false if the patch would clear it.
    #[must_use]
    pub fn apply_required(self, field: &mut T) -> bool {
        match self {
            Self::Absent => true,
            Self::Null => false,
            Self::Value(value) => {
                *field = value;
                true
            }
        }
    }

    /// The same patch of another value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(convert(value)),
        }
    }

    /// Whether the field is mentioned.
    pub const fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

/// Applies a merge patch to a document (RFC 7396 §2).
pub fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Null => drop(target.remove(&key)),
            Value::Object(members) => {
                let member = target.entry(key).or_insert_with(|| Value::Object(Map::new()));
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                if let Value::Object(inner) = member {
                    merge(inner, members);
                }
            }
            value => drop(target.insert(key, value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        a: Patch<u32>,
    }

    proptest! {
        #[test]
        fn a_patch_does_what_rfc_7396_says(before: Option<u32>, member: Option<Option<u32>>) {
            let body = match member {
                None => "{}".to_owned(),
                Some(None) => r#"{"a":null}"#.to_owned(),
                Some(Some(n)) => format!(r#"{{"a":{n}}}"#),
            };
            let body: Body = serde_json::from_str(&body).expect("valid JSON");
            prop_assert_eq!(body.a.is_present(), member.is_some());
            let mut after = before;
            body.a.apply(&mut after);
            prop_assert_eq!(after, member.unwrap_or(before));
        }
    }
}
