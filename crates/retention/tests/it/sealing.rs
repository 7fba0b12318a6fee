//! What sealing costs.

use crate::{contact, now, world};
use bonafide_model::TimeZone;
use bonafide_retention::form::Answers;
use bonafide_retention::submission::Intake;
use bonafide_test_support::{Backend, Installation, installation};
use std::time::{Duration, Instant};

/// `cargo test --release -p bonafide-retention --test it sealing -- --ignored --nocapture`
#[test]
#[ignore = "measures, with optimisation"]
fn a_submission_takes_less_than_30_microseconds() {
    installation::on(Backend::Sqlite, async |home: &Installation| {
        const COUNT: u32 = 20_000;
        let world = world(home).await;
        let form = world.publish(contact()).await;
        let fields =
            serde_json::json!({"name": "Ada", "email": "ada@example.org", "message": "Is it open? ".repeat(20)});
        let answers = Answers::parse(&form.definition, fields.as_object().expect("fields"), &["newsletter".to_owned()]);
        let answers = answers.unwrap_or_else(|_| panic!("taken"));
        let began = Instant::now();
        for _ in 0..COUNT {
            let (form, zone) = (&form, &TimeZone::UTC);
            let intake = Intake { site: world.site, form, policy: None, spam: false, zone, now: now() };
            std::hint::black_box(world.retention.seal(intake, &answers).expect("sealed"));
        }
        let each = began.elapsed() / COUNT;
        println!("{COUNT} submissions of {} bytes, {each:?}, each", fields.to_string().len());
        assert!(each < Duration::from_micros(30));
    });
}
