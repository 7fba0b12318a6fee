//! Lists of published items: filtered, sorted, in pages by keys, in a chain of languages.
//!
//! One statement for a page. Each part of it goes along the index of the field it is sorted by, or, where few items keep a
//! condition, along the index of that; one statement before the first page asks which, and the cursors of the others tell it.
//! So no filter walks the order of everything.

use super::{COLUMNS, Item, find, item};
use crate::keys::{self, MISSING};
use crate::{Error, Start};
use bonafide_model::Locale;
use bonafide_model::content::{Definition, Kind};
use bonafide_model::id::{EntryId, SiteId};
use bonafide_model::name::TypeKey;
use bonafide_storage::{Sql, statement};
use sea_orm::{ConnectionTrait, DbBackend};
use serde::{Deserialize, Serialize};

/// The most items that `contains` looks through.
pub const MOST_LOOKED_THROUGH: u64 = 10_000;

/// Up to how many items are found by a condition and then put in order, rather than along the order.
const FEW: u64 = 1_000;

/// How many conditions are asked about in one statement: SQLite takes up to 500 parts.
const MOST_QUESTIONS: usize = 120;

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
    /// How the items were found up to here: the next ones are found alike, unless there are none for the languages asked for.
    #[serde(default)]
    ways: Vec<Way>,
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
    let known = match start {
        Start::After(cursor) | Start::Before(cursor) => cursor.ways.as_slice(),
        Start::First => &[],
    };
    let ways = narrow_enough(on, site, query, known).await?;
    let back = start.is_backwards();
    let directions: Vec<bool> = query.sort.iter().map(|sort| sort.descending != back).collect();
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS);
    for index in 0..query.sort.len() {
        sql.push(&format!(", page.s{index}"));
    }
    sql.push(" FROM (");
    for (place, way) in ways.iter().enumerate() {
        sql.push(if place > 0 { " UNION ALL " } else { "" }).push("SELECT * FROM (SELECT k0.entry_id, k0.locale");
        for index in 0..query.sort.len() {
            sql.push(&format!(", k{index}.value AS s{index}"));
        }
        part(&mut sql, on, site, query, (place, *way), |_| true);
        if let Start::After(cursor) | Start::Before(cursor) = start {
            beyond(&mut sql, cursor, &directions);
        }
        order(&mut sql, &directions, "k", ".value", "k0.entry_id");
        sql.push(" LIMIT ").bind(statement::limit(limit)).push(") AS part");
    }
    order(&mut sql, &directions, "s", "", "entry_id");
    sql.push(" LIMIT ").bind(statement::limit(limit)).push(") AS page CROSS JOIN published p");
    sql.push(" WHERE p.entry_id = page.entry_id AND p.locale = page.locale");
    order(&mut sql, &directions, "page.s", "", "p.entry_id");
    let rows = on.query_all_raw(sql.on(on)).await?;
    let read = rows.iter().map(|row| {
        let values = (0..query.sort.len()).map(|index| row.try_get("", &format!("s{index}")));
        let (item, values) = (item(row)?, values.collect::<Result<_, _>>()?);
        Ok(Listed { cursor: Cursor { values, id: item.id, ways: ways.clone() }, item })
    });
    read.collect()
}

/// How many items there are.
///
/// # Errors
/// [`Error::TooBroad`].
pub async fn count(on: &impl ConnectionTrait, site: SiteId, query: &Query) -> Result<u64, Error> {
    let ways = narrow_enough(on, site, query, &[]).await?;
    counted(on, site, query, &ways, None).await
}

/// How many items there are; with a bound those that are to be looked through for a part of a text, up to that.
async fn counted(
    on: &impl ConnectionTrait,
    site: SiteId,
    query: &Query,
    ways: &[Way],
    most: Option<u64>,
) -> Result<u64, Error> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM (");
    for (place, way) in ways.iter().enumerate() {
        sql.push(if place > 0 { " UNION ALL " } else { "" }).push("SELECT * FROM (SELECT 1 AS one");
        part(&mut sql, on, site, query, (place, *way), |condition| most.is_none() || condition.op != Op::Contains);
        if let Some(most) = most {
            sql.push(" LIMIT ").bind(statement::limit(most));
        }
        sql.push(") AS part");
    }
    sql.push(") AS page");
    Ok(statement::count(on, sql.on(on)).await?)
}

/// How the items of one language are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Way {
    /// Along the order, each held against the conditions: right where many keep them.
    Order,
    /// By the condition of this number, and put in order: right where few keep it.
    Condition(usize),
}

/// Refuses to look through more than [`MOST_LOOKED_THROUGH`] items for a part of a text. Gives the way for each language,
/// the known ones if there is one for each.
async fn narrow_enough(
    on: &impl ConnectionTrait,
    site: SiteId,
    query: &Query,
    known: &[Way],
) -> Result<Vec<Way>, Error> {
    let ways = if known.len() == query.chain.len() { known.to_vec() } else { ways(on, site, query).await? };
    if query.conditions.iter().all(|condition| condition.op != Op::Contains) {
        return Ok(ways);
    }
    let count = counted(on, site, query, &ways, Some(MOST_LOOKED_THROUGH + 1)).await?;
    if count > MOST_LOOKED_THROUGH { Err(Error::TooBroad) } else { Ok(ways) }
}

/// Asks the index how many keep each condition, up to [`FEW`], and takes the narrowest that few keep.
async fn ways(on: &impl ConnectionTrait, site: SiteId, query: &Query) -> Result<Vec<Way>, Error> {
    let mut ways = vec![Way::Order; query.chain.len()];
    let narrows = |condition: &(usize, &Condition)| {
        let other = condition.1.field != query.sort[0].field;
        other && !matches!(condition.1.op, Op::Ne | Op::Nin | Op::Contains)
    };
    let conditions: Vec<_> = query.conditions.iter().enumerate().filter(narrows).collect();
    let questions = (0..query.chain.len()).flat_map(|place| conditions.iter().map(move |condition| (place, condition)));
    let questions: Vec<_> = questions.collect();
    let mut least = vec![FEW + 1; ways.len()];
    for questions in questions.chunks(MOST_QUESTIONS) {
        let mut sql = Sql::default();
        for (place, (number, condition)) in questions {
            sql.push(if sql.is_empty() { "" } else { " UNION ALL " });
            sql.push(&format!("SELECT {place} AS place, {number} AS number, COUNT(*) AS many FROM (SELECT 1 AS one"));
            keeping(&mut sql, on, site, query, *place, condition);
            sql.push(" LIMIT ").bind(statement::limit(FEW + 1)).push(") AS few");
        }
        for row in on.query_all_raw(sql.on(on)).await? {
            let [place, number] = [row.try_get::<i32>("", "place")?, row.try_get::<i32>("", "number")?];
            let place = usize::try_from(place).unwrap_or_default();
            let many = u64::try_from(row.try_get::<i64>("", "many")?).unwrap_or(u64::MAX);
            if many < least[place] {
                least[place] = many;
                ways[place] = Way::Condition(usize::try_from(number).unwrap_or_default());
            }
        }
    }
    Ok(ways)
}

/// `FROM … WHERE …` of the keys that keep one condition, in one language.
fn keeping(sql: &mut Sql, on: &impl ConnectionTrait, site: SiteId, query: &Query, place: usize, condition: &Condition) {
    sql.push(" FROM published_key c WHERE c.site_id = ").bind(site.uuid()).push(" AND c.type = ");
    sql.bind(query.kind.as_str()).push(" AND c.locale = ").bind(query.chain[place].as_str());
    sql.push(" AND c.field = ").bind(condition.field.as_str()).push(" AND ");
    compare(sql, on, "c.value", condition);
}

/// `FROM … WHERE …` of the items of one language of the chain, found in a way, that are not published in a better one and
/// keep those conditions that count.
fn part(
    sql: &mut Sql,
    on: &impl ConnectionTrait,
    site: SiteId,
    query: &Query,
    (place, way): (usize, Way),
    counts: impl Fn(&Condition) -> bool,
) {
    let locale = query.chain[place].as_str();
    let first = query.sort[0].field.as_str();
    if let Way::Condition(number) = way {
        // one entry may have several values that keep it
        sql.push(" FROM (SELECT DISTINCT c.entry_id");
        keeping(sql, on, site, query, place, &query.conditions[number]);
        sql.push(") AS few");
        key_of(sql, on, "few", locale, first, 0);
    } else {
        sql.push(" FROM published_key k0");
    }
    for (index, sort) in query.sort.iter().enumerate().skip(1) {
        key_of(sql, on, "k0", locale, &sort.field, index);
    }
    sql.push(" WHERE k0.locale = ").bind(locale);
    if way == Way::Order {
        sql.push(" AND k0.field = ").bind(first).push(" AND k0.site_id = ").bind(site.uuid());
        sql.push(" AND k0.type = ").bind(query.kind.as_str());
    }
    for (number, condition) in query.conditions.iter().enumerate() {
        if way == Way::Condition(number) || !counts(condition) {
            continue;
        }
        let negated = matches!(condition.op, Op::Ne | Op::Nin);
        if condition.field == query.sort[0].field && !negated {
            sql.push(" AND ");
            compare(sql, on, "k0.value", condition);
            continue;
        }
        sql.push(if negated { " AND NOT EXISTS " } else { " AND EXISTS " });
        sql.push(
            "(SELECT 1 FROM published_key c WHERE c.entry_id = k0.entry_id AND c.locale = k0.locale AND c.field = ",
        );
        sql.bind(condition.field.as_str()).push(" AND ");
        compare(sql, on, "c.value", condition);
        sql.push(one_by_one(on)).push(")");
    }
    if place > 0 {
        sql.push(" AND NOT EXISTS (SELECT 1 FROM published b WHERE b.entry_id = k0.entry_id AND b.locale IN ");
        sql.list(query.chain[..place].iter().map(Locale::as_str)).push(one_by_one(on)).push(")");
    }
}

/// Joins the key `k{index}` of a field of each entry found so far, one by one.
fn key_of(sql: &mut Sql, on: &impl ConnectionTrait, found: &str, locale: &str, field: &str, index: usize) {
    let fence = one_by_one(on);
    // SQLite knows no lateral join, and needs none: it joins in the order of the text here
    let (before, name, when) = if fence.is_empty() {
        ("", format!("k{index}"), "ON")
    } else {
        ("LATERAL (SELECT k.* FROM ", "k".to_owned(), "WHERE")
    };
    sql.push(&format!(" CROSS JOIN {before}published_key {name} {when} "));
    sql.push(&format!("{name}.entry_id = {found}.entry_id AND {name}.locale = ")).bind(locale);
    sql.push(&format!(" AND {name}.field = ")).bind(field);
    if !fence.is_empty() {
        sql.push(fence).push(&format!(") AS k{index}"));
    }
}

/// What keeps PostgreSQL from reading all keys of a field at once to hold a few entries against them. It knows how values
/// are spread over all fields together, not over one, so it takes few for many. SQLite never does that.
fn one_by_one(on: &impl ConnectionTrait) -> &'static str {
    if on.get_database_backend() == DbBackend::Postgres { " OFFSET 0" } else { "" }
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
            find(sql, on, &keys::lower(on, column), operand).push(" > 0");
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
