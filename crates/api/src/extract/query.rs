//! Query parameters: each known, at most once, of its type.

use crate::problem::{Fault, Problem};
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use utoipa::IntoParams;

/// The query parameters of a route. The names it knows are those of the OpenAPI document.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned + IntoParams, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known: Vec<String> = T::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
        parse(parts.uri.query().unwrap_or_default(), &known).map(Self)
    }
}

/// The query parameters of a list that can be filtered: those of `T`, and any number of `filter[…]`.
pub(crate) struct Filtered<T> {
    /// The parameters of `T`.
    pub(crate) query: T,
    /// The conditions: whole name, and value.
    pub(crate) filters: Vec<(String, String)>,
    /// What was asked for but for the place in the list, as it stood in the query.
    pub(crate) rest: String,
}

impl<T: DeserializeOwned + IntoParams, S: Sync> FromRequestParts<S> for Filtered<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = T::into_params(|| None).into_iter().map(|parameter| parameter.name);
        let known: Vec<String> = known.filter(|name| name != "filter").collect();
        let whole = parts.uri.query().unwrap_or_default();
        let name = |part: &str| form_urlencoded::parse(part.as_bytes()).next().map(|pair| pair.0.into_owned());
        let is_filter = |part: &&str| name(part).is_some_and(|name| name.starts_with("filter["));
        let is_place = |part: &&str| name(part).is_some_and(|name| ["cursor", "limit", "count"].contains(&&*name));
        let (filters, others): (Vec<&str>, Vec<&str>) = whole.split('&').partition(is_filter);
        let query = parse(&others.join("&"), &known)?;
        let mut conditions = Vec::new();
        for part in filters {
            // with its own name as the only one that is known, it is looked at like any other
            let condition = name(part).unwrap_or_default();
            let value: std::collections::BTreeMap<String, String> = parse(part, std::slice::from_ref(&condition))?;
            if value.keys().any(|name| conditions.iter().any(|(known, _)| known == name)) {
                return Err(Problem::fault(Fault::of(condition, "invalid_parameter", "The parameter stands twice.")));
            }
            conditions.extend(value);
        }
        let rest: Vec<&str> = whole.split('&').filter(|part| !part.is_empty() && !is_place(part)).collect();
        Ok(Self { query, filters: conditions, rest: rest.join("&") })
    }
}

/// For routes that know no query parameter.
pub(crate) struct NoQuery;

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        #[derive(serde::Deserialize)]
        struct Empty {}
        let Empty {} = parse(parts.uri.query().unwrap_or_default(), &[])?;
        Ok(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str, known: &[String]) -> Result<T, Problem> {
    let refuse = |name: &str, code, message: String| Problem::fault(Fault::of(name, code, message));
    if query.contains("%00") {
        return Err(Problem::new("malformed_request", "The query contains a NUL."));
    }
    // each spelling of the same question would take a place in memory of its own
    if !query.is_empty() && query.split('&').any(str::is_empty) {
        return Err(Problem::new("malformed_request", "The query has a parameter without a name."));
    }
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|_| Problem::new("malformed_request", "The query string is not well-formed."))?;
    let mut seen = BTreeSet::new();
    for (name, value) in &pairs {
        if value.contains('\u{fffd}') || name.contains('\u{fffd}') {
            return Err(Problem::new("malformed_request", "The query string is not UTF-8."));
        }
        if !known.contains(name) {
            let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let shown: String = name.chars().take(60).collect();
            return Err(refuse(
                &shown,
                "unknown_parameter",
                format!("The route does not know this parameter; known: {list}."),
            ));
        }
        if !seen.insert(name) {
            return Err(refuse(name, "invalid_parameter", "The parameter stands twice.".into()));
        }
    }
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let name = error.path().to_string();
        let message = error.into_inner().to_string();
        let missing = message.starts_with("missing field").then(|| message.split('`').nth(1)).flatten();
        match missing {
            Some(missing) => refuse(missing, "invalid_parameter", "The parameter is missing.".into()),
            None => refuse(&name, "invalid_parameter", safe(&message)),
        }
    })
}

/// The part of a message of `serde` that does not quote what was sent.
fn safe(message: &str) -> String {
    match message.rsplit_once("expected ") {
        Some((_, expected)) => format!("Must be {}.", expected.replace('`', "")),
        None if message.contains("invalid digit") || message.contains("too large") || message.contains("too small") => {
            "Must be a whole number in range.".to_owned()
        }
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Known {
        limit: Option<u32>,
        from: i64,
    }

    fn code(query: &str) -> String {
        let problem = parse::<Known>(query, &["limit".into(), "from".into()]).expect_err(query);
        let problem = serde_json::to_value(problem).expect("serialises");
        format!(
            "{} {}",
            problem["code"].as_str().unwrap_or_default(),
            problem["errors"][0]["parameter"].as_str().unwrap_or_default()
        )
    }

    #[test]
    fn nothing_is_ignored_in_silence() {
        assert!(parse::<Known>("from=1&limit=2", &["limit".into(), "from".into()]).is_ok());
        assert_eq!(code("from=1&x=2"), "unknown_parameter x");
        assert_eq!(code("from=1&from=2"), "invalid_parameter from");
        assert_eq!(code("from=1&limit=a"), "invalid_parameter limit");
        assert_eq!(code("limit=1"), "invalid_parameter from");
        assert_eq!(code("from=%ff"), "malformed_request ");
        assert_eq!(code("from=1%00"), "malformed_request ");
        for query in ["from=1&", "&from=1", "from=1&&limit=2", "&"] {
            assert_eq!(code(query), "malformed_request ", "{query}");
        }
    }
}
