//! Forms are versioned, and what was published never changes.

use super::*;
use bonafide_test_support::on_both;

on_both! {
    /// A published version stays as it is while the next one is written.
    async fn versions_are_kept(home: &Installation) {
        let world = world(home).await;
        let first = world.publish(contact()).await;
        let mut changed = contact();
        changed.fields.pop();
        let act: Act<WriteForms> = world.act(now());
        let draft = changed.clone();
        let form = world.db().write(move |tx| form::patch(tx, act.clone(), key(), 2, draft.clone()).boxed()).await;
        let form = form.expect("written");
        assert_eq!((form.published, form.draft, form.version), (Some(1), Some(2), 3));
        let seen = form::published(world.db().read(), world.site, &key()).await.expect("there");
        assert_eq!(seen.id, first.id, "visitors see what is published");
        let second = world.publish(changed).await;
        assert_eq!(second.number, 2);
        let kept = form::version(world.db().read(), &world.may(), &key(), 1).await.expect("there");
        assert_eq!(kept.definition, contact());
        let numbers = form::versions(world.db().read(), &world.may(), &key(), bonafide_model::Start::First, 10).await;
        assert_eq!(numbers.expect("there").iter().map(|version| version.number).collect::<Vec<_>>(), [2, 1]);
        let update = world.db().write(|tx| async move {
            Ok::<_, Error>(tx.execute_unprepared("UPDATE form_version SET definition = '{}'").await?)
        }.boxed());
        assert!(update.await.is_err(), "not even by SQL");
    }

    /// Who has read an older version does not overwrite a newer one, and an incomplete draft is not published.
    async fn stale_and_incomplete_are_refused(home: &Installation) {
        let world = world(home).await;
        let act: Act<WriteForms> = world.act(now());
        let draft: Definition = serde_json::from_str("{}").expect("a definition");
        let made = world.db().write({
            let (act, draft) = (act.clone(), draft.clone());
            move |tx| form::create(tx, act.clone(), key(), draft.clone()).boxed()
        }).await.expect("made");
        let again = world.db().write({
            let (act, draft) = (act.clone(), draft.clone());
            move |tx| form::create(tx, act.clone(), key(), draft.clone()).boxed()
        }).await;
        assert!(matches!(again, Err(Error::FormExists)));
        let publish: Act<PublishForms> = world.act(now());
        let en = "en".parse::<bonafide_model::Locale>().expect("a locale");
        let published = world.db().write(move |tx| form::publish(tx, publish.clone(), key(), made.version, en.clone()).boxed()).await;
        let Err(Error::Invalid(faults)) = published else { panic!("incomplete") };
        let places: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/purpose", "/retention", "/fields", "/title/en"]);
        let stale = world.db().write(move |tx| form::patch(tx, act.clone(), key(), 7, contact()).boxed()).await;
        assert!(matches!(stale, Err(Error::Stale { current: 1 })));
    }
}
