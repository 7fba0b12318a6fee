//! Who somebody is, once proved, and what they may do: asked of the database anew for every request.

use crate::access_token::{LIFE, Verified};
use crate::{ApiFamily, Error};
use bonafide_keyring::TokenHash;
use bonafide_model::access::{Action, Actor, Permission, Role};
use bonafide_model::id::{AccountId, ApiTokenId, SessionId, SiteId};
use bonafide_model::{Date, Granted, Instant};
use bonafide_storage::sql;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, QueryResult};

/// What everybody may do with their own account while logged in: no scope of a token gives it.
#[derive(Debug)]
pub struct OwnAccount;

impl Action for OwnAccount {
    /// The entry of the table that is nearest to it; every role has it.
    const PERMISSION: Permission = Permission::ManageTokens;
}

/// Somebody whose credentials were good a moment ago.
#[derive(Clone, Debug)]
pub struct Identity {
    actor: Actor,
    account: AccountId,
    session: Option<SessionId>,
    /// The account's roles, each on a site.
    roles: Vec<(SiteId, Role)>,
    /// Of an API token: the site it is for and what it may do there.
    token: Option<(SiteId, ApiFamily, Vec<Permission>)>,
}

impl Identity {
    /// Who acts, for the list of actions.
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// The account that answers for what is done.
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The session, if it is a person who is logged in and not an API token.
    pub const fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// The family of the API token, if it is one.
    pub fn family(&self) -> Option<ApiFamily> {
        self.token.as_ref().map(|(_, family, _)| *family)
    }

    /// The account's roles on a site, in the order of the permission table.
    pub fn roles(&self, site: SiteId) -> Vec<Role> {
        let mut roles: Vec<Role> = self.roles.iter().filter(|(at, _)| *at == site).map(|(_, role)| *role).collect();
        roles.sort_unstable();
        roles
    }

    /// Whether they may do something on a site: by a role, and with an API token also by one of its scopes.
    pub fn has(&self, site: SiteId, permission: Permission) -> bool {
        let in_scope = match &self.token {
            None => true,
            Some((at, _, scopes)) => *at == site && scopes.contains(&permission),
        };
        in_scope && permission.is_given_to(&self.roles(site))
    }

    /// The permission to do `A` on a site, if they have it.
    pub fn may<A: Action>(&self, site: SiteId) -> Option<Granted<A>> {
        self.has(site, A::PERMISSION).then(|| Granted::issue(self.actor, site))
    }

    /// The permission to look after their own account: for people who are logged in, not for API tokens.
    pub fn own(&self, site: SiteId) -> Option<Granted<OwnAccount>> {
        self.session.map(|_| Granted::issue(self.actor, site))
    }
}

/// The one look-up of a request with an access token.
pub(crate) async fn of_session(
    on: &impl ConnectionTrait,
    verified: &Verified,
    now: Instant,
) -> Result<Identity, Error> {
    const SELECT: &str = "SELECT r.site_id, r.role FROM session s
        JOIN account a ON a.id = s.account_id
        JOIN signing_key k ON k.kid = $2
        LEFT JOIN account_role r ON r.account_id = a.id
        WHERE s.id = $1 AND a.id = $3 AND a.state = 'active' AND s.expires_at > $4
            AND (k.retired_at IS NULL OR k.retired_at > $5)";
    let values = [
        verified.session.uuid().into(),
        verified.kid.clone().into(),
        verified.account.uuid().into(),
        now.micros().into(),
        now.minus(LIFE).micros().into(),
    ];
    let rows = on.query_all_raw(sql(on, SELECT, values)).await?;
    if rows.is_empty() {
        return Err(Error::InvalidToken);
    }
    let roles = roles(&rows)?;
    let (actor, session) = (Actor::Account(verified.account), Some(verified.session));
    Ok(Identity { actor, account: verified.account, session, roles, token: None })
}

/// The one look-up of a request with an API token; also says when it was last used.
pub(crate) async fn of_token(
    on: &impl ConnectionTrait,
    family: ApiFamily,
    hash: TokenHash,
    now: Instant,
) -> Result<(Identity, Option<Date>), Error> {
    const SELECT: &str = "SELECT r.site_id, r.role, t.id, t.account_id, t.site_id, t.scopes, t.last_used_day
        FROM api_token t
        JOIN account a ON a.id = t.account_id
        LEFT JOIN account_role r ON r.account_id = a.id AND r.site_id = t.site_id
        WHERE t.hash = $1 AND t.family = $2 AND a.state = 'active' AND (t.expires_at IS NULL OR t.expires_at > $3)";
    let values = [hash.to_vec().into(), family.name().into(), now.micros().into()];
    let rows = on.query_all_raw(sql(on, SELECT, values)).await?;
    let first = rows.first().ok_or(Error::InvalidToken)?;
    let roles = roles(&rows)?;
    let id = ApiTokenId::from_uuid(first.try_get_by_index(2)?);
    let account = AccountId::from_uuid(first.try_get_by_index(3)?);
    let site = SiteId::from_uuid(first.try_get_by_index(4)?);
    let scopes: String = first.try_get_by_index(5)?;
    let scopes = crate::api_token::read_scopes(&scopes);
    let used: Option<String> = first.try_get_by_index(6)?;
    let identity = Identity {
        actor: Actor::Token(id, account),
        account,
        session: None,
        roles,
        token: Some((site, family, scopes)),
    };
    Ok((identity, used.and_then(|day| day.parse().ok())))
}

/// Whether an account is active and its roles on a site give a permission.
pub(crate) async fn has(
    on: &impl ConnectionTrait,
    account: AccountId,
    site: SiteId,
    permission: Permission,
) -> Result<bool, Error> {
    const SELECT: &str = "SELECT r.site_id, r.role FROM account a JOIN account_role r ON r.account_id = a.id
        WHERE a.id = $1 AND a.state = 'active' AND r.site_id = $2";
    let rows = on.query_all_raw(sql(on, SELECT, [account.uuid().into(), site.uuid().into()])).await?;
    let roles: Vec<Role> = roles(&rows)?.into_iter().map(|(_, role)| role).collect();
    Ok(permission.is_given_to(&roles))
}

/// The roles of rows that begin with a site and a role.
fn roles(rows: &[QueryResult]) -> Result<Vec<(SiteId, Role)>, Error> {
    let mut roles = Vec::new();
    for row in rows {
        roles.extend(role(row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    }
    Ok(roles)
}

/// A role that this version does not know gives nothing.
fn role(site: Option<Uuid>, role: Option<String>) -> Option<(SiteId, Role)> {
    Some((SiteId::from_uuid(site?), role?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide_model::access::{ManageTokens, PublishPolicies, ReadDelivery, WritePolicies, WriteUsers};

    fn site(n: u8) -> SiteId {
        SiteId::new(Instant::from_micros(0), [n; 10])
    }

    fn somebody(roles: &[(SiteId, Role)], token: Option<&[Permission]>) -> Identity {
        let account = AccountId::new(Instant::from_micros(0), [0; 10]);
        Identity {
            actor: Actor::Account(account),
            account,
            session: token.is_none().then(|| SessionId::new(Instant::from_micros(0), [0; 10])),
            roles: roles.to_vec(),
            token: token.map(|scopes| (site(1), ApiFamily::Admin, scopes.to_vec())),
        }
    }

    #[test]
    fn a_role_counts_on_its_site() {
        let editor = somebody(&[(site(1), Role::Editor), (site(2), Role::Owner)], None);
        assert!(editor.may::<WritePolicies>(site(1)).is_some_and(|granted| granted.site() == site(1)));
        assert!(editor.may::<WriteUsers>(site(1)).is_none());
        assert!(editor.may::<WriteUsers>(site(2)).is_some());
        assert!(editor.may::<WritePolicies>(site(3)).is_none());
        assert!(editor.own(site(3)).is_some());
    }

    #[test]
    fn a_token_may_what_both_its_scopes_and_the_roles_allow() {
        let scopes = [Permission::WritePolicies, Permission::PublishPolicies];
        let token = somebody(&[(site(1), Role::Editor), (site(2), Role::Editor)], Some(&scopes));
        assert!(token.may::<WritePolicies>(site(1)).is_some());
        assert!(token.may::<PublishPolicies>(site(1)).is_none());
        assert!(token.may::<ReadDelivery>(site(1)).is_none());
        assert!(token.may::<ManageTokens>(site(1)).is_none());
        assert!(token.may::<WritePolicies>(site(2)).is_none());
        assert!(token.own(site(1)).is_none());
    }
}
