//! Refresh tokens: exchanged once, forgiven once, and otherwise the end of the session.

use crate::world::{ADA, World};
use bonafide_accounts::{Error, Tokens, prune};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use std::time::Duration;

async fn is_refused(world: &World, tokens: &Tokens) -> bool {
    matches!(world.refresh(tokens).await, Err(Error::InvalidToken))
}

on_both! {
    /// A chain of renewals is one session.
    async fn a_session_is_renewed(home: &Installation) {
        let world = World::with_owner(home).await;
        let mut tokens = world.login(ADA).await;
        for _ in 0..5 {
            world.wait(Duration::from_mins(9));
            let next = world.refresh(&tokens).await.expect("renewed");
            assert_eq!(next.session, tokens.session);
            assert_ne!(next.refresh_token.expose(), tokens.refresh_token.expose());
            assert!(world.is_alive(&next).await && world.is_alive(&tokens).await);
            tokens = next;
        }
        world.wait(Duration::from_mins(10));
        assert!(!world.is_alive(&tokens).await);
        assert_eq!(world.rows("SELECT COUNT(*) FROM session").await, 1);
    }

    /// A token that was exchanged before ends the session when it comes again, and with it all its tokens.
    async fn a_second_use_ends_the_session(home: &Installation) {
        let world = World::with_owner(home).await;
        let (first, bystander) = (world.login(ADA).await, world.login(ADA).await);
        let second = world.refresh(&first).await.expect("renewed");
        world.wait(Duration::from_secs(31));
        assert!(is_refused(&world, &first).await);
        assert!(!world.is_alive(&second).await);
        assert!(is_refused(&world, &second).await);
        assert!(world.is_alive(&bystander).await);
        assert_eq!(world.rows("SELECT COUNT(*) FROM refresh_token").await, 1);
        assert!(world.audit().await.contains(&"system session.end_stolen".to_owned()));
    }

    /// Whoever lost the answer may ask again, once, and the lost answer is then worth nothing.
    async fn a_lost_answer_is_forgiven_once(home: &Installation) {
        let world = World::with_owner(home).await;
        let first = world.login(ADA).await;
        world.refresh(&first).await.expect("renewed");
        world.wait(Duration::from_secs(30));
        let found = world.refresh(&first).await.expect("forgiven");
        assert!(world.is_alive(&found).await);
        let next = world.refresh(&found).await.expect("renewed");
        assert!(world.is_alive(&next).await);
        assert!(is_refused(&world, &first).await, "not a second time");
        assert!(!world.is_alive(&next).await);
    }

    /// The second time in a row is no accident.
    async fn it_is_not_forgiven_twice(home: &Installation) {
        let world = World::with_owner(home).await;
        let first = world.login(ADA).await;
        world.refresh(&first).await.expect("renewed");
        let found = world.refresh(&first).await.expect("forgiven");
        assert!(is_refused(&world, &first).await);
        assert!(!world.is_alive(&found).await);
    }

    /// The successor that forgiveness retired betrays whoever uses it.
    async fn a_retired_successor_ends_the_session(home: &Installation) {
        let world = World::with_owner(home).await;
        let first = world.login(ADA).await;
        let retired = world.refresh(&first).await.expect("renewed");
        let found = world.refresh(&first).await.expect("forgiven");
        assert!(is_refused(&world, &retired).await);
        assert!(!world.is_alive(&found).await && is_refused(&world, &found).await);
    }

    /// Nothing is forgiven once the successor was used, however soon.
    async fn a_used_successor_forgives_nothing(home: &Installation) {
        let world = World::with_owner(home).await;
        let first = world.login(ADA).await;
        let second = world.refresh(&first).await.expect("renewed");
        let third = world.refresh(&second).await.expect("renewed");
        assert!(is_refused(&world, &first).await);
        assert!(!world.is_alive(&third).await);
    }

    /// Two tabs that renew at the same moment both get in, and one of the two answers goes on.
    async fn two_at_once_are_one_forgiven(home: &Installation) {
        let world = World::with_owner(home).await;
        for _ in 0..5 {
            let first = world.login(ADA).await;
            let (one, two) = tokio::join!(world.refresh(&first), world.refresh(&first));
            let (one, two) = (one.expect("renewed"), two.expect("renewed"));
            assert!(world.is_alive(&one).await && world.is_alive(&two).await);
            let select = "SELECT COUNT(*) FROM refresh_token WHERE rotated_at IS NULL";
            assert_eq!(world.rows(select).await, 1);
            // whichever was second goes on; the other's use is a second use
            let went_on = [world.refresh(&one).await, world.refresh(&two).await];
            assert!(went_on.iter().filter(|renewed| renewed.is_ok()).count() <= 1);
            assert_eq!(world.rows("SELECT COUNT(*) FROM session").await, 0);
        }
    }

    /// A session that nobody renews for thirty days is over, and is swept away.
    async fn an_idle_session_ends(home: &Installation) {
        let world = World::with_owner(home).await;
        let (idle, kept) = (world.login(ADA).await, world.login(ADA).await);
        world.wait(Duration::from_hours(29 * 24));
        let kept = world.refresh(&kept).await.expect("renewed");
        world.wait(Duration::from_hours(24));
        let now = world.now();
        let swept = world.write(move |tx| prune(tx, now, 100).boxed()).await.expect("swept");
        assert_eq!(swept, 1);
        assert!(is_refused(&world, &idle).await);
        assert!(world.refresh(&kept).await.is_ok());
        world.wait(Duration::from_hours(31 * 24));
        assert!(is_refused(&world, &kept).await, "also where nobody has swept");
    }

    /// What was never a refresh token is refused without harm.
    async fn other_texts_are_refused(home: &Installation) {
        let world = World::with_owner(home).await;
        let tokens = world.login(ADA).await;
        let mut forged = tokens.clone();
        for text in ["", "bf_refresh_", "bf_refresh_AAAA", tokens.access_token.expose(), "' OR 1=1 --"] {
            forged.refresh_token = crate::world::secret(text);
            assert!(is_refused(&world, &forged).await, "{text}");
        }
        assert!(world.is_alive(&tokens).await);
    }
}
