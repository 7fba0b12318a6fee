//! Those who write until the server is gone, and remember what they were told.

use reqwest::Method;
use serde_json::{Value, json};

use crate::Failure;
use crate::site::{Owner, Reply};

/// How many write at the same time.
pub(super) const WRITERS: usize = 8;

/// What one writer did with its policy. Everything in it but `open` was acknowledged.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) policy: String,
    /// The idempotency key and body of the creation of the policy, which succeeded if `made`.
    pub(super) made: bool,
    /// The last acknowledged version of each revision and whether it is published, by number less one.
    pub(super) revisions: Vec<Revision>,
    /// What was sent and never answered.
    pub(super) open: Option<Open>,
    pub(super) acknowledged: u64,
}

/// A revision as it was last acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) version: u64,
    pub(super) summary: Option<String>,
    pub(super) published: bool,
}

/// What was under way when the server was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Policy,
    Draft,
    Patch,
    Publish,
}

impl Story {
    pub(super) fn describe(&self) -> String {
        let Self { policy, revisions, open, .. } = self;
        format!("{policy}, {} revisions acknowledged, under way: {open:?}", revisions.len())
    }

    pub(super) fn path(&self) -> String {
        format!("/admin/v1/policies/{}/revisions", self.policy)
    }

    pub(super) fn policy_body(&self) -> Value {
        json!({"policy": self.policy, "title": "Privacy policy", "default_locale": "en"})
    }

    pub(super) fn draft_body(&self, number: usize) -> Value {
        let text = format!("# {}\n\nRevision {number}.\n", self.policy);
        json!({"texts": {"en": text}, "effective_on": "2099-01-01", "material": number.is_multiple_of(2)})
    }

    /// The idempotency key of a creation; number 0 is the policy itself.
    pub(super) fn key(&self, number: usize) -> String {
        format!("soak-creation-{}-{number}", self.policy)
    }

    pub(super) fn summary(number: usize) -> String {
        format!("What changed in {number}")
    }
}

/// Makes a policy, then one revision after the other: draft, change, publication.
pub(super) async fn write(owner: Owner, policy: String) -> Result<Story, Failure> {
    let mut story = Story { policy, ..Story::default() };
    let key = story.key(0);
    let headers = [("idempotency-key", key.as_str())];
    let sent = owner.send(Method::POST, "/admin/v1/policies", &headers, Some(&story.policy_body())).await;
    if answered(&mut story, Open::Policy, sent, 201)?.is_none() {
        return Ok(story);
    }
    story.made = true;
    while story.open.is_none() {
        revision(&owner, &mut story).await?;
    }
    Ok(story)
}

async fn revision(owner: &Owner, story: &mut Story) -> Result<(), Failure> {
    let number = story.revisions.len() + 1;
    let (path, key, body) = (story.path(), story.key(number), story.draft_body(number));
    let sent = owner.send(Method::POST, &path, &[("idempotency-key", key.as_str())], Some(&body)).await;
    let Some(draft) = answered(story, Open::Draft, sent, 201)? else { return Ok(()) };
    story.revisions.push(Revision { version: version(&draft)?, summary: None, published: false });
    let path = format!("{path}/{number}");
    let body = json!({"summary_of_changes": Story::summary(number)});
    let sent = owner.send(Method::PATCH, &path, &[("if-match", draft.etag.as_str())], Some(&body)).await;
    let Some(changed) = answered(story, Open::Patch, sent, 200)? else { return Ok(()) };
    let acknowledged =
        Revision { version: version(&changed)?, summary: Some(Story::summary(number)), published: false };
    story.revisions[number - 1] = acknowledged.clone();
    let headers = [("if-match", changed.etag.as_str())];
    let sent = owner.send(Method::POST, &format!("{path}/publish"), &headers, None).await;
    let Some(published) = answered(story, Open::Publish, sent, 200)? else { return Ok(()) };
    story.revisions[number - 1] = Revision { version: version(&published)?, published: true, ..acknowledged };
    Ok(())
}

/// As [`super::answered`], noted and counted in the story.
fn answered(
    story: &mut Story,
    step: Open,
    sent: Result<Reply, reqwest::Error>,
    status: u16,
) -> Result<Option<Reply>, Failure> {
    let reply = super::answered(&story.policy, &mut story.open, step, sent, status)?;
    story.acknowledged += u64::from(reply.is_some());
    Ok(reply)
}

fn version(reply: &Reply) -> Result<u64, Failure> {
    reply.json()?["version"].as_u64().ok_or_else(|| format!("no version in {}", reply.text))
}
