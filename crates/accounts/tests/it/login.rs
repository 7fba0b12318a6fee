//! Who gets in.

use crate::world::{ADA, BOB, PASSWORD, World};
use bonafide_accounts::Error;
use bonafide_accounts::user::{self, State};
use bonafide_model::access::{ReadUsers, Role, WritePolicies, WriteUsers};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

on_both! {
    /// The right password opens a session, and the session says what its holder may do.
    async fn the_right_password_opens(home: &Installation) {
        let world = World::with_owner(home).await;
        let tokens = world.login("Ada@Example.org").await;
        assert_eq!(tokens.expires_in, Duration::from_mins(10));
        assert!(tokens.refresh_token.expose().starts_with("bf_refresh_"));
        let ada = world.who(&tokens).await.expect("logged in");
        assert_eq!((ada.account(), ada.session()), (tokens.account, Some(tokens.session)));
        assert_eq!(ada.roles(world.site), [Role::Owner]);
        assert!(ada.may::<WriteUsers>(world.site).is_some());
        let me = user::me(world.db.read(), &ada, world.site).await.expect("an account");
        assert_eq!((me.email.as_str(), me.state, me.version), (ADA, State::Active, 1));
        assert_eq!(world.audit().await, ["account session.begin", "operator user.create"]);
    }

    /// Unknown, wrong, invited and suspended look alike.
    async fn every_refusal_is_the_same(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Editor]).await.expect("added");
        world.invite("cy@example.org", &[Role::Viewer]).await.expect("invited");
        let (bob, act) = (world.user(BOB).await, world.operator());
        world.write(move |tx| user::suspend(tx, act.clone(), bob.id, 1).boxed()).await.expect("suspended");
        let lines = world.audit().await.len();
        for (email, password) in [
            (ADA, "a wrong password"),
            (ADA, ""),
            (BOB, PASSWORD),
            ("cy@example.org", PASSWORD),
            ("cy@example.org", ""),
            ("nobody@example.org", PASSWORD),
        ] {
            let error = world.login_with(email, password).await.expect_err(email);
            assert!(matches!(error, Error::InvalidCredentials), "{email}: {error}");
        }
        assert_eq!(world.audit().await.len(), lines);
        assert_eq!(world.rows("SELECT COUNT(*) FROM session").await, 0);
    }

    /// Ten failures close an account to the right password too, known or not, for a quarter of an hour.
    async fn failures_are_counted(home: &Installation) {
        let world = World::with_owner(home).await;
        for email in [ADA, "nobody@example.org"] {
            for n in 0..10 {
                let arrival = world.arrival_from(IpAddr::V4(Ipv4Addr::new(192, 0, 2, n)));
                let error = world.accounts.login(arrival, crate::world::address(email), crate::world::secret("no")).await;
                assert!(matches!(error, Err(Error::InvalidCredentials)));
            }
            let Err(Error::Throttled { retry_after }) = world.login_with(email, PASSWORD).await else {
                panic!("not throttled")
            };
            assert_eq!(retry_after, Duration::from_secs(901));
        }
        world.wait(Duration::from_mins(15));
        world.login(ADA).await;
    }

    /// Somebody who mistypes now and then is never kept out.
    async fn success_forgets_failures(home: &Installation) {
        let world = World::with_owner(home).await;
        for _ in 0..2 {
            for _ in 0..9 {
                assert!(world.login_with(ADA, "mistyped").await.is_err());
            }
            world.login(ADA).await;
        }
    }

    /// Roles count at once, in both directions.
    async fn a_change_of_role_counts_at_once(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Viewer]).await.expect("added");
        let (tokens, other_node) = (world.login(BOB).await, world.other_node().await);
        let ada = world.enter(ADA).await;
        let bob = world.who(&tokens).await.expect("logged in");
        assert!(bob.may::<WritePolicies>(world.site).is_none() && bob.may::<ReadUsers>(world.site).is_none());
        let (act, id) = (world.act::<WriteUsers>(&ada), bob.account());
        let promoted = user::Change { roles: Some(crate::world::roles(&[Role::Editor])), ..Default::default() };
        world.write(move |tx| user::change(tx, act.clone(), id, 1, promoted.clone()).boxed()).await.expect("changed");
        let bob = other_node.authenticate(tokens.access_token.expose(), world.now()).await.expect("logged in");
        assert!(bob.may::<WritePolicies>(world.site).is_some());
        let (act, suspended) = (world.act::<WriteUsers>(&ada), Error::InvalidToken.to_string());
        world.write(move |tx| user::suspend(tx, act.clone(), id, 2).boxed()).await.expect("suspended");
        let refused = other_node.authenticate(tokens.access_token.expose(), world.now()).await.expect_err("suspended");
        assert_eq!(refused.to_string(), suspended);
        assert!(matches!(world.refresh(&tokens).await, Err(Error::InvalidToken)));
    }
}
