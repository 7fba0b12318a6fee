//! What is shown in which language.

use crate::{at, locale, world};
use bonafide_content::delivery::{self, Found};
use bonafide_content::entry::{self, At};
use bonafide_test_support::{Installation, on_both};
use futures_util::FutureExt as _;
use serde_json::json;

on_both! {
    async fn the_best_language_there_is_wins(home: &Installation) {
        let world = world(home).await;
        let made = world.write("page", json!({"title": "About", "slug": "about"})).await.expect("a page");
        world.publish(&at(&made), 1).await.expect("published");
        let (act, place) = (world.act(), at(&made));
        let added = world.db.write(move |tx| entry::add_locale(tx, act.clone(), place.clone(), locale("de"), Some(locale("en"))).boxed());
        added.await.expect("a language");
        let german = At { locale: Some(locale("de")), ..at(&made) };
        world.patch(&german, 1, json!({"slug": "ueber"})).await.expect("patched");
        world.publish(&german, 2).await.expect("published");
        let seen = async |path: &str, chain: &[&str]| {
            let chain: Vec<_> = chain.iter().map(|tag| locale(tag)).collect();
            let found = delivery::by_path(world.db.read(), world.site, &made.kind, path, &chain).await.expect("a read");
            match found {
                Some(Found::Item(item)) => format!("{} {}", item.locale, item.path.unwrap_or_default()),
                Some(Found::Moved { path, locale }) => format!("{locale} -> {path}"),
                None => "nothing".to_owned(),
            }
        };
        assert_eq!(seen("about", &["en"]).await, "en about");
        assert_eq!(seen("about", &["de"]).await, "nothing");
        assert_eq!(seen("about", &["de", "en"]).await, "de ueber");
        assert_eq!(seen("ueber", &["de", "en"]).await, "de ueber");
        assert_eq!(seen("about", &["fr", "en", "de"]).await, "en about");
        world.patch(&german, 3, json!({"slug": "ueber-uns"})).await.expect("patched");
        world.publish(&german, 4).await.expect("published");
        assert_eq!(seen("ueber", &["de", "en"]).await, "de -> ueber-uns");
        assert_eq!(seen("ueber", &["en"]).await, "nothing");
    }
}
