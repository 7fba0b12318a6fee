//! What has to hold after a restart: all that was acknowledged is there, nothing is there by half.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::writers::{Open, Revision, Story};
use crate::Failure;
use crate::site::Owner;

/// What was found.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Seen {
    pub(super) policies: u64,
    /// Requests that were never answered and had taken effect.
    pub(super) effective: u64,
}

impl Seen {
    pub(super) fn add(&mut self, other: &Self) {
        self.policies += other.policies;
        self.effective += other.effective;
    }
}

/// Checks one writer's policy against what the writer was told.
pub(super) async fn story(owner: &Owner, story: &Story) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let path = format!("/admin/v1/policies/{}", story.policy);
    let there = owner.send(Method::GET, &path, &[], None).await.map_err(|cause| cause.to_string())?;
    if story.made || there.status.is_success() {
        there.is(200)?;
        seen.effective += u64::from(!story.made);
    }
    // Sent again under its key, a creation answers as before or happens now; either way there is one.
    replay(owner, story, 0).await?;
    seen.policies = 1;
    let revisions = revisions(owner, story).await?;
    let (known, found) = (story.revisions.len(), revisions.len());
    if found != known && !(found == known + 1 && story.open == Some(Open::Draft)) {
        return Err(format!("{known} revisions were acknowledged, {found} are there"));
    }
    for (index, (told, is)) in story.revisions.iter().zip(&revisions).enumerate() {
        let last = index + 1 == known;
        seen.effective += u64::from(matches(told, is, index + 1, story.open.filter(|_| last))?);
    }
    seen.effective += u64::from(found > known);
    if story.open == Some(Open::Draft) {
        replay(owner, story, known + 1).await?;
    } else if known > 0 && !story.revisions[known - 1].published {
        replay(owner, story, known).await?;
    }
    let expected = found.max(known + usize::from(story.open == Some(Open::Draft)));
    let after = self::revisions(owner, story).await?.len();
    if after != expected {
        return Err(format!("after the replay there are {after} revisions instead of {expected}"));
    }
    chain(owner, story, &revisions).await?;
    Ok(seen)
}

/// Sends a creation again under its key: it has to succeed.
async fn replay(owner: &Owner, story: &Story, number: usize) -> Result<(), Failure> {
    let (path, body) = if number == 0 {
        ("/admin/v1/policies".into(), story.policy_body())
    } else {
        (story.path(), story.draft_body(number))
    };
    let key = story.key(number);
    let reply = owner.send(Method::POST, &path, &[("idempotency-key", key.as_str())], Some(&body)).await;
    let made = reply.map_err(|cause| cause.to_string())?.is(201)?.json()?;
    if number == 0 || made["number"] == json!(number) {
        Ok(())
    } else {
        Err(format!("the replay of the creation of revision {number} answers with {made}"))
    }
}

/// All revisions, by number, which has no gaps.
async fn revisions(owner: &Owner, story: &Story) -> Result<Vec<Value>, Failure> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("{}?limit=100{cursor}", story.path())).await?;
        all.extend(page["items"].as_array().into_iter().flatten().cloned());
        let Some(next) = page["page"]["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    all.sort_by_key(|revision| revision["number"].as_u64());
    for (index, revision) in all.iter().enumerate() {
        if revision["number"] != json!(index + 1) {
            return Err(format!("revision {} is missing before {revision}", index + 1));
        }
    }
    Ok(all)
}

/// Whether a revision is as it was acknowledged (false), or one step further by the request that was under way (true).
fn matches(told: &Revision, is: &Value, number: usize, open: Option<Open>) -> Result<bool, Failure> {
    let version = is["version"].as_u64().unwrap_or_default();
    let (published, summary) = (is["state"] != "draft", is["summary_of_changes"].as_str());
    let whole = |published_before: bool, summary_before: Option<&str>| {
        published == published_before && summary == summary_before && is["digest"].is_string() == published
    };
    if version == told.version && whole(told.published, told.summary.as_deref()) {
        return Ok(false);
    }
    let further = version == told.version + 1
        && match open {
            Some(Open::Patch) => whole(false, Some(&Story::summary(number))),
            Some(Open::Publish) => whole(true, told.summary.as_deref()),
            _ => false,
        };
    if further { Ok(true) } else { Err(format!("revision {number} was acknowledged as {told:?} and is {is}")) }
}

/// Recomputes the digest of every published revision as docs/policy-digests.md says.
async fn chain(owner: &Owner, story: &Story, revisions: &[Value]) -> Result<(), Failure> {
    let mut previous = Value::Null;
    for revision in revisions.iter().filter(|revision| revision["state"] != "draft") {
        let path = format!("/v1/policies/{}/revisions/{}", story.policy, revision["number"]);
        let answer = owner.get(&path).await?;
        if answer["previous_digest"] != previous {
            return Err(format!("{path}: does not follow {previous}"));
        }
        let mut hashed = Map::from_iter([("format".to_owned(), json!("bonafide-policy-revision-1"))]);
        hashed.insert("texts".into(), answer["text_digests"].clone());
        for name in ["policy", "number", "effective_on", "published_at", "summary_of_changes", "material"] {
            hashed.insert(name.into(), answer[name].clone());
        }
        hashed.insert("commitments".into(), answer["commitments"].clone());
        hashed.insert("source".into(), answer["source"].clone());
        hashed.insert("previous_digest".into(), previous);
        let canonical = serde_json_canonicalizer::to_vec(&hashed).map_err(|cause| cause.to_string())?;
        let mut digest = String::from("sha256:");
        for byte in Sha256::digest(canonical) {
            write!(digest, "{byte:02x}").map_err(|cause| cause.to_string())?;
        }
        if answer["digest"] != json!(digest) {
            return Err(format!("{path}: its digest is not that of its content"));
        }
        previous = answer["digest"].clone();
    }
    Ok(())
}

/// There are exactly as many policies as were made.
pub(super) async fn count(owner: &Owner, expected: u64) -> Result<(), Failure> {
    let page = owner.get("/admin/v1/policies?count=exact&limit=1").await?;
    if page["page"]["count"] == json!(expected) {
        return Ok(());
    }
    Err(format!("{expected} policies were made, there are {}", page["page"]["count"]))
}
