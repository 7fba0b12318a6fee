//! Logging out, here and everywhere, and changing a password.

use crate::world::{ADA, BOB, PASSWORD, World, secret};
use bonafide_accounts::{Error, Identity, Start, Tokens, session};
use bonafide_model::access::Role;
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use std::net::{IpAddr, Ipv4Addr};

const NEW: &str = "a long winter in the hills";

async fn change(world: &World, who: &Identity, current: &str, new: &str) -> Result<(), Error> {
    let session = who.session().expect("a session");
    let (client, new) = (IpAddr::V4(Ipv4Addr::LOCALHOST), new.parse().expect("a fine password"));
    world.accounts.change_password(world.own(who), session, client, secret(current), new).await
}

async fn alive(world: &World, all: &[&Tokens]) -> Vec<bool> {
    let mut alive = Vec::new();
    for tokens in all {
        alive.push(world.is_alive(tokens).await);
    }
    alive
}

on_both! {
    /// A logout ends one session at once, and only one's own.
    async fn a_logout_counts_at_once(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Viewer]).await.expect("added");
        let (one, two, bobs) = (world.login(ADA).await, world.login(ADA).await, world.login(BOB).await);
        let ada = world.who(&one).await.expect("logged in");
        let (act, others) = (world.own(&ada), bobs.session);
        let refused = world.write(move |tx| session::revoke(tx, act.clone(), others).boxed()).await;
        assert!(matches!(refused, Err(Error::NotFound)));
        let (act, mine) = (world.own(&ada), one.session);
        world.write(move |tx| session::revoke(tx, act.clone(), mine).boxed()).await.expect("logged out");
        assert_eq!(alive(&world, &[&one, &two, &bobs]).await, [false, true, true]);
        assert!(matches!(world.refresh(&one).await, Err(Error::InvalidToken)));
    }

    /// A logout everywhere leaves nothing, or the one that was named.
    async fn a_logout_everywhere(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Viewer]).await.expect("added");
        let (one, two, three) = (world.login(ADA).await, world.login(ADA).await, world.login(ADA).await);
        let bobs = world.login(BOB).await;
        let ada = world.who(&one).await.expect("logged in");
        let (act, mine) = (world.own(&ada), one.session);
        let ended = world.write(move |tx| session::revoke_all(tx, act.clone(), Some(mine)).boxed()).await;
        assert_eq!(ended.expect("ended"), 2);
        assert_eq!(alive(&world, &[&one, &two, &three, &bobs]).await, [true, false, false, true]);
        let act = world.own(&ada);
        world.write(move |tx| session::revoke_all(tx, act.clone(), None).boxed()).await.expect("ended");
        assert_eq!(alive(&world, &[&one, &bobs]).await, [false, true]);
        assert_eq!(world.rows("SELECT COUNT(*) FROM refresh_token").await, 1);
    }

    /// One's own sessions are listed in pages, forwards and backwards.
    async fn sessions_are_listed(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Viewer]).await.expect("added");
        world.login(BOB).await;
        let mut ids = Vec::new();
        for _ in 0..5 {
            world.wait(std::time::Duration::from_secs(1));
            ids.push(world.login(ADA).await);
        }
        let by = world.who(&ids[0]).await.expect("logged in").own(world.site).expect("a session");
        let ids: Vec<_> = ids.iter().map(|tokens| tokens.session).collect();
        let list = async |start, limit| {
            let page = session::list(world.db.read(), &by, start, limit, world.now()).await.expect("a page");
            page.into_iter().map(|session| session.id).collect::<Vec<_>>()
        };
        assert_eq!(list(Start::First, 3).await, ids[..3]);
        assert_eq!(list(Start::After(ids[2]), 3).await, ids[3..]);
        assert_eq!(list(Start::Before(ids[3]), 2).await, [ids[2], ids[1]]);
        assert_eq!(session::count(world.db.read(), &by, world.now()).await.expect("a number"), 5);
    }

    /// A new password needs the present one, and ends every other session.
    async fn a_new_password(home: &Installation) {
        let world = World::with_owner(home).await;
        let (one, two) = (world.login(ADA).await, world.login(ADA).await);
        let ada = world.who(&one).await.expect("logged in");
        assert!(matches!(change(&world, &ada, "not the present one", NEW).await, Err(Error::WrongPassword)));
        assert_eq!(alive(&world, &[&one, &two]).await, [true, true]);
        change(&world, &ada, PASSWORD, NEW).await.expect("changed");
        assert_eq!(alive(&world, &[&one, &two]).await, [true, false]);
        assert!(matches!(world.login_with(ADA, PASSWORD).await, Err(Error::InvalidCredentials)));
        world.login_with(ADA, NEW).await.expect("the new one is good");
        assert!(world.refresh(&one).await.is_ok());
    }

    /// A stolen session cannot be used to guess the password, nor a revoked one to set it.
    async fn guesses_are_counted_here_too(home: &Installation) {
        let world = World::with_owner(home).await;
        let ada = world.enter(ADA).await;
        for _ in 0..10 {
            assert!(matches!(change(&world, &ada, "a guess", NEW).await, Err(Error::WrongPassword)));
        }
        assert!(matches!(change(&world, &ada, PASSWORD, NEW).await, Err(Error::Throttled { .. })));
        world.wait(std::time::Duration::from_mins(15));
        let act = world.own(&ada);
        world.write(move |tx| session::revoke_all(tx, act.clone(), None).boxed()).await.expect("ended");
        assert!(matches!(change(&world, &ada, PASSWORD, NEW).await, Err(Error::InvalidToken)));
        world.login(ADA).await;
    }
}
