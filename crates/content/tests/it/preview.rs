//! Links to drafts: what opens, for how long, and that what is shown is what would be published.

use crate::{at, locale, world};
use bonafide_content::Error;
use bonafide_content::entry::preview::links::{self, NewLink};
use bonafide_content::entry::preview::{open, show};
use bonafide_content::entry::{self, At};
use bonafide_model::{Instant, Period};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use serde_json::json;
use std::time::Duration;

on_both! {
    async fn what_a_link_shows_is_what_would_be_published(home: &Installation) {
        let world = world(home).await;
        let body = json!([{"type": "markdown", "text": "Hello *world*, [see](https://example.org)"}]);
        let made = world.write("page", json!({"title": "About", "slug": "about", "body": body})).await.expect("a page");
        let place = At { locale: Some(locale("en")), ..at(&made) };
        let make = async |hash: u8, revision| {
            let new = NewLink { hash: [hash; 32], revision, expires_in: Period::hours(1) };
            let (act, may_read, place) = (world.act(), world.granted(), place.clone());
            let made = world.db.write(move |tx| links::create(tx, act.clone(), may_read, place.clone(), new.clone()).boxed());
            made.await.expect("a link")
        };
        let link = make(1, None).await;
        make(2, Some(1)).await;
        let opened = async |hash: u8, now: Instant| open(world.db.read(), world.site, &[hash; 32], now).await;
        let shown = show(&world.db, &opened(1, world.now()).await.expect("it opens")).await.expect("a draft");
        let published = world.publish(&place, made.side().version).await.expect("published");
        let [stored, _] = entry::rendered_anew(world.db.read(), &world.granted(), &place).await.expect("a snapshot");
        let stored = stored.content;
        assert_eq!((&shown.item.content, shown.is_published), (&stored, false));

        world.patch(&place, published.side().version, json!({"title": "Changed"})).await.expect("saved");
        let latest = show(&world.db, &opened(1, world.now()).await.expect("it opens")).await.expect("a draft");
        let pinned = show(&world.db, &opened(2, world.now()).await.expect("it opens")).await.expect("a draft");
        assert_eq!((latest.item.revision, latest.item.title.as_deref()), (2, Some("Changed")));
        assert_eq!((pinned.item.revision, &pinned.item.content, pinned.is_published), (1, &stored, true));
        assert_eq!(pinned.item.published_at, published.side().published_at.expect("an instant"));

        // to the microsecond, and not for another site
        let before = link.expires_at.minus(Duration::from_micros(1));
        opened(1, before).await.expect("the last moment");
        for refused in [
            opened(1, link.expires_at).await,
            opened(3, world.now()).await,
            open(world.db.read(), world.entropy.id(world.now()), &[1; 32], world.now()).await,
        ] {
            assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
        }

        // what is out of date is deleted, a batch at a time
        let prune = async |now: Instant| {
            let pruned = world.db.write(move |tx| links::prune(tx, now, 1).boxed());
            pruned.await.expect("pruned")
        };
        assert_eq!(prune(before).await, 0);
        let late = link.expires_at.plus(Duration::from_hours(1));
        assert_eq!([prune(late).await, prune(late).await, prune(late).await], [1, 1, 0]);
    }
}
