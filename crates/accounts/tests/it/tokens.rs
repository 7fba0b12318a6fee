//! API tokens: never worth more than their maker.

use crate::world::{ADA, BOB, World, roles};
use bonafide_accounts::api_token::{self, ApiToken, Draft};
use bonafide_accounts::{ApiFamily, Error, Identity, Secret, Start, user};
use bonafide_model::access::{ManageTokens, Permission, ReadDelivery, ReadPolicies, Role, WritePolicies};
use bonafide_model::id::ApiTokenId;
use bonafide_model::{Granted, Instant};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use std::time::Duration;

async fn make(
    world: &World,
    maker: &Identity,
    family: ApiFamily,
    scopes: &[Permission],
    expires_at: Option<Instant>,
) -> Result<(ApiToken, Secret), Error> {
    let scopes = scopes.to_vec().try_into().expect("each once");
    let draft = Draft { name: "Build".parse().expect("a name"), family, scopes, expires_at };
    let act = world.act::<ManageTokens>(maker);
    world.write(move |tx| api_token::create(tx, act.clone(), draft.clone()).boxed()).await
}

async fn admin(world: &World, maker: &Identity, scopes: &[Permission]) -> Result<(ApiToken, Secret), Error> {
    make(world, maker, ApiFamily::Admin, scopes, None).await
}

async fn who(world: &World, token: &Secret) -> Result<Identity, Error> {
    world.accounts.authenticate_token(ApiFamily::Admin, token.expose(), world.now()).await
}

async fn revoke(world: &World, by: &Identity, id: ApiTokenId) -> Result<(), Error> {
    let act = world.act::<ManageTokens>(by);
    world.write(move |tx| api_token::revoke(tx, act.clone(), id).boxed()).await
}

on_both! {
    /// A token opens its own surface, for its own scopes.
    async fn a_token_opens_its_surface(home: &Installation) {
        let world = World::with_owner(home).await;
        let ada = world.enter(ADA).await;
        let (token, secret) = admin(&world, &ada, &[Permission::ReadPolicies]).await.expect("made");
        assert!(secret.expose().starts_with("bf_admin_"));
        assert_eq!((token.account, token.last_used_day), (ada.account(), None));
        let script = who(&world, &secret).await.expect("good");
        assert_eq!(script.actor(), bonafide_model::access::Actor::Token(token.id, ada.account()));
        assert_eq!((script.family(), script.session()), (Some(ApiFamily::Admin), None));
        assert!(script.may::<ReadPolicies>(world.site).is_some());
        assert!(script.may::<WritePolicies>(world.site).is_none() && script.own(world.site).is_none());
        let elsewhere = world.accounts.authenticate_token(ApiFamily::Read, secret.expose(), world.now()).await;
        assert!(matches!(elsewhere, Err(Error::InvalidToken)));
        let (_, reads) = make(&world, &ada, ApiFamily::Read, &[Permission::ReadDelivery], None).await.expect("made");
        assert!(reads.expose().starts_with("bf_read_"));
        let frontend = world.accounts.authenticate_token(ApiFamily::Read, reads.expose(), world.now()).await;
        assert!(frontend.expect("good").may::<ReadDelivery>(world.site).is_some());
        for text in ["", "bf_admin_", "bf_admin_AAAA", "' OR 1=1 --", reads.expose()] {
            assert!(matches!(who(&world, &Secret::from(text.to_owned())).await, Err(Error::InvalidToken)), "{text}");
        }
    }

    /// Scopes beyond the maker's roles, or of the other surface, are refused and named.
    async fn scopes_are_within_the_makers(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Editor]).await.expect("added");
        let bob = world.enter(BOB).await;
        let wide = [Permission::WritePolicies, Permission::PublishPolicies, Permission::WriteUsers];
        let Err(Error::ScopesTooWide(beyond)) = admin(&world, &bob, &wide).await else { panic!("too wide") };
        assert_eq!(beyond, [Permission::PublishPolicies, Permission::WriteUsers]);
        let foreign = make(&world, &bob, ApiFamily::Read, &[Permission::ReadPolicies], None).await;
        assert!(matches!(foreign, Err(Error::ScopesOfOtherFamily(scopes)) if scopes == [Permission::ReadPolicies]));
        let foreign = admin(&world, &bob, &[Permission::ReadDelivery]).await;
        assert!(matches!(foreign, Err(Error::ScopesOfOtherFamily(_))));
        assert_eq!(world.rows("SELECT COUNT(*) FROM api_token").await, 0);
    }

    /// A token that makes tokens makes none that is worth more than itself, nor one that outlives it.
    async fn a_token_makes_no_wider_token(home: &Installation) {
        let world = World::with_owner(home).await;
        let ada = world.enter(ADA).await;
        let scopes = [Permission::ManageTokens, Permission::ReadPolicies];
        let end = world.now().plus(Duration::from_hours(1));
        let (_, secret) = make(&world, &ada, ApiFamily::Admin, &scopes, Some(end)).await.expect("made");
        let script = who(&world, &secret).await.expect("good");
        let wide = make(&world, &script, ApiFamily::Admin, &[Permission::WritePolicies], Some(end)).await;
        assert!(matches!(wide, Err(Error::ScopesTooWide(_))));
        for late in [None, Some(end.plus(Duration::from_micros(1)))] {
            let late = make(&world, &script, ApiFamily::Admin, &[Permission::ReadPolicies], late).await;
            assert!(matches!(late, Err(Error::ExpiryTooLate)));
        }
        let (child, _) =
            make(&world, &script, ApiFamily::Admin, &[Permission::ReadPolicies], Some(end)).await.expect("made");
        assert_eq!((child.account, child.expires_at), (ada.account(), Some(end)));
    }

    /// Tokens end when they should, and none is made that has ended.
    async fn a_token_ends(home: &Installation) {
        let world = World::with_owner(home).await;
        let ada = world.enter(ADA).await;
        let past = make(&world, &ada, ApiFamily::Admin, &[Permission::ReadSite], Some(world.now())).await;
        assert!(matches!(past, Err(Error::ExpiryPast)));
        let end = world.now().plus(Duration::from_mins(5));
        let made = make(&world, &ada, ApiFamily::Admin, &[Permission::ReadSite], Some(end)).await;
        let (_, secret) = made.expect("made");
        world.wait(Duration::from_mins(4));
        who(&world, &secret).await.expect("still good");
        world.wait(Duration::from_mins(1));
        assert!(matches!(who(&world, &secret).await, Err(Error::InvalidToken)));
    }

    /// A token is worth what its maker is worth now.
    async fn a_token_follows_its_maker(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Editor]).await.expect("added");
        let bob = world.enter(BOB).await;
        let (_, secret) = admin(&world, &bob, &[Permission::WritePolicies]).await.expect("made");
        let id = bob.account();
        let (act, viewer) = (world.operator(), roles(&[Role::Viewer]));
        let demoted = user::Change { roles: Some(viewer), ..Default::default() };
        world.write(move |tx| user::change(tx, act.clone(), id, 1, demoted.clone()).boxed()).await.expect("changed");
        assert!(who(&world, &secret).await.expect("good").may::<WritePolicies>(world.site).is_none());
        let (act, editor) = (world.operator(), roles(&[Role::Editor]));
        let promoted = user::Change { roles: Some(editor), ..Default::default() };
        world.write(move |tx| user::change(tx, act.clone(), id, 2, promoted.clone()).boxed()).await.expect("changed");
        assert!(who(&world, &secret).await.expect("good").may::<WritePolicies>(world.site).is_some());
        let act = world.operator();
        world.write(move |tx| user::suspend(tx, act.clone(), id, 3).boxed()).await.expect("suspended");
        assert!(matches!(who(&world, &secret).await, Err(Error::InvalidToken)));
    }

    /// The day of the last use is known, and written once a day.
    async fn the_last_day_is_known(home: &Installation) {
        let world = World::with_owner(home).await;
        let ada = world.enter(ADA).await;
        let (token, secret) = admin(&world, &ada, &[Permission::ReadSite]).await.expect("made");
        let by: Granted<ManageTokens> = ada.may(world.site).expect("an owner");
        let day = async || api_token::get(world.db.read(), &by, token.id).await.expect("there").last_used_day;
        assert_eq!(day().await, None);
        who(&world, &secret).await.expect("good");
        assert_eq!(day().await, Some(world.now().utc_date()));
        let first = world.now();
        world.wait(Duration::from_hours(24));
        who(&world, &secret).await.expect("good");
        assert_eq!(day().await, Some(world.now().utc_date()));
        // a node whose clock is behind does not turn it back
        world.accounts.authenticate_token(ApiFamily::Admin, secret.expose(), first).await.expect("good");
        assert_eq!(day().await, Some(world.now().utc_date()));
    }

    /// Everybody sees and revokes their own tokens, owners everybody's; it counts at once.
    async fn tokens_are_listed_and_revoked(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Editor]).await.expect("added");
        let (ada, bob) = (world.enter(ADA).await, world.enter(BOB).await);
        let (mut ids, mut secrets) = (Vec::new(), Vec::new());
        for maker in [&ada, &bob, &bob, &ada] {
            world.wait(Duration::from_secs(1));
            let (token, secret) = admin(&world, maker, &[Permission::ReadSite]).await.expect("made");
            ids.push(token.id);
            secrets.push(secret);
        }
        let list = async |who: &Identity, start| {
            let by: Granted<ManageTokens> = who.may(world.site).expect("every role may");
            let page = api_token::list(world.db.read(), &by, start, 3).await.expect("a page");
            let count = api_token::count(world.db.read(), &by).await.expect("a number");
            (page.into_iter().map(|token| token.id).collect::<Vec<_>>(), count)
        };
        assert_eq!(list(&bob, Start::First).await, (vec![ids[1], ids[2]], 2));
        assert_eq!(list(&ada, Start::First).await, (ids[..3].to_vec(), 4));
        assert_eq!(list(&ada, Start::After(ids[2])).await, (vec![ids[3]], 4));
        assert_eq!(list(&ada, Start::Before(ids[2])).await, (vec![ids[1], ids[0]], 4));
        assert!(matches!(revoke(&world, &bob, ids[0]).await, Err(Error::NotFound)));
        revoke(&world, &bob, ids[1]).await.expect("revoked");
        revoke(&world, &ada, ids[2]).await.expect("revoked");
        assert!(matches!(revoke(&world, &ada, ids[2]).await, Err(Error::NotFound)));
        for (secret, good) in secrets.iter().zip([true, false, false, true]) {
            assert_eq!(who(&world, secret).await.is_ok(), good);
        }
    }
}
