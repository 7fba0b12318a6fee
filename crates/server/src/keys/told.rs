//! What the commands about keys say, for people and as JSON.

use bonafide_model::Instant;
use bonafide_retention::bond::Losses;
use bonafide_vault::rotate::{DAY, Rotated};
use bonafide_vault::{Record, Status};
use serde_json::json;
use std::path::Path;

pub(super) fn status(root: &str, dir: &Path, status: &Status, now: Instant) -> String {
    let Status { epoch, epoch_began_at, epochs, records, outdated, pending, pending_since, held, .. } = status;
    let age = now.since(*epoch_began_at);
    let late = if age > DAY * 2 { "; no server has begun the next one" } else { "" };
    let older = match epochs.saturating_sub(1) {
        0 => "none that is not destroyed".to_owned(),
        _ => format!("{} not destroyed yet, with {}", self::epochs(epochs - 1), keys(*outdated)),
    };
    let unfinished = match pending_since {
        Some(since) => format!("{pending}, the oldest since {since}"),
        None => "none".to_owned(),
    };
    [
        ("root key", format!("{root}, private")),
        ("keys", dir.display().to_string()),
        ("epoch", format!("{epoch}, begun {epoch_began_at}, {} hours old{late}", age.as_secs() / 3600)),
        ("older epochs", older),
        ("submissions", format!("{records} have keys")),
        ("unfinished", format!("erasures: {unfinished}")),
        ("legal holds", held.to_string()),
    ]
    .map(|(name, value)| format!("{name:<14}{value}"))
    .join("\n")
}

pub(super) fn status_json(root: &str, status: &Status) -> String {
    let Status { epoch, epoch_began_at, epochs, records, outdated, pending, pending_since, held, .. } = status;
    json!({
        "root_key": root, "epoch": epoch, "epoch_began_at": epoch_began_at, "epochs": epochs, "records": records,
        "outdated": outdated, "pending": pending, "pending_since": pending_since, "held": held,
    })
    .to_string()
}

pub(super) fn rotation_plan(status: &Status) -> String {
    format!(
        "epoch {} would begin; {} would be wrapped anew; the keys of {} would be destroyed",
        status.epoch + 1,
        keys(status.records),
        epochs(status.epochs)
    )
}

pub(super) fn rotation_plan_json(status: &Status) -> String {
    json!({"plan": true, "epoch": status.epoch + 1, "moved": status.records, "ended": status.epochs}).to_string()
}

pub(super) fn rotated(rotated: &Rotated) -> String {
    let Rotated { epoch, moved, damaged, ended } = rotated;
    let ended = epochs(u64::try_from(*ended).unwrap_or(u64::MAX));
    let aside = match damaged {
        0 => String::new(),
        damaged => format!(
            "{} not open and set aside as they are; ",
            keys(*damaged) + if *damaged == 1 { " does" } else { " do" }
        ),
    };
    format!("epoch {epoch} has begun; {} wrapped anew; {aside}the keys of {ended} are destroyed", keys(*moved))
}

pub(super) fn rotated_json(rotated: &Rotated) -> String {
    let Rotated { epoch, moved, damaged, ended } = rotated;
    json!({"plan": false, "epoch": epoch, "moved": moved, "damaged": damaged, "ended": ended}).to_string()
}

pub(super) fn rehearsal_plan(status: &Status) -> String {
    format!("{} would be tried, each opened and forgotten; nothing would be changed", keys(status.records))
}

pub(super) fn rehearsal_plan_json(status: &Status) -> String {
    json!({"plan": true, "tried": status.records}).to_string()
}

pub(super) fn rehearsed(sound: u64, broken: u64) -> String {
    match broken {
        0 => format!("{} tried, and every one opens", keys(sound)),
        broken => format!("{} tried: {sound} open, {broken} do not", keys(sound + broken)),
    }
}

pub(super) fn rehearsed_json(sound: u64, broken: u64, first_broken: Option<Record>) -> String {
    json!({"plan": false, "tried": sound + broken, "sound": sound, "broken": broken, "first_broken": first_broken})
        .to_string()
}

pub(super) fn losses(losses: &Losses, plan: bool) -> String {
    let Losses { submissions, held, keys } = losses;
    let would = if plan { "would be" } else { "were" };
    let held = match held {
        0 => String::new(),
        held => format!("; {held} more stay as they are, because of a legal hold"),
    };
    format!(
        "submissions that nobody can read, which {would} erased: {submissions}{held}\n\
         keys without a submission, which {would} deleted: {keys}"
    )
}

pub(super) fn losses_json(losses: &Losses, plan: bool) -> String {
    let Losses { submissions, held, keys } = losses;
    json!({"plan": plan, "submissions": submissions, "held": held, "keys": keys}).to_string()
}

fn keys(count: u64) -> String {
    if count == 1 { "1 key".to_owned() } else { format!("{count} keys") }
}

fn epochs(count: u64) -> String {
    if count == 1 { "1 earlier epoch".to_owned() } else { format!("{count} earlier epochs") }
}
