//! The keys that sign access tokens.

use crate::world::{ADA, World};
use bonafide_accounts::{Accounts, Error, Settings, Tokens, prune, rotate_signing_key};
use bonafide_keyring::{Entropy, Keyring};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use std::sync::Arc;
use std::time::Duration;

async fn rotate(world: &World) {
    let act = world.operator();
    world.write(move |tx| rotate_signing_key(tx, act.clone()).boxed()).await.expect("rotated");
}

async fn is_alive(node: &Accounts, tokens: &Tokens, world: &World) -> bool {
    node.authenticate(tokens.access_token.expose(), world.now()).await.is_ok()
}

on_both! {
    /// A rotation leaves what was signed before, and every node signs with the new key from then on.
    async fn a_rotation_disturbs_nobody(home: &Installation) {
        let world = World::with_owner(home).await;
        let other = world.other_node().await;
        let before = world.login(ADA).await;
        assert!(is_alive(&other, &before, &world).await);
        rotate(&world).await;
        let after = other.refresh(world.arrival(), &before.refresh_token).await.expect("renewed");
        let header = |tokens: &Tokens| tokens.access_token.expose().split('.').next().map(ToOwned::to_owned);
        assert_ne!(header(&before), header(&after));
        for node in [&world.accounts, &other] {
            assert!(is_alive(node, &before, &world).await && is_alive(node, &after, &world).await);
        }
        assert_eq!(world.rows("SELECT COUNT(*) FROM signing_key WHERE retired_at IS NULL").await, 1);
    }

    /// A key that is long gone is no key, although it can still be derived.
    async fn a_retired_key_is_no_key(home: &Installation) {
        let world = World::with_owner(home).await;
        let old = world.login(ADA).await;
        // a retirement that lies further back than any token it could have signed
        world.wait(Duration::from_secs(1));
        let signed = world.refresh(&old).await.expect("renewed");
        rotate(&world).await;
        let retired = bonafide_storage::sql(
            world.db.read(),
            "UPDATE signing_key SET retired_at = $1 WHERE retired_at IS NOT NULL",
            [world.now().minus(Duration::from_mins(10)).micros().into()],
        );
        world
            .write(move |tx| {
                let retired = retired.clone();
                async move {
                    sea_orm::ConnectionTrait::execute_raw(tx, retired).await?;
                    Ok::<_, Error>(())
                }
                .boxed()
            })
            .await
            .expect("written");
        assert!(!world.is_alive(&signed).await);
        let renewed = world.refresh(&signed).await.expect("the session lives on");
        assert!(world.is_alive(&renewed).await);
        world.wait(Duration::from_hours(24));
        let now = world.now();
        world.write(move |tx| prune(tx, now, 100).boxed()).await.expect("swept");
        assert_eq!(world.rows("SELECT COUNT(*) FROM signing_key").await, 1);
    }

    /// A token signed under another root key is refused, although database and session are the same.
    async fn another_root_is_refused(home: &Installation) {
        let world = World::with_owner(home).await;
        let keys = tempfile::tempdir().expect("a directory");
        let keyring = Arc::new(Keyring::create(keys.path(), &Entropy::system()).expect("a root key"));
        let settings = Settings::default();
        let foreign = Accounts::open(world.db.clone(), keyring, settings, world.now(), Entropy::system()).await;
        let foreign = foreign.expect("opened");
        let tokens = foreign.refresh(world.arrival(), &world.login(ADA).await.refresh_token).await.expect("renewed");
        assert!(is_alive(&foreign, &tokens, &world).await);
        assert!(matches!(world.who(&tokens).await, Err(Error::InvalidToken)));
    }
}
