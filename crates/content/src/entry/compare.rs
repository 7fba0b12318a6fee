//! What changed between two documents: per field, and per block by its id, so that a block that was moved is one that was moved.

use super::read::find;
use super::{At, read};
use crate::Error;
use bonafide_model::access::ReadContent;
use bonafide_model::content::push;
use bonafide_model::{Granted, Locale};
use sea_orm::ConnectionTrait;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What happened to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It is another one.
    Changed,
    /// It stands elsewhere among its neighbours.
    Moved,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where: in the newer document, or in the older one if it went.
    pub pointer: String,
    /// The id of the innermost block it is in.
    pub block: Option<String>,
    /// What happened.
    pub op: Op,
    /// What was there.
    pub before: Option<Value>,
    /// What is there.
    pub after: Option<Value>,
}

/// What changed from one revision of an entry to another, in one language.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn compare(
    on: &impl ConnectionTrait,
    by: &Granted<ReadContent>,
    at: &At,
    from: i64,
    to: i64,
) -> Result<(Locale, Vec<Change>), Error> {
    let entry = find(on, by.site(), at).await?;
    let before = read::document(on, at.id, &entry.locale, from).await?;
    let after = read::document(on, at.id, &entry.locale, to).await?;
    Ok((entry.locale, changes(&before, &after)))
}

/// All changes between two documents.
fn changes(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Change> {
    let mut found = Vec::new();
    members(before, after, "", None, &mut found);
    found
}

fn members(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    pointer: &str,
    block: Option<&str>,
    found: &mut Vec<Change>,
) {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let at = push(pointer, key);
        match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => members(old, new, &at, block, found),
            (Some(Value::Array(old)), Some(Value::Array(new))) if is_blocks(old) && is_blocks(new) => {
                blocks(old, new, &at, block, found);
            }
            (old, new) => {
                let op = match (old, new) {
                    (None, _) => Op::Added,
                    (_, None) => Op::Removed,
                    _ => Op::Changed,
                };
                let block = block.map(ToOwned::to_owned);
                found.push(Change { pointer: at, block, op, before: old.cloned(), after: new.cloned() });
            }
        }
    }
}

fn id(block: &Value) -> Option<&str> {
    block.get("type").and(block.get("id")).and_then(Value::as_str)
}

/// Whether every item is a block with an id.
fn is_blocks(items: &[Value]) -> bool {
    items.iter().all(|item| id(item).is_some())
}

fn blocks(before: &[Value], after: &[Value], pointer: &str, block: Option<&str>, found: &mut Vec<Change>) {
    let ids = |items: &[Value]| items.iter().filter_map(id).map(ToOwned::to_owned).collect::<Vec<String>>();
    let (old, new) = (ids(before), ids(after));
    let owner = |id: &str| Some(id.to_owned()).or_else(|| block.map(ToOwned::to_owned));
    for (index, item) in before.iter().enumerate().filter(|(index, _)| !new.contains(&old[*index])) {
        let (pointer, before) = (push(pointer, index), Some(item.clone()));
        found.push(Change { pointer, block: owner(&old[index]), op: Op::Removed, before, after: None });
    }
    // what kept its order is the longest run that both have; the others were moved
    let kept = in_order(&old, &new);
    for (index, item) in after.iter().enumerate() {
        let at = push(pointer, index);
        let Some(place) = old.iter().position(|other| *other == new[index]) else {
            let after = Some(item.clone());
            found.push(Change { pointer: at, block: owner(&new[index]), op: Op::Added, before: None, after });
            continue;
        };
        if !kept.contains(&new[index]) {
            let block = owner(&new[index]);
            found.push(Change { pointer: at.clone(), block, op: Op::Moved, before: None, after: None });
        }
        if let (Value::Object(old), Value::Object(new_members)) = (&before[place], item) {
            members(old, new_members, &at, Some(&new[index]), found);
        }
    }
}

/// The longest list of ids that stands in both in the same order.
fn in_order(old: &[String], new: &[String]) -> BTreeSet<String> {
    // places of the old order in the new one; its longest increasing run
    let places: Vec<usize> = new.iter().filter_map(|id| old.iter().position(|other| other == id)).collect();
    let mut best: Vec<Vec<usize>> = Vec::new();
    for place in places {
        let length = best.partition_point(|run| run.last().is_some_and(|last| *last < place));
        let mut run = if length == 0 { Vec::new() } else { best[length - 1].clone() };
        run.push(place);
        if length == best.len() {
            best.push(run);
        } else {
            best[length] = run;
        }
    }
    best.pop().unwrap_or_default().into_iter().map(|place| old[place].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(before: &Value, after: &Value) -> Vec<(String, Op)> {
        let [before, after] = [before, after].map(|value| value.as_object().expect("an object").clone());
        changes(&before, &after).into_iter().map(|change| (change.pointer, change.op)).collect()
    }

    fn block(id: &str, text: &str) -> Value {
        json!({"id": id, "type": "markdown", "text": text})
    }

    #[test]
    fn changes_are_told_per_field_and_block() {
        let before = json!({"title": "a", "gone": 1, "seo": {"x": 1, "y": 2}, "body": [block("1", "a"), block("2", "b"), block("3", "c")]});
        let after = json!({"title": "b", "new": 1, "seo": {"x": 1, "y": 3}, "body": [block("3", "c"), block("1", "z"), block("4", "d")]});
        assert_eq!(
            found(&before, &after),
            [
                ("/body/1".to_owned(), Op::Removed),
                ("/body/0".to_owned(), Op::Moved),
                ("/body/1/text".to_owned(), Op::Changed),
                ("/body/2".to_owned(), Op::Added),
                ("/gone".to_owned(), Op::Removed),
                ("/new".to_owned(), Op::Added),
                ("/seo/y".to_owned(), Op::Changed),
                ("/title".to_owned(), Op::Changed),
            ]
        );
        assert_eq!(found(&before, &before), []);
    }

    #[test]
    fn of_two_that_changed_places_one_was_moved() {
        let before = json!({"body": [block("1", ""), block("2", ""), block("3", ""), block("4", "")]});
        let after = json!({"body": [block("1", ""), block("3", ""), block("2", ""), block("4", "")]});
        assert_eq!(found(&before, &after).len(), 1);
    }
}
