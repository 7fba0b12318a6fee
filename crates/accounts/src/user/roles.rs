//! The roles of one account on one site.

use bonafide_model::Invalid;
use bonafide_model::access::Role;
use serde::Deserialize;

/// At least one role, each once, in the order of the permission table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// The owner's.
    pub fn owner() -> Self {
        Self(vec![Role::Owner])
    }

    /// Whether a role is among them.
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }
}

impl TryFrom<Vec<Role>> for Roles {
    type Error = Invalid;

    fn try_from(mut roles: Vec<Role>) -> Result<Self, Invalid> {
        roles.sort_unstable();
        if roles.is_empty() {
            return Err(Invalid("must name at least one role"));
        }
        if roles.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Invalid("must name each role once"));
        }
        Ok(Self(roles))
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Role>::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_one_and_each_once() {
        let parse = |text| serde_json::from_str::<Roles>(text).ok();
        assert_eq!(parse(r#"["editor","owner"]"#), Some(Roles(vec![Role::Owner, Role::Editor])));
        for text in ["[]", r#"["owner","owner"]"#, r#"["boss"]"#, "null", "{}"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
