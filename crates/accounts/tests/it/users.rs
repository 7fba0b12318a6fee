//! People: invited, changed, suspended, reset; and never the last owner.

use crate::world::{ADA, BOB, PASSWORD, World, roles};
use bonafide_accounts::user::{self, Change, State, User};
use bonafide_accounts::{Error, Start};
use bonafide_model::Granted;
use bonafide_model::access::{Actor, Role};
use bonafide_model::id::AccountId;
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use std::time::Duration;

const OTHER: &str = "a long winter in the hills";

async fn suspend(world: &World, id: AccountId, version: i64) -> Result<User, Error> {
    let act = world.operator();
    world.write(move |tx| user::suspend(tx, act.clone(), id, version).boxed()).await
}

async fn reactivate(world: &World, id: AccountId, version: i64) -> Result<User, Error> {
    let act = world.operator();
    world.write(move |tx| user::reactivate(tx, act.clone(), id, version).boxed()).await
}

async fn change(world: &World, id: AccountId, version: i64, change: Change) -> Result<User, Error> {
    let act = world.operator();
    world.write(move |tx| user::change(tx, act.clone(), id, version, change.clone()).boxed()).await
}

async fn set_roles(world: &World, id: AccountId, version: i64, to: &[Role]) -> Result<User, Error> {
    change(world, id, version, Change { roles: Some(roles(to)), ..Change::default() }).await
}

async fn reset(world: &World, id: AccountId) -> Result<bonafide_accounts::Link, Error> {
    let act = world.operator();
    world.write(move |tx| user::reset(tx, act.clone(), id).boxed()).await
}

on_both! {
    /// An invitation is accepted once, within seven days.
    async fn an_invitation_is_accepted_once(home: &Installation) {
        let world = World::with_owner(home).await;
        let (bob, link) = world.invite(BOB, &[Role::Editor, Role::Author]).await.expect("invited");
        assert_eq!((bob.state, bob.version, &bob.roles[..]), (State::Invited, 1, &[Role::Editor, Role::Author][..]));
        assert!(link.token.expose().starts_with("bf_link_"));
        assert_eq!(link.expires_at, world.now().plus(Duration::from_hours(7 * 24)));
        world.accept(&link, PASSWORD).await.expect("accepted");
        world.login(BOB).await;
        assert!(matches!(world.accept(&link, OTHER).await, Err(Error::InvalidLink)));
        let bob = world.user(BOB).await;
        assert_eq!((bob.state, bob.version), (State::Active, 2));
        assert!(matches!(world.invite(BOB, &[Role::Viewer]).await, Err(Error::EmailTaken)));
        assert_eq!(
            world.audit().await,
            ["account session.begin", "account user.accept_link", "operator user.create", "operator user.invite"]
        );
    }

    /// Of two who accept at once with the same link, one is refused.
    async fn a_link_is_good_for_one(home: &Installation) {
        let world = World::with_owner(home).await;
        let (_, link) = world.invite(BOB, &[Role::Editor]).await.expect("invited");
        let (one, two) = tokio::join!(world.accept(&link, PASSWORD), world.accept(&link, OTHER));
        assert!(one.is_ok() != two.is_ok());
        assert!(world.login_with(BOB, PASSWORD).await.is_ok() == one.is_ok());
    }

    /// A link that is old, replaced, mistyped or a suspended person's opens nothing.
    async fn a_dead_link_opens_nothing(home: &Installation) {
        let world = World::with_owner(home).await;
        let (bob, link) = world.invite(BOB, &[Role::Editor]).await.expect("invited");
        world.wait(Duration::from_hours(7 * 24));
        assert!(matches!(world.accept(&link, PASSWORD).await, Err(Error::InvalidLink)));
        let replaced = reset(&world, bob.id).await.expect("a new link");
        let link = reset(&world, bob.id).await.expect("a newer link");
        assert!(matches!(world.accept(&replaced, PASSWORD).await, Err(Error::InvalidLink)));
        suspend(&world, bob.id, 1).await.expect("suspended");
        assert!(matches!(world.accept(&link, PASSWORD).await, Err(Error::InvalidLink)));
        assert!(matches!(reset(&world, bob.id).await, Err(Error::Suspended)));
        let bob = reactivate(&world, bob.id, 2).await.expect("reactivated");
        assert_eq!(bob.state, State::Invited);
        assert!(matches!(world.accept(&link, PASSWORD).await, Err(Error::InvalidLink)));
        let link = reset(&world, bob.id).await.expect("a link");
        world.accept(&link, PASSWORD).await.expect("accepted");
        world.login(BOB).await;
    }

    /// A reset ends all sessions when its link is used, not before, and lets in who was kept out.
    async fn a_reset_ends_all_sessions(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Editor]).await.expect("added");
        let (one, two, adas) = (world.login(BOB).await, world.login(BOB).await, world.login(ADA).await);
        let link = reset(&world, one.account).await.expect("a link");
        assert!(world.is_alive(&one).await);
        for _ in 0..10 {
            assert!(world.login_with(BOB, "forgotten").await.is_err());
        }
        assert!(matches!(world.login_with(BOB, PASSWORD).await, Err(Error::Throttled { .. })));
        world.accept(&link, OTHER).await.expect("accepted");
        assert!(!world.is_alive(&one).await && !world.is_alive(&two).await && world.is_alive(&adas).await);
        assert!(matches!(world.login_with(BOB, PASSWORD).await, Err(Error::InvalidCredentials)));
        world.login_with(BOB, OTHER).await.expect("the new password is good");
        assert_eq!(world.user(BOB).await.version, 1, "nothing that stands there was changed");
    }

    /// Changes want the version they were made for.
    async fn a_change_wants_the_present_version(home: &Installation) {
        let world = World::with_owner(home).await;
        let (bob, _) = world.invite(BOB, &[Role::Editor]).await.expect("invited");
        let renamed = Change { display_name: Some("Robert".parse().expect("a name")), roles: None };
        let bob = change(&world, bob.id, 1, renamed.clone()).await.expect("renamed");
        assert_eq!((bob.display_name.as_str(), bob.version, &bob.roles[..]), ("Robert", 2, &[Role::Editor][..]));
        assert!(matches!(change(&world, bob.id, 1, renamed).await, Err(Error::Stale { current: 2 })));
        assert!(matches!(suspend(&world, bob.id, 3).await, Err(Error::Stale { current: 2 })));
        let bob = set_roles(&world, bob.id, 2, &[Role::Viewer]).await.expect("changed");
        assert_eq!((&bob.roles[..], bob.version), (&[Role::Viewer][..], 3));
        let nobody = AccountId::new(world.now(), [0; 10]);
        assert!(matches!(suspend(&world, nobody, 1).await, Err(Error::NotFound)));
        assert!(matches!(reset(&world, nobody).await, Err(Error::NotFound)));
    }

    /// Suspension ends what is under way; reactivation does not bring it back.
    async fn suspension_ends_sessions(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Editor]).await.expect("added");
        let tokens = world.login(BOB).await;
        let bob = suspend(&world, tokens.account, 1).await.expect("suspended");
        assert_eq!((bob.state, bob.version), (State::Suspended, 2));
        assert!(!world.is_alive(&tokens).await);
        assert!(matches!(suspend(&world, bob.id, 2).await, Err(Error::Suspended)));
        let bob = reactivate(&world, bob.id, 2).await.expect("reactivated");
        assert_eq!((bob.state, bob.version), (State::Active, 3));
        assert!(matches!(reactivate(&world, bob.id, 3).await, Err(Error::NotSuspended)));
        assert!(!world.is_alive(&tokens).await);
        world.login(BOB).await;
    }

    /// The last owner who can log in stays; one who is only invited or suspended does not count.
    async fn the_last_owner_stays(home: &Installation) {
        let world = World::with_owner(home).await;
        let ada = world.user(ADA).await.id;
        let (bob, link) = world.invite(BOB, &[Role::Owner]).await.expect("invited");
        assert!(matches!(suspend(&world, ada, 1).await, Err(Error::LastOwner)));
        assert!(matches!(set_roles(&world, ada, 1, &[Role::Editor]).await, Err(Error::LastOwner)));
        set_roles(&world, ada, 1, &[Role::Owner, Role::Editor]).await.expect("still an owner");
        world.accept(&link, PASSWORD).await.expect("accepted");
        set_roles(&world, ada, 2, &[Role::Editor]).await.expect("there is another owner");
        assert!(matches!(suspend(&world, bob.id, 2).await, Err(Error::LastOwner)));
        set_roles(&world, ada, 3, &[Role::Owner]).await.expect("an owner again");
        suspend(&world, bob.id, 2).await.expect("there is another owner");
        assert!(matches!(suspend(&world, ada, 4).await, Err(Error::LastOwner)));
    }

    /// Two owners who suspend each other at once do not both succeed.
    async fn owners_do_not_suspend_each_other(home: &Installation) {
        let world = World::with_owner(home).await;
        world.add_active(BOB, &[Role::Owner]).await.expect("added");
        let (ada, bob) = (world.user(ADA).await.id, world.user(BOB).await.id);
        let (one, two) = tokio::join!(suspend(&world, ada, 1), suspend(&world, bob, 1));
        assert!(one.is_ok() != two.is_ok());
        assert!([one.err(), two.err()].into_iter().flatten().all(|error| matches!(error, Error::LastOwner)));
        assert!(world.accounts.has_owner(world.site).await.expect("an answer"));
    }

    /// Accounts are listed in pages, forwards and backwards, each with its roles.
    async fn accounts_are_listed(home: &Installation) {
        let world = World::with_owner(home).await;
        let mut ids = vec![world.user(ADA).await.id];
        for n in 0..4 {
            world.wait(Duration::from_secs(1));
            let (user, _) =
                world.invite(&format!("n{n}@example.org"), &[Role::Author, Role::Viewer]).await.expect("invited");
            ids.push(user.id);
        }
        let by = Granted::issue(Actor::Operator, world.site);
        let list = async |start, limit| {
            let page = user::list(world.db.read(), &by, start, limit).await.expect("a page");
            assert!(page.iter().all(|user| user.roles.len() == if user.id == ids[0] { 1 } else { 2 }));
            page.into_iter().map(|user| user.id).collect::<Vec<_>>()
        };
        assert_eq!(list(Start::First, 2).await, ids[..2]);
        assert_eq!(list(Start::After(ids[1]), 9).await, ids[2..]);
        assert_eq!(list(Start::Before(ids[4]), 2).await, [ids[3], ids[2]]);
        assert_eq!(user::count(world.db.read(), &by).await.expect("a number"), 5);
        let elsewhere = Granted::issue(Actor::Operator, world.entropy.id(world.now()));
        assert!(user::list(world.db.read(), &elsewhere, Start::First, 9).await.expect("a page").is_empty());
        assert!(matches!(user::get(world.db.read(), &elsewhere, ids[0]).await, Err(Error::NotFound)));
    }

    /// No form of an account that could reach a log shows whose it is.
    async fn nothing_shows_an_address(home: &Installation) {
        let world = World::with_owner(home).await;
        let tokens = world.login(ADA).await;
        let shown = format!("{:?} {tokens:?}", world.user(ADA).await);
        for personal in [ADA, "Somebody", tokens.access_token.expose(), tokens.refresh_token.expose()] {
            assert!(!shown.contains(personal), "{shown}");
        }
        let taken = world.invite(ADA, &[Role::Viewer]).await.expect_err("taken");
        assert!(!format!("{taken} {taken:?}").contains("example.org"));
    }
}
