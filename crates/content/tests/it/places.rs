//! Where published items are: in parts, in which each is once.

use crate::{at, locale, world};
use bonafide_content::delivery::places::{beginnings, placed};
use bonafide_content::entry::{self, At};
use bonafide_model::content::builtin;
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use serde_json::json;

on_both! {
    async fn parts_have_every_item_once_and_all_languages_of_one_together(home: &Installation) {
        let world = world(home).await;
        let (db, kind) = (world.db.read(), builtin::page());
        assert_eq!(beginnings(db, world.site, &kind, 2).await.expect("a read"), []);
        let mut all = Vec::new();
        for n in 0..7 {
            let title = format!("Page {n}");
            let made = world.write("page", json!({"title": title, "seo": {"no_index": n == 3}})).await.expect("a page");
            world.publish(&at(&made), 1).await.expect("published");
            if n == 1 {
                let (act, place) = (world.act(), at(&made));
                let added = world.db.write(move |tx| entry::add_locale(tx, act.clone(), place.clone(), locale("de"), Some(locale("en"))).boxed());
                added.await.expect("a language");
                world.publish(&At { locale: Some(locale("de")), ..at(&made) }, 1).await.expect("published");
                all.push((made.id, "de".to_owned()));
            }
            if n != 3 {
                all.push((made.id, "en".to_owned()));
            }
        }
        // pages 0, 1 (in two languages), 2, 4, 5, 6
        for (most, sizes) in [(100, &[7][..]), (7, &[7]), (6, &[6, 1]), (3, &[3, 3, 1]), (2, &[1, 2, 2, 2])] {
            let begins = beginnings(db, world.site, &kind, most).await.expect("a read");
            let (mut found, mut counted) = (Vec::new(), Vec::new());
            for part in 0..=begins.len() {
                let (from, end) = (part.checked_sub(1).map(|before| begins[before]), begins.get(part).copied());
                let items = placed(db, world.site, &kind, from, end).await.expect("a read");
                counted.push(items.len());
                found.extend(items.into_iter().map(|item| (item.id, item.locale.to_string())));
            }
            assert_eq!((found, counted), (all.clone(), sizes.to_vec()), "{most} in a part");
        }
        // an entry in more languages than a part has items ends it
        assert_eq!(beginnings(db, world.site, &kind, 1).await.expect("a read").len(), 1);
    }
}
