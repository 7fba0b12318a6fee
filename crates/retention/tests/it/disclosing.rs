//! Disclosures by order of the law: two people decide, for a week, and every reading is on record.

use super::*;
use bonafide_model::access::EraseSubmissions;
use bonafide_retention::life::disclosure::{Ground, Misstep};
use bonafide_retention::life::hold::{Mode, Refused as HoldRefused};
use bonafide_retention::purpose::Refused;
use bonafide_retention::sweep::health::Cause;
use bonafide_test_support::on_both;
use sea_orm::DbBackend;
use std::sync::Arc;
use tokio::sync::Semaphore;

fn officer(world: &World, number: u8, since: Instant, at: Instant) -> Act<EraseSubmissions> {
    let actor = Actor::Account(AccountId::new(since, [number; 10]));
    Act::new(Granted::issue(actor, world.site), at, world.entropy.clone())
}

on_both! {
    /// One asks, another decides; it is read, on record, and not after a week.
    async fn two_people_decide_and_it_ends(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, token) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let reference = || "12 O 45/26".parse().expect("a file number");
        let ask = |number, at| world.retention.ask_for_disclosure(officer(&world, number, now(), at), id, Ground::CourtOrder, reference());
        let decide = |number, since, at| world.retention.decide_disclosure(officer(&world, number, since, at), id, Mode::TwoPeople);
        let read = |at| world.open(id, "legal_disclosure", at);
        assert!(matches!(decide(2, now(), days(2)).await, Err(Error::NoDisclosure(Misstep::NotAsked))));
        assert!(ask(1, days(2)).await.expect("asked").disclosure.is_some_and(|asked| asked.decided.is_none()));
        assert!(matches!(ask(2, days(2)).await, Err(Error::NoDisclosure(Misstep::AlreadyAsked))));
        assert!(matches!(read(days(2)).await, Err(Error::Refused(Refused::NotDecided))));
        assert!(matches!(decide(1, now(), days(2)).await, Err(Error::HoldRefused(HoldRefused::SamePerson))));
        assert!(matches!(decide(2, days(2), days(2)).await, Err(Error::HoldRefused(HoldRefused::AccountTooYoung))));
        assert!(matches!(read(days(2)).await, Err(Error::Refused(Refused::NotDecided))));
        let decided = decide(2, now(), days(3)).await.expect("decided");
        assert_eq!(decided.ends_at(), Some(days(10)));
        assert!(matches!(decide(3, now(), days(3)).await, Err(Error::NoDisclosure(Misstep::NotAsked))));
        // the form was published, it came, it was decided
        assert_eq!(world.count("SELECT COUNT(*) FROM leaf").await, 3);
        // the visitor's restriction does not stand against the law
        world.retention.restrict_mine(world.site, &token).await.expect("restricted");
        assert!(read(days(4)).await.expect("decided").contains("ada@example.org"));
        assert_eq!(world.count("SELECT COUNT(*) FROM reading WHERE purpose = 'legal_disclosure'").await, 1);
        assert!(matches!(read(days(10)).await, Err(Error::Refused(Refused::NotDecided))));
        ask(1, days(10)).await.expect("asked anew");
        assert!(matches!(read(days(10)).await, Err(Error::Refused(Refused::NotDecided))));
    }

    /// Whoever decides alone is seen to, for as long as it is in force.
    async fn one_person_alone_turns_the_status_red(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let reference = || "12 O 45/26".parse().expect("a file number");
        let is_red = async |at| {
            let health = world.retention.health(world.site, at).await.expect("readable");
            health.causes().any(|cause| cause == Cause::DisclosedByOne)
        };
        for (second, mode, alone) in [(2, Mode::TwoPeople, false), (1, Mode::SingleOperator, true)] {
            let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
            let (asks, decides) = (officer(&world, 1, now(), days(1)), officer(&world, second, now(), days(2)));
            world.retention.ask_for_disclosure(asks, id, Ground::CourtOrder, reference()).await.expect("asked");
            assert!(!is_red(days(1)).await);
            world.retention.decide_disclosure(decides, id, mode).await.expect("decided");
            assert_eq!(is_red(days(2)).await, alone);
            assert_eq!(is_red(days(9).minus(Duration::from_secs(1))).await, alone);
        }
        assert!(!is_red(days(9)).await);
    }

    /// What is taken back while the reading waits to be put on record is not opened.
    async fn what_is_taken_back_meanwhile_is_not_opened(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let act = |number| officer(&world, number, now(), days(2));
        let reference = "12 O 45/26".parse().expect("a file number");
        world.retention.ask_for_disclosure(act(1), id, Ground::CourtOrder, reference).await.expect("asked");
        world.retention.decide_disclosure(act(2), id, Mode::TwoPeople).await.expect("decided");
        // somebody else's write, behind which the reading has to wait
        let (entered, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (inside, open) = (Arc::clone(&entered), Arc::clone(&gate));
        let holding = world.db().write::<_, Error, _>(move |tx| {
            let (entered, gate) = (Arc::clone(&inside), Arc::clone(&open));
            async move {
                if tx.get_database_backend() == DbBackend::Postgres {
                    tx.execute_unprepared("LOCK TABLE reading IN EXCLUSIVE MODE").await?;
                }
                entered.add_permits(1);
                gate.acquire().await.expect("it is never closed").forget();
                gate.add_permits(1); // it may be run a second time
                Ok(())
            }
            .boxed()
        });
        let reading = async {
            entered.acquire().await.expect("it is never closed").forget();
            world.open(id, "legal_disclosure", days(3)).await
        };
        let withdrawing = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            assert!(world.retention.vault().withdraw_disclosure(id.uuid()).await.expect("written"));
            gate.add_permits(1);
        };
        let (held, read, ()) = tokio::join!(holding, reading, withdrawing);
        held.expect("nothing goes wrong");
        assert!(matches!(read, Err(Error::Refused(Refused::NotDecided))), "{read:?}");
        assert_eq!(world.count("SELECT COUNT(*) FROM reading WHERE purpose = 'legal_disclosure'").await, 1);
    }

    /// What was asked for is void after a week; a decision can be taken back, and goes with the submission.
    async fn it_is_taken_back_and_goes_with_the_submission(home: &Installation) {
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let (id, _) = world.submit(&form, "ada@example.org", &[], false, now()).await;
        let reference = || "2026-117".parse().expect("a file number");
        let act = |number, at| officer(&world, number, now(), at);
        let ask = |at| world.retention.ask_for_disclosure(act(1, at), id, Ground::LegalObligation, reference());
        let withdraw = |at| world.retention.withdraw_disclosure(act(1, at), id);
        assert!(matches!(withdraw(days(1)).await, Err(Error::NoDisclosure(Misstep::NothingThere))));
        ask(days(1)).await.expect("asked");
        let late = world.retention.decide_disclosure(act(2, days(8)), id, Mode::TwoPeople).await;
        assert!(matches!(late, Err(Error::NoDisclosure(Misstep::NotAsked))));
        ask(days(8)).await.expect("asked anew");
        world.retention.decide_disclosure(act(2, days(8)), id, Mode::TwoPeople).await.expect("decided");
        assert!(withdraw(days(9)).await.expect("taken back").disclosure.is_none());
        assert!(matches!(world.open(id, "legal_disclosure", days(9)).await, Err(Error::Refused(Refused::NotDecided))));
        ask(days(9)).await.expect("asked");
        let wanted = bonafide_retention::erase::Wanted { submission: world.get(id).await, cause: bonafide_retention::life::Cause::Staff, rules: None };
        world.retention.erase(Actor::System, &[wanted], days(9)).await.expect("erased");
        assert!(world.retention.vault().disclosure(id.uuid()).await.expect("readable").is_none());
        assert!(matches!(ask(days(9)).await, Err(Error::Clash(_))));
    }
}
