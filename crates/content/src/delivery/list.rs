//! Lists of published items: filtered, sorted, in pages by keys, in a chain of languages. One statement for a page,
//! and each part of it goes along the index of the field it is sorted by.

use super::{COLUMNS, Item, item};
use crate::keys::{self, MISSING};
use crate::row::{self, Sql};
use crate::{Error, Start};
use bonafide_model::Locale;
use bonafide_model::content::{Definition, Kind};
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::name::TypeKey;
use sea_orm::{ConnectionTrait, DbBackend};
use serde::{Deserialize, Serialize};

/// The most items that `contains` looks through.
pub const MOST_LOOKED_THROUGH: u64 = 10_000;

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// The same.
    Eq,
    /// Another, or none.
    Ne,
    /// One of several.
    In,
    /// None of several.
    Nin,
    /// Less.
    Lt,
    /// Less, or the same.
    Lte,
    /// Greater.
    Gt,
    /// Greater, or the same.
    Gte,
    /// Begins with, in either case.
    Prefix,
    /// Has somewhere in it, in either case.
    Contains,
    /// Is missing, or not.
    IsNull,
}

/// The kind of what a list can be filtered and sorted by under a name; `None` if it cannot.
pub fn kind_of(definition: &Definition, name: &str) -> Option<Kind> {
    keys::filterable(definition, name)
}

/// A value of a condition, as it is compared; `None` if the field has no such values.
pub fn operand(kind: Kind, op: Op, given: &str) -> Option<String> {
    match op {
        Op::IsNull => given.parse::<bool>().ok().map(|yes| yes.to_string()),
        Op::Prefix | Op::Contains if kind.is_text() || matches!(kind, Kind::Choice | Kind::Choices) => {
            Some(keys::fold(given))
        }
        Op::Prefix | Op::Contains => None,
        Op::Lt | Op::Lte | Op::Gt | Op::Gte if matches!(kind, Kind::Reference | Kind::References) => None,
        _ => keys::of_text(kind, given),
    }
}

/// One condition. The field and its operands were looked at before.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The field.
    pub field: String,
    /// How it is compared.
    pub op: Op,
    /// With what; one operand, but for `in` and `nin`.
    pub operands: Vec<String>,
}

/// One field to sort by.
#[derive(Clone, Debug)]
pub struct Sort {
    /// The field.
    pub field: String,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// Where an item stands in a sorted list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    values: Vec<String>,
    id: EntryId,
}

/// An item of a list, and where it stands in it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The item.
    pub item: Item,
    /// Its place.
    pub cursor: Cursor,
}

/// What a list is asked for.
#[derive(Clone, Debug)]
pub struct Query {
    /// The type.
    pub kind: TypeKey,
    /// The languages, best first; never empty.
    pub chain: Vec<Locale>,
    /// All of which hold.
    pub conditions: Vec<Condition>,
    /// Never empty. The id comes last, in the direction of the first.
    pub sort: Vec<Sort>,
}

/// Up to `limit` items.
///
/// # Errors
/// [`Error::TooBroad`].
pub async fn list(
    on: &impl ConnectionTrait,
    site: SiteId,
    query: &Query,
    start: &Start<Cursor>,
    limit: u64,
) -> Result<Vec<Listed>, Error> {
    narrow_enough(on, site, query).await?;
    let back = start.is_backwards();
    let directions: Vec<bool> = query.sort.iter().map(|sort| sort.descending != back).collect();
    let mut sql = Sql::default();
    if query.chain.len() > 1 {
        sql.push("SELECT * FROM (");
    }
    for place in 0..query.chain.len() {
        if query.chain.len() > 1 {
            sql.push(if place > 0 { " UNION ALL " } else { "" }).push("SELECT * FROM (");
        }
        sql.push("SELECT ").push(COLUMNS);
        for index in 0..query.sort.len() {
            sql.push(&format!(", k{index}.value AS s{index}"));
        }
        part(&mut sql, on, site, query, place, true);
        if let Start::After(cursor) | Start::Before(cursor) = start {
            beyond(&mut sql, cursor, &directions);
        }
        order(&mut sql, &directions, "k", ".value", "k0.entry_id");
        sql.push(" LIMIT ").bind(row::limit(limit));
        if query.chain.len() > 1 {
            sql.push(") AS page");
        }
    }
    if query.chain.len() > 1 {
        sql.push(") AS page");
        order(&mut sql, &directions, "s", "", "entry_id");
        sql.push(" LIMIT ").bind(row::limit(limit));
    }
    let rows = on.query_all_raw(sql.on(on)).await?;
    let read = rows.iter().map(|row| {
        let values = (0..query.sort.len()).map(|index| row.try_get("", &format!("s{index}")));
        let (item, values) = (item(row)?, values.collect::<Result<_, _>>()?);
        Ok(Listed { cursor: Cursor { values, id: item.id }, item })
    });
    read.collect()
}

/// How many items there are.
///
/// # Errors
/// [`Error::TooBroad`].
pub async fn count(on: &impl ConnectionTrait, site: SiteId, query: &Query) -> Result<u64, Error> {
    narrow_enough(on, site, query).await?;
    counted(on, site, query, None).await
}

async fn counted(on: &impl ConnectionTrait, site: SiteId, query: &Query, most: Option<u64>) -> Result<u64, Error> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM (");
    for place in 0..query.chain.len() {
        if place > 0 {
            sql.push(" UNION ALL ");
        }
        sql.push("SELECT * FROM (SELECT 1 AS one");
        part(&mut sql, on, site, query, place, false);
        if let Some(most) = most {
            sql.push(" LIMIT ").bind(row::limit(most));
        }
        sql.push(") AS page");
    }
    sql.push(") AS page");
    row::count(on, sql.on(on)).await
}

/// Refuses to look through more than [`MOST_LOOKED_THROUGH`] items for a part of a text.
async fn narrow_enough(on: &impl ConnectionTrait, site: SiteId, query: &Query) -> Result<(), Error> {
    let (scans, rest): (Vec<_>, Vec<_>) =
        query.conditions.iter().cloned().partition(|condition| condition.op == Op::Contains);
    if scans.is_empty() {
        return Ok(());
    }
    let left = Query { conditions: rest, ..query.clone() };
    let count = counted(on, site, &left, Some(MOST_LOOKED_THROUGH + 1)).await?;
    if count > MOST_LOOKED_THROUGH { Err(Error::TooBroad) } else { Ok(()) }
}

/// `FROM … WHERE …` of the items of one language of the chain that are not published in a better one.
fn part(sql: &mut Sql, on: &impl ConnectionTrait, site: SiteId, query: &Query, place: usize, whole: bool) {
    let locale = query.chain[place].as_str();
    sql.push(" FROM published_key k0");
    if whole {
        sql.push(" JOIN published p ON p.entry_id = k0.entry_id AND p.locale = k0.locale");
    }
    for (index, sort) in query.sort.iter().enumerate().skip(1) {
        sql.push(&format!(
            " JOIN published_key k{index} ON k{index}.entry_id = k0.entry_id AND k{index}.locale = k0.locale AND k{index}.field = "
        ));
        sql.bind(sort.field.as_str());
    }
    sql.push(" WHERE k0.site_id = ").bind(site.uuid()).push(" AND k0.type = ").bind(query.kind.as_str());
    sql.push(" AND k0.locale = ").bind(locale).push(" AND k0.field = ").bind(query.sort[0].field.as_str());
    for condition in &query.conditions {
        if condition.field == query.sort[0].field && !matches!(condition.op, Op::Ne | Op::Nin) {
            sql.push(" AND ");
            compare(sql, on, "k0.value", condition);
            continue;
        }
        let negated = matches!(condition.op, Op::Ne | Op::Nin);
        sql.push(if negated { " AND NOT EXISTS " } else { " AND EXISTS " });
        sql.push(
            "(SELECT 1 FROM published_key c WHERE c.entry_id = k0.entry_id AND c.locale = k0.locale AND c.field = ",
        );
        sql.bind(condition.field.as_str()).push(" AND ");
        compare(sql, on, "c.value", condition);
        sql.push(")");
    }
    if place > 0 {
        sql.push(" AND NOT EXISTS (SELECT 1 FROM published b WHERE b.entry_id = k0.entry_id AND b.locale IN ");
        sql.list(query.chain[..place].iter().map(Locale::as_str)).push(")");
    }
}

/// One comparison. `ne` and `nin` are told by whoever negates it.
fn compare(sql: &mut Sql, on: &impl ConnectionTrait, column: &str, condition: &Condition) {
    let operand = condition.operands.first().map_or("", String::as_str);
    let order = match condition.op {
        Op::Lt => "<",
        Op::Lte => "<=",
        Op::Gt => ">",
        Op::Gte => ">=",
        Op::Eq | Op::Ne => "=",
        Op::In | Op::Nin => {
            sql.push(column).push(" IN ").list(condition.operands.iter().map(String::as_str));
            return;
        }
        Op::Prefix => {
            sql.push("(").push(column).push(" >= ").bind(format!("={operand}"));
            sql.push(" AND ").push(column).push(" < ").bind(format!("={operand}\u{10ffff}")).push(")");
            return;
        }
        Op::Contains => {
            let find = if on.get_database_backend() == DbBackend::Postgres { "strpos" } else { "instr" };
            sql.push(find).push("(").push(column).push(", ").bind(operand).push(") > 0");
            return;
        }
        Op::IsNull => {
            sql.push(column).push(if operand == "true" { " = " } else { " > " }).bind(MISSING);
            return;
        }
    };
    sql.push("(").push(column).push(" ").push(order).push(" ").bind(operand);
    if matches!(condition.op, Op::Lt | Op::Lte) {
        // what is missing is less than nothing
        sql.push(" AND ").push(column).push(" > ").bind(MISSING);
    }
    sql.push(")");
}

/// What stands beyond a place in the list. The first comparison lets the index begin there.
fn beyond(sql: &mut Sql, cursor: &Cursor, directions: &[bool]) {
    let than = |descending: bool| if descending { " < " } else { " > " };
    let value = |index: usize| cursor.values.get(index).map_or("", String::as_str);
    if let [descending] = directions {
        sql.push(" AND (k0.value, k0.entry_id)").push(than(*descending)).push("(").bind(value(0));
        sql.push(", ").bind(cursor.id.uuid()).push(")");
        return;
    }
    sql.push(" AND k0.value").push(if directions[0] { " <= " } else { " >= " }).bind(value(0)).push(" AND ");
    for (index, descending) in directions.iter().enumerate() {
        let column = format!("k{index}.value");
        sql.push("(").push(&column).push(than(*descending)).bind(value(index));
        sql.push(" OR (").push(&column).push(" = ").bind(value(index)).push(" AND ");
    }
    sql.push("k0.entry_id").push(than(directions[0])).bind(cursor.id.uuid());
    sql.push(&"))".repeat(directions.len()));
}

fn order(sql: &mut Sql, directions: &[bool], prefix: &str, suffix: &str, id: &str) {
    let word = |descending: bool| if descending { " DESC" } else { " ASC" };
    sql.push(" ORDER BY ");
    for (index, descending) in directions.iter().enumerate() {
        sql.push(&format!("{prefix}{index}{suffix}{}, ", word(*descending)));
    }
    sql.push(id).push(word(directions[0]));
}
