//! Who may do what: one table of actions, and the value that proves a permission was checked.
//!
//! An action is a type, so that a function which demands `&Granted<PublishPolicies>` cannot be
//! reached with another permission. Only `accounts` (for a caller) and `server` (for a command of
//! the operator) issue grants; `cargo xtask check` holds them to it.

use crate::Invalid;
use crate::id::{AccountId, ApiTokenId, SiteId};
use crate::value::serde_as_text;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// Declares an enum whose variants have one lower-case name each, for columns and the wire.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident, $wanted:literal { $($(#[$vdoc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$vdoc])* $variant,)* }

        impl $type {
            /// Every value, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in columns and on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::ALL.iter().copied().find(|value| value.name() == text).ok_or(Invalid($wanted))
            }
        }

        serde_as_text!($type);
    };
}

named! {
    /// What a person is on a site. An account has a list of them; the owner has every right of the others.
    Role, "must be one of owner, editor, author, privacy_officer, viewer" {
        /// Runs the site: accounts, settings and everything below.
        Owner = "owner",
        /// Writes and publishes content.
        Editor = "editor",
        /// Writes content.
        Author = "author",
        /// Keeps the policies and handles what visitors ask for.
        PrivacyOfficer = "privacy_officer",
        /// Looks, and changes nothing.
        Viewer = "viewer",
    }
}

/// A permission as a type; see the table in this module.
pub trait Action: Send + Sync + 'static {
    /// The same as a value.
    const PERMISSION: Permission;
}

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal: $($role:ident)*;)*) => {
        named! {
            /// Everything the admin API can permit; also the scopes of API tokens.
            Permission, "must be one of the documented scopes" { $($(#[$doc])* $action = $name,)* }
        }

        impl Permission {
            /// The roles that have this permission, beside the owner.
            const fn roles(self) -> &'static [Role] {
                match self { $(Self::$action => &[$(Role::$role,)*],)* }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $action;

            impl Action for $action {
                const PERMISSION: Permission = Permission::$action;
            }
        )*
    };
}

// The permission table. Beside each action stand the roles that may do it; the owner may do all.
actions! {
    /// Read the settings of the site.
    ReadSite = "site:read": Editor Author PrivacyOfficer Viewer;
    /// Change the settings of the site.
    WriteSite = "site:write":;
    /// Read policies and all their revisions, drafts included.
    ReadPolicies = "policies:read": Editor Author PrivacyOfficer Viewer;
    /// Create policies; write and delete drafts of revisions.
    WritePolicies = "policies:write": Editor PrivacyOfficer;
    /// Publish a revision of a policy.
    PublishPolicies = "policies:publish": PrivacyOfficer;
    /// Read forms and all their versions, drafts included.
    ReadForms = "forms:read": Editor Author PrivacyOfficer Viewer;
    /// Create forms; write and delete drafts of them.
    WriteForms = "forms:write": Editor PrivacyOfficer;
    /// Publish forms and take them offline.
    PublishForms = "forms:publish": PrivacyOfficer;
    /// See how many submissions there are, and nothing else of them.
    CountSubmissions = "submissions:count": Editor Author PrivacyOfficer Viewer;
    /// List submissions, open them for a purpose, fulfil and reopen them.
    HandleSubmissions = "submissions:handle": PrivacyOfficer;
    /// Erase, restrict and hold submissions; export and erase a person's data; confirm and read sweeps.
    EraseSubmissions = "submissions:erase": PrivacyOfficer;
    /// Read content types.
    ReadTypes = "types:read": Editor Author PrivacyOfficer Viewer;
    /// Define and change content types.
    WriteTypes = "types:write": Editor;
    /// Read pages and entries, drafts included.
    ReadContent = "content:read": Editor Author PrivacyOfficer Viewer;
    /// Write, copy, archive and delete drafts of pages and entries, and make preview links.
    WriteContent = "content:write": Editor Author;
    /// Publish, schedule and unpublish pages and entries.
    PublishContent = "content:publish": Editor;
    /// List accounts.
    ReadUsers = "users:read": PrivacyOfficer;
    /// Invite, change, suspend and reset accounts.
    WriteUsers = "users:write":;
    /// List, make and revoke the API tokens of one's own account (the owner: of all accounts).
    ManageTokens = "tokens:manage": Editor Author PrivacyOfficer Viewer;
    /// Read the list of admin actions.
    ReadAudit = "audit:read": PrivacyOfficer;
    /// Read the state of the system: overdue work, sweeps, versions.
    ReadStatus = "status:read": Editor Author PrivacyOfficer Viewer;
    /// Read published content with a token, where the site asks for one.
    ReadDelivery = "delivery:read": Editor Author PrivacyOfficer Viewer;
}

impl Permission {
    /// Whether an account with these roles has this permission.
    pub fn is_given_to(self, roles: &[Role]) -> bool {
        roles.iter().any(|role| *role == Role::Owner || self.roles().contains(role))
    }
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, logged in.
    Account(AccountId),
    /// A script with an API token of that person.
    Token(ApiTokenId, AccountId),
    /// The operator, on the command line of the server's own machine.
    Operator,
    /// The process itself: schedules, sweeps, clean-up.
    System,
}

impl Actor {
    /// The account that answers for the act, if a person does.
    pub const fn account(self) -> Option<AccountId> {
        match self {
            Self::Account(id) | Self::Token(_, id) => Some(id),
            Self::Operator | Self::System => None,
        }
    }

    /// The kind of actor, for columns.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Token(..) => "token",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

/// The proof that `by` may do `A` on `site`. Domain functions demand it and use its site as a filter.
pub struct Granted<A> {
    by: Actor,
    site: SiteId,
    action: PhantomData<A>,
}

impl<A: Action> Granted<A> {
    /// Issues a grant. Only for whoever has just checked the permission.
    pub const fn issue(by: Actor, site: SiteId) -> Self {
        Self { by, site, action: PhantomData }
    }

    /// Who acts.
    pub const fn by(&self) -> Actor {
        self.by
    }

    /// The site on which they may.
    pub const fn site(&self) -> SiteId {
        self.site
    }
}

// derived, they would ask `A` to be Copy
impl<A> Clone for Granted<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Granted<A> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_may_everything() {
        assert!(Permission::ALL.iter().all(|permission| permission.is_given_to(&[Role::Owner])));
    }

    #[test]
    fn nobody_may_anything_without_a_role() {
        assert!(!Permission::ALL.iter().any(|permission| permission.is_given_to(&[])));
    }

    #[test]
    fn authors_write_no_policies() {
        assert!(!Permission::WritePolicies.is_given_to(&[Role::Author, Role::Viewer]));
        assert!(Permission::PublishPolicies.is_given_to(&[Role::Author, Role::PrivacyOfficer]));
    }

    #[test]
    fn names_read_back() {
        for permission in Permission::ALL {
            assert_eq!(permission.name().parse(), Ok(*permission));
        }
    }
}
