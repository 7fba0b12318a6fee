//! What changed between two revisions.

use crate::site::{Site, text};
use bonafide_test_support::{Installation, on_both};
use serde_json::{Value, json};

const ONE: &str = "# Privacy\n\nWe count visits.\n\nWe keep nothing.\n\na\nb\nc\nd\ne\nf\nThe end.\n";
const TWO: &str =
    "# Privacy\n\nWe count all visits.\n\nWe keep nothing.\n\na\nb\nc\nd\ne\nf\nThe <b>end</b>.\nReally.\n";

/// One side of a comparison, put together from its hunks and the lines between them.
fn side(diff: &Value, other: &str, op: &str, start: &str, lines: &str) -> String {
    let source: Vec<&str> = other.split_inclusive('\n').collect();
    let (mut rebuilt, mut taken) = (String::new(), 0);
    let number = |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("small");
    for hunk in diff["hunks"].as_array().expect("hunks") {
        let (first, count) = (number(&hunk[start]), number(&hunk[lines]));
        let first = if count == 0 { first } else { first - 1 };
        rebuilt.extend(source[taken..first].iter().copied());
        for change in hunk["changes"].as_array().expect("changes") {
            if change["op"] == "equal" || change["op"] == op {
                rebuilt.push_str(text(&change["text"]));
            }
        }
        taken = first + count;
    }
    rebuilt.extend(source[taken..].iter().copied());
    rebuilt
}

on_both! {
    async fn by_line_by_word_and_as_a_page(home: &Installation) {
        let site = Site::open(home).await;
        let (frontend, today) = (&site.anonymous, site.today().await);
        site.policy("privacy").await;
        site.publish("privacy", ONE, &today).await;
        site.publish("privacy", TWO, &today).await;
        let path = "/v1/policies/privacy/diff?from=1&to=2";
        let lines = frontend.get(path).await.is(200).json();
        assert_eq!((&lines["added"], &lines["deleted"], &lines["granularity"]), (&json!(3), &json!(2), &json!("line")));
        assert_eq!(lines["hunks"].as_array().map(Vec::len), Some(2), "{lines}");
        let first = &lines["hunks"][0];
        assert_eq!((&first["old_start"], &first["old_lines"], &first["new_lines"]), (&json!(1), &json!(6), &json!(6)));
        assert_eq!(side(&lines, ONE, "insert", "old_start", "old_lines"), TWO);
        assert_eq!(side(&lines, TWO, "delete", "new_start", "new_lines"), ONE);
        let back = frontend.get("/v1/policies/privacy/diff?from=2&to=1").await.is(200).json();
        assert_eq!((&back["added"], &back["deleted"]), (&json!(2), &json!(3)));

        let words = frontend.get(&format!("{path}&granularity=word")).await.is(200).json();
        assert_eq!(words["granularity"], "word");
        let inserted = words["hunks"].as_array().expect("hunks").iter().filter_map(|hunk| hunk["changes"].as_array());
        let inserted: Vec<_> = inserted.flatten().filter(|change| change["op"] == "insert").collect();
        assert!(inserted.iter().any(|change| text(&change["text"]).trim() == "all"), "{words}");
        let same = frontend.get("/v1/policies/privacy/diff?from=2&to=2").await.is(200).json();
        assert_eq!((&same["added"], &same["deleted"], &same["hunks"]), (&json!(0), &json!(0), &json!([])));

        for granularity in ["line", "word"] {
            let request = frontend.request("GET", &format!("{path}&granularity={granularity}"));
            let page = request.header("accept", "text/html").send().await.is(200);
            assert!(page.header("content-type").starts_with("text/html"));
            assert!(page.header("vary").to_lowercase().contains("accept"));
            let page = page.text();
            assert!(page.contains("<ins") && page.contains("<del") && page.contains("lang=\"en\""), "{page}");
            assert!(page.contains("&lt;b&gt;") && !page.contains("<b>end"), "{page}");
        }
        frontend.get("/v1/policies/privacy/diff?from=1&to=9").await.refuses(404, "not_found");
        frontend.get("/v1/policies/privacy/diff?from=1").await.refuses(400, "invalid_parameter");
        frontend.get(&format!("{path}&granularity=letter")).await.refuses(400, "invalid_parameter");
        site.server.stop();
    }
}
