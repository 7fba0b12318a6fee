//! Those who publish until the server is gone, and remember what they were told.

use reqwest::Method;
use serde_json::json;

use super::{Board, LOCALES, document};
use crate::Failure;
use crate::site::{Owner, Reply};

/// What one author did with a page. Everything in it but `open` was acknowledged.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// The name of the page, and its id.
    pub(super) page: String,
    pub(super) id: String,
    /// What is published, by language: the number of the version.
    pub(super) shown: [Option<u64>; 2],
    /// Versions that were published since the page was last taken back, by language.
    pub(super) before: [Vec<u64>; 2],
    /// What was sent and never answered.
    pub(super) open: Option<Open>,
    pub(super) published: u64,
}

/// What was under way when the server was killed, in which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// Something that readers do not see.
    Draft,
    Publish(usize, u64),
    Unpublish(usize),
}

/// Makes a page, then one version after the other, in one language and in the other.
pub(super) async fn write(owner: Owner, page: String, people: [String; 2], board: Board) -> Result<Story, Failure> {
    let mut story = Story { page, ..Story::default() };
    let mut etags = [String::new(), String::new()];
    let first = document(&story.page, 0, 1, &people);
    let sent = owner.send(Method::POST, "/admin/v1/pages", &[], Some(&first)).await;
    let Some(made) = answered(&mut story, Open::Draft, sent, 201)? else { return Ok(story) };
    made.json()?["id"].as_str().unwrap_or_default().clone_into(&mut story.id);
    etags[0] = made.etag;
    let path = format!("/admin/v1/pages/{}", story.id);
    let other = json!({"locale": LOCALES[1], "from": LOCALES[0]});
    let sent = owner.send(Method::POST, &format!("{path}/locales"), &[], Some(&other)).await;
    let Some(made) = answered(&mut story, Open::Draft, sent, 201)? else { return Ok(story) };
    etags[1] = made.etag;
    for step in 2_u64.. {
        let (locale, version) = (usize::from(step % 2 == 1), step / 2 + 1);
        let (query, etag) = (format!("?locale={}", LOCALES[locale]), &mut etags[locale]);
        if version.is_multiple_of(5) {
            let headers = [("if-match", etag.as_str())];
            let sent = owner.send(Method::POST, &format!("{path}/unpublish{query}"), &headers, None).await;
            let Some(hidden) = answered(&mut story, Open::Unpublish(locale), sent, 200)? else { break };
            *etag = hidden.etag;
            story.shown[locale] = None;
            story.before[locale].clear();
        }
        let draft = document(&story.page, locale, version, &people);
        let headers = [("if-match", etag.as_str())];
        let sent = owner.send(Method::PATCH, &format!("{path}{query}"), &headers, Some(&draft)).await;
        let Some(changed) = answered(&mut story, Open::Draft, sent, 200)? else { break };
        let headers = [("if-match", changed.etag.as_str())];
        let sent = owner.send(Method::POST, &format!("{path}/publish{query}"), &headers, None).await;
        let Some(shown) = answered(&mut story, Open::Publish(locale, version), sent, 200)? else { break };
        *etag = shown.etag;
        board.tell(&story.page, locale, version);
        story.before[locale].extend(story.shown[locale].replace(version));
        story.published += 1;
    }
    Ok(story)
}

/// As [`crate::soak::answered`], noted in the story.
fn answered(
    story: &mut Story,
    step: Open,
    sent: Result<Reply, reqwest::Error>,
    status: u16,
) -> Result<Option<Reply>, Failure> {
    crate::soak::answered(&story.page, &mut story.open, step, sent, status)
}
