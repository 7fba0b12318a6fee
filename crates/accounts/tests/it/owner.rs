//! The first owner, and the way back.

use crate::world::{ADA, BOB, PASSWORD, World, address};
use bonafide_accounts::Error;
use bonafide_accounts::user::{self, State};
use bonafide_model::access::Role;
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;

const OTHER: &str = "a long winter in the hills";

on_both! {
    /// The operator makes the first owner, once for each address.
    async fn the_first_owner(home: &Installation) {
        let world = World::empty(home).await;
        assert!(!world.accounts.has_owner(world.site).await.expect("an answer"));
        world.add_active(ADA, &[Role::Owner]).await.expect("added");
        assert!(world.accounts.has_owner(world.site).await.expect("an answer"));
        assert!(matches!(world.add_active("ADA@example.org", &[Role::Owner]).await, Err(Error::EmailTaken)));
        world.login(ADA).await;
    }

    /// The operator's reset opens whatever was closed, and only for owners.
    async fn the_way_back(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Owner]).await.expect("added");
        world.add_active("cy@example.org", &[Role::Editor]).await.expect("added");
        let (tokens, act) = (world.login(ADA).await, world.operator());
        let id = tokens.account;
        world.write(move |tx| user::suspend(tx, act.clone(), id, 1).boxed()).await.expect("suspended");
        for _ in 0..10 {
            assert!(world.login_with(ADA, PASSWORD).await.is_err());
        }
        let reset = async |email: &str| {
            let new = OTHER.parse().expect("a fine password");
            world.accounts.reset_owner(world.operator(), address(email), new).await
        };
        assert_eq!(reset(ADA).await.expect("reset"), id);
        world.login_with(ADA, OTHER).await.expect("in again");
        assert!(!world.is_alive(&tokens).await);
        assert_eq!(world.user(ADA).await.state, State::Active);
        for email in ["cy@example.org", "nobody@example.org"] {
            assert!(matches!(reset(email).await, Err(Error::NotFound)));
        }
        world.login("cy@example.org").await;
        assert!(world.audit().await.contains(&"operator user.set_password".to_owned()));
    }
}
