//! Working on requests: listed without contents, read for a purpose, fulfilled, reopened.

use super::*;
use bonafide_retention::purpose::Refused;
use bonafide_test_support::on_both;

on_both! {
    /// From what a visitor sends to what the officer reads, and nothing in clear between.
    async fn a_request_is_read_and_fulfilled(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let listed = world.get(id).await;
        assert_eq!((listed.state.name(), listed.due_at, listed.form.as_str()), ("received", days(180), "contact"));
        let read = world.open(id, "fulfil_request", days(1)).await.expect("allowed");
        assert_eq!(read, r#"{"name":"Ada","email":"ada@example.org","message":"From ada@example.org"}"#);
        assert_eq!(world.get(id).await.state.name(), "open");
        assert_eq!(world.count("SELECT COUNT(*) FROM reading").await, 1);
        // form published, received, used
        assert_eq!(world.count("SELECT COUNT(*) FROM leaf").await, 3);
        let fulfilled = world.retention.fulfil(world.act(days(2)), id, TimeZone::UTC).await.expect("fulfilled");
        assert_eq!((fulfilled.state.name(), fulfilled.due_at), ("fulfilled", days(32)));
        let again = world.retention.fulfil(world.act(days(3)), id, TimeZone::UTC).await;
        assert!(matches!(again, Err(Error::Clash(_))));
        let reopened = world.retention.reopen(world.act(days(3)), id, TimeZone::UTC).await.expect("reopened");
        assert_eq!((reopened.state.name(), reopened.due_at), ("open", days(180)));
        assert_eq!(world.listed().await, 1);
    }

    /// Without a permission there is no further use, and a refused reading opens nothing.
    async fn a_purpose_wants_its_permission(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (without, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let (with, token) = world.submit(&form, "bob@example.org", &["newsletter"], false, now()).await;
        let refused = world.open(without, "permitted:newsletter", days(1)).await;
        assert!(matches!(refused, Err(Error::Refused(Refused::NotPermitted))));
        for purpose in ["legal_disclosure", "fraud_trace"] {
            assert!(matches!(world.open(without, purpose, days(1)).await, Err(Error::Refused(_))), "{purpose}");
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM reading").await, 0);
        let read = world.open(with, "permitted:newsletter", days(1)).await.expect("allowed");
        assert_eq!(read, r#"{"name":"Ada","email":"bob@example.org"}"#, "only what the use needs");
        assert_eq!(world.get(with).await.state.name(), "received", "that was no work on the request");
        world.retention.withdraw(world.site, &token, &"newsletter".parse().expect("a use"), days(2)).await.expect("withdrawn");
        assert!(matches!(world.open(with, "permitted:newsletter", days(2)).await, Err(Error::Refused(Refused::NotPermitted))));
        world.retention.permit(world.site, &token, &"newsletter".parse().expect("a use"), &TimeZone::UTC, days(3)).await.expect("given");
        assert!(world.open(with, "permitted:newsletter", days(4)).await.is_ok());
        let unknown = world.retention.permit(world.site, &token, &"survey".parse().expect("a use"), &TimeZone::UTC, days(3)).await;
        assert!(matches!(unknown, Err(Error::NoSuchPermission)));
    }

    /// Restricted: only the person it is about is served from it.
    async fn what_is_restricted_is_not_used(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, token) = world.submit(&form, "ada@example.org", &["newsletter"], false, now()).await;
        world.retention.restrict_mine(world.site, &token).await.expect("restricted");
        for purpose in ["fulfil_request", "permitted:newsletter"] {
            assert!(matches!(world.open(id, purpose, days(1)).await, Err(Error::Refused(Refused::Restricted))));
        }
        assert!(world.open(id, "subject_rights", days(1)).await.is_ok());
        world.retention.unrestrict_mine(world.site, &token).await.expect("lifted");
        assert!(world.open(id, "fulfil_request", days(1)).await.is_ok());
    }

    /// Each lifts what they placed, and one that is left is enough.
    async fn nobody_lifts_the_restriction_of_another(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, token) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let staff = async |restricted| world.retention.restrict(world.act(days(1)), id, restricted).await;
        let refused = |outcome| matches!(outcome, Err(Error::NotTheirs(_)));
        world.retention.restrict_mine(world.site, &token).await.expect("restricted");
        assert!(refused(staff(false).await));
        staff(true).await.expect("restricted by both");
        assert!(staff(false).await.expect("lifted").is_restricted(), "the visitor's is still there");
        assert!(matches!(world.open(id, "fulfil_request", days(1)).await, Err(Error::Refused(Refused::Restricted))));
        staff(true).await.expect("restricted by both");
        assert!(world.retention.unrestrict_mine(world.site, &token).await.expect("lifted").is_restricted());
        assert!(refused(world.retention.unrestrict_mine(world.site, &token).await));
        assert!(!staff(false).await.expect("lifted").is_restricted());
        staff(false).await.expect("nothing to do");
        world.retention.unrestrict_mine(world.site, &token).await.expect("nothing to do");
        assert!(world.open(id, "fulfil_request", days(1)).await.is_ok());
    }

    /// A sealed value does not open in the row of another submission.
    async fn swapped_rows_do_not_open(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (first, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let (second, _) = world.submit(&form, "bob@example.org", &[], false, now()).await;
        let swapped = world.db().write(move |tx| async move {
            let update = "UPDATE submission_sealed SET message = (SELECT o.message FROM submission_sealed o WHERE o.submission_id = $2)
                WHERE submission_id = $1";
            Ok::<_, Error>(tx.execute_raw(sql(tx, update, [first.uuid().into(), second.uuid().into()])).await?)
        }.boxed());
        swapped.await.expect("swapped");
        assert!(matches!(world.open(first, "fulfil_request", days(1)).await, Err(Error::Vault(_))));
        assert!(world.open(second, "fulfil_request", days(1)).await.is_ok());
    }
}
