//! What readers ask for: conditions, orders, fields, inclusions. Everything is known and of its kind, or refused with 400.
//!
//! A field that cannot be filtered by, one that is not there, and one that is only in drafts are refused alike: nothing
//! here looks at entries.

use crate::paging::{Count, PageQuery};
use crate::problem::{Fault, Problem};
use bonafide_content::delivery::{self, Condition, Op, Sort};
use bonafide_model::Locale;
use bonafide_model::content::{Catalogue, Definition, Kind};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::IntoParams;

/// How many conditions, values of one condition and of all, orders and inclusions there may be.
const MOST_CONDITIONS: usize = 12;
const MOST_VALUES: usize = 100;
const MOST_VALUES_IN_ALL: usize = 200;
const MOST_ORDERS: usize = 3;
const MOST_INCLUDED: usize = 10;
/// What every item has beside its fields.
const HEAD: [&str; 9] =
    ["id", "type", "locale", "path", "published_at", "updated_at", "revision", "excerpt", "reading_time"];

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OneQuery {
    /// The language wanted; by default the site's first that there is.
    #[param(value_type = Option<String>, example = "en")]
    pub(crate) locale: Option<Locale>,
    /// Languages to take instead, best first, with commas.
    #[param(example = "de,en")]
    pub(crate) fallback: Option<String>,
    /// The fields wanted, with commas; all if absent.
    #[param(max_length = 2000, example = "title,slug")]
    pub(crate) fields: Option<String>,
    /// References whose entries are wanted too, with commas; `author.company` goes one further.
    #[param(max_length = 2000, example = "author")]
    pub(crate) include: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// The language wanted; by default the site's first that there is.
    #[param(value_type = Option<String>, example = "en")]
    pub(super) locale: Option<Locale>,
    /// Languages to take instead, best first, with commas.
    #[param(example = "de,en")]
    pub(super) fallback: Option<String>,
    /// The fields wanted, with commas; all if absent.
    #[param(max_length = 2000, example = "title,slug")]
    pub(super) fields: Option<String>,
    /// References whose entries are wanted too, with commas; `author.company` goes one further.
    #[param(max_length = 2000, example = "author")]
    pub(super) include: Option<String>,
    /// The order: up to three fields with commas, each with `-` before it for the reverse. By default `-published_at`.
    #[param(max_length = 200, example = "-published_at,title")]
    pub(super) sort: Option<String>,
    /// Conditions `filter[field][op]=value`, up to twelve; `op` is `eq`, `ne`, `in`, `nin`, `lt`, `lte`, `gt`, `gte`,
    /// `prefix`, `contains` or `is_null`. `in` and `nin` take up to 100 values with commas, all conditions up to 200.
    #[serde(default)]
    #[param(style = DeepObject, explode, value_type = Option<Object>)]
    #[expect(dead_code, reason = "read by itself; here for the document")]
    pub(super) filter: Option<String>,
    /// Where the page begins: `page.next` or `page.prev` of another page of the same list.
    #[param(max_length = 2048)]
    pub(super) cursor: Option<String>,
    /// How many items the page has, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(super) limit: Option<u64>,
    /// With `exact`, the page says how many items the whole list has.
    #[param(inline)]
    pub(super) count: Option<Count>,
}

impl ListQuery {
    pub(super) fn page(&self) -> PageQuery {
        PageQuery { cursor: self.cursor.clone(), limit: self.limit, count: self.count }
    }
}

fn refuse(parameter: &str, message: impl Into<String>) -> Problem {
    let shown: String = parameter.chars().take(60).collect();
    Problem::fault(Fault::of(shown, "invalid_parameter", message))
}

/// The conditions of `filter[field][op]=value`.
pub(super) fn conditions(definition: &Definition, filters: &[(String, String)]) -> Result<Vec<Condition>, Problem> {
    if filters.len() > MOST_CONDITIONS {
        return Err(refuse("filter", format!("There must be at most {MOST_CONDITIONS} conditions.")));
    }
    let conditions = filters.iter().map(|(name, given)| condition(definition, name, given));
    let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
    if conditions.iter().map(|condition| condition.operands.len()).sum::<usize>() > MOST_VALUES_IN_ALL {
        return Err(refuse("filter", format!("There must be at most {MOST_VALUES_IN_ALL} values in all.")));
    }
    Ok(conditions)
}

fn condition(definition: &Definition, name: &str, given: &str) -> Result<Condition, Problem> {
    let inside = name.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']'));
    let Some((field, op)) = inside.and_then(|inside| inside.split_once("][")) else {
        return Err(refuse(name, "Must be written filter[field][op]=value."));
    };
    let op = match op {
        "eq" => Op::Eq,
        "ne" => Op::Ne,
        "in" => Op::In,
        "nin" => Op::Nin,
        "lt" => Op::Lt,
        "lte" => Op::Lte,
        "gt" => Op::Gt,
        "gte" => Op::Gte,
        "prefix" => Op::Prefix,
        "contains" => Op::Contains,
        "is_null" => Op::IsNull,
        _ => {
            return Err(refuse(
                name,
                "Must have one of the operators eq, ne, in, nin, lt, lte, gt, gte, prefix, contains, is_null.",
            ));
        }
    };
    let Some(kind) = delivery::kind_of(definition, field) else {
        return Err(refuse(name, "Must name a field that lists can be filtered by."));
    };
    let given: Vec<&str> = if matches!(op, Op::In | Op::Nin) { given.split(',').collect() } else { vec![given] };
    if given.len() > MOST_VALUES {
        return Err(refuse(name, format!("Must have at most {MOST_VALUES} values.")));
    }
    let operands = given.iter().map(|given| delivery::operand(kind, op, given)).collect::<Option<Vec<_>>>();
    let operands =
        operands.ok_or_else(|| refuse(name, "Must have a value that goes with the field and the operator."))?;
    if matches!(op, Op::Contains | Op::Prefix) && operands.iter().any(String::is_empty) {
        return Err(refuse(name, "Must not be empty."));
    }
    Ok(Condition { field: field.to_owned(), op, operands })
}

/// The order of `sort`.
pub(super) fn sort(definition: &Definition, given: Option<&str>) -> Result<Vec<Sort>, Problem> {
    let mut orders: Vec<Sort> = Vec::new();
    for part in given.unwrap_or("-published_at").split(',') {
        let (descending, field) = part.strip_prefix('-').map_or((false, part), |field| (true, field));
        let known = delivery::kind_of(definition, field).is_some_and(Kind::can_be_sorted);
        if !known || orders.iter().any(|order| order.field == field) || orders.len() == MOST_ORDERS {
            return Err(refuse(
                "sort",
                "Must be up to three different fields that lists can be sorted by, with commas.",
            ));
        }
        orders.push(Sort { field: field.to_owned(), descending });
    }
    Ok(orders)
}

/// What of the items is wanted, and what beside them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// The fields; all if there is none.
    pub(super) fields: Option<BTreeSet<String>>,
    /// References to be included, and those of what these lead to.
    pub(crate) include: BTreeMap<String, BTreeSet<String>>,
}

impl Selection {
    pub(crate) fn new(
        catalogue: &Catalogue,
        definition: &Definition,
        fields: Option<&str>,
        include: Option<&str>,
    ) -> Result<Self, Problem> {
        let mut selection = Self::default();
        if let Some(fields) = fields {
            let known = |name: &&str| HEAD.contains(name) || definition.field(name).is_some();
            let wanted: BTreeSet<String> = fields.split(',').filter(known).map(ToOwned::to_owned).collect();
            if wanted.len() != fields.split(',').count() {
                return Err(refuse("fields", "Must be different fields of the type, with commas."));
            }
            selection.fields = Some(wanted);
        }
        for path in include.into_iter().flat_map(|include| include.split(',')) {
            let (first, then) = path.split_once('.').map_or((path, None), |(first, then)| (first, Some(then)));
            let refers = |definition: &Definition, name: &str| {
                let field = definition.field(name);
                field.filter(|field| matches!(field.kind, Kind::Reference | Kind::References)).cloned()
            };
            let field = refers(definition, first);
            let deeper = |then: &str| {
                let types = field.iter().flat_map(|field| &field.rules.types);
                types.filter_map(|kind| catalogue.get(kind)).any(|definition| refers(definition, then).is_some())
            };
            if field.is_none() || then.is_some_and(|then| !deeper(then)) {
                return Err(refuse("include", "Must be references of the type, with commas, and at most one further."));
            }
            let thens = selection.include.entry(first.to_owned()).or_default();
            thens.extend(then.map(ToOwned::to_owned));
        }
        if selection.include.values().map(|thens| 1 + thens.len()).sum::<usize>() > MOST_INCLUDED {
            return Err(refuse("include", format!("Must be at most {MOST_INCLUDED} references.")));
        }
        Ok(selection)
    }

    /// Whether a member of an item is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.contains(name))
    }

    /// Whether what is included brings something of its own.
    pub(super) fn is_deep(&self) -> bool {
        self.include.values().any(|thens| !thens.is_empty())
    }
}
