//! Which surface a token opens, and what it may do there.

use bonafide_keyring::TokenFamily;
use bonafide_model::Invalid;
use bonafide_model::access::Permission;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::str::FromStr;

/// Which surface an API token opens. On the other it is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiFamily {
    /// `bf_admin_…`: the admin API.
    Admin,
    /// `bf_read_…`: delivery.
    Read,
}

impl ApiFamily {
    /// The name in columns and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Read => "read",
        }
    }

    /// Whether a scope means anything on its surface.
    pub const fn has(self, scope: Permission) -> bool {
        matches!((self, scope), (Self::Read, Permission::ReadDelivery))
            || matches!(self, Self::Admin) && !matches!(scope, Permission::ReadDelivery)
    }

    pub(crate) const fn token_family(self) -> TokenFamily {
        match self {
            Self::Admin => TokenFamily::Admin,
            Self::Read => TokenFamily::Read,
        }
    }
}

impl FromStr for ApiFamily {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        [Self::Admin, Self::Read]
            .into_iter()
            .find(|family| family.name() == text)
            .ok_or(Invalid("must be one of read, admin"))
    }
}

impl Serialize for ApiFamily {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ApiFamily {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// At least one scope, each once, in the order of the permission table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<Permission>);

impl Scopes {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Permission> + '_ {
        self.0.iter().copied()
    }

    /// The form of the column: names with blanks between them, as in RFC 6749 §3.3.
    pub(crate) fn write(&self) -> String {
        self.0.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ")
    }
}

impl TryFrom<Vec<Permission>> for Scopes {
    type Error = Invalid;

    fn try_from(mut scopes: Vec<Permission>) -> Result<Self, Invalid> {
        scopes.sort_unstable();
        if scopes.is_empty() {
            return Err(Invalid("must name at least one scope"));
        }
        if scopes.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Invalid("must name each scope once"));
        }
        Ok(Self(scopes))
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Permission>::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// Reads the column. A scope that this version does not know gives nothing.
pub(crate) fn read(column: &str) -> Vec<Permission> {
    column.split(' ').filter_map(|name| name.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back() {
        let all = Scopes::try_from(Permission::ALL.to_vec()).expect("each once");
        assert_eq!(read(&all.write()), Permission::ALL);
        assert_eq!(read("site:read later:thing"), [Permission::ReadSite]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn at_least_one_and_each_once() {
        for text in ["[]", r#"["site:read","site:read"]"#, r#"["everything"]"#] {
            assert!(serde_json::from_str::<Scopes>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_scope_belongs_to_one_family() {
        for scope in Permission::ALL {
            assert_ne!(ApiFamily::Admin.has(*scope), ApiFamily::Read.has(*scope));
        }
    }
}
