//! An Atom feed (RFC 4287) of a policy: readers are told when it changes.

use super::shared::{Delivered, depends_on, today};
use crate::app::App;
use crate::cache::Cacheable;
use crate::error::ApiError;
use crate::extract::{NoQuery, Path};
use axum::extract::State;
use bonafide_model::Instant;
use bonafide_model::name::PolicyKey;
use bonafide_policy::Start;
use bonafide_policy::delivery::{self, RevisionSummary};
use std::fmt::Write as _;

/// How many revisions the feed shows.
const ENTRIES: u64 = 50;

/// Follow a policy
///
/// An Atom feed of its newest 50 revisions, announced ones included.
#[utoipa::path(get, path = "/v1/policies/{policy}/feed.atom", tag = "policies", params(("policy" = String, Path, description = "The key of the policy")), responses((status = 200, body = String, content_type = "application/atom+xml")))]
pub(crate) async fn get_policy_feed(
    State(app): State<App>,
    Path(key): Path<PolicyKey>,
    _: NoQuery,
) -> Result<Delivered, ApiError> {
    let (day, zone, _) = today(&app).await?;
    let (db, site) = (app.db().read(), app.parts.site);
    let revisions = delivery::revisions(db, site, &key, day, Start::First, ENTRIES).await?;
    let newest = revisions.iter().map(|revision| revision.number).max().unwrap_or(1);
    let title = delivery::revision(db, site, &key, newest).await?.title;
    let next = delivery::next_change(db, site, &key, day).await?;
    let updated = revisions.iter().map(|revision| revision.published_at).max().unwrap_or_else(|| app.now());
    let cacheable = Cacheable {
        depends_on: depends_on(&key),
        valid_until: next.map(|day| zone.start_of(day)),
        last_modified: Some(updated),
    };
    Ok(Delivered {
        content_type: "application/atom+xml; charset=utf-8",
        body: feed(&app, &key, &title, updated, &revisions).into_bytes(),
        ..Delivered::json(&(), cacheable)
    })
}

fn feed(app: &App, key: &PolicyKey, title: &str, updated: Instant, revisions: &[RevisionSummary]) -> String {
    let (site, title) = (app.parts.site, escape(title));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>urn:uuid:{site}:policy:{key}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n\
         <author><name>{title}</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"/v1/policies/{key}/feed.atom\"/>\n"
    );
    for revision in revisions {
        let number = revision.number;
        let summary = revision.summary_of_changes.as_deref().unwrap_or("The text of the policy has changed.");
        let written = write!(
            xml,
            "<entry>\n<id>urn:uuid:{site}:policy:{key}:{number}</id>\n<title>{title}, revision {number}</title>\n\
             <updated>{at}</updated>\n<published>{at}</published>\n\
             <link rel=\"alternate\" type=\"application/json\" href=\"/v1/policies/{key}/revisions/{number}\"/>\n\
             <summary>{state} {effective}. {summary}</summary>\n</entry>\n",
            at = revision.published_at,
            effective = revision.effective_on,
            state = if revision.standing == delivery::Standing::Announced {
                "Comes into force on"
            } else {
                "In force since"
            },
            summary = escape(summary),
        );
        written.expect("a string takes every character");
    }
    xml.push_str("</feed>\n");
    xml
}

/// Escapes a text for XML, and leaves out what XML 1.0 cannot hold.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        assert_eq!(escape("a\u{fffe}\u{ffff}\u{1}b\r\n<&>\""), "ab\n&lt;&amp;&gt;&quot;");
    }
}
