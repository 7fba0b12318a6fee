//! Types from files, beside a running server.

use bonafide_test_support::{Installation, Server, on_both};
use serde_json::{Value, json};
use std::time::Duration;

const AUTHOR: &str = r#"{"type": "author", "title": "Author", "fields": [
    {"key": "name", "kind": "text", "required": true}, {"key": "best", "kind": "reference", "types": ["article"]}]}"#;
const ARTICLE: &str = r#"{"type": "article", "title": "Article", "fields": [
    {"key": "title", "kind": "text"}, {"key": "author", "kind": "reference", "types": ["author"]}]}"#;

/// What the served document says of the fields of an article.
async fn told(server: &Server) -> Value {
    let answer = server.client().get(server.url("/v1/openapi.json")).send().await.expect("an answer");
    let document: Value = answer.json().await.expect("JSON");
    document["components"]["schemas"]["Fields_article"]["properties"].clone()
}

on_both! {
    async fn types_are_applied_from_a_directory(home: &Installation) {
        let server = Server::start(home);
        let dir = home.root().join("types");
        std::fs::create_dir(&dir).expect("a directory");
        let put = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("a file");
        let path = dir.display().to_string();
        let apply = |more: &[&str]| home.run([&["types", "apply", path.as_str()][..], more].concat(), "");
        // they name each other
        put("author.json", AUTHOR);
        put("article.json", ARTICLE);
        assert_eq!(told(&server).await, Value::Null);
        assert_eq!(apply(&["--plan"]).ok(), "article: would be made\nauthor: would be made\n");
        assert_eq!(apply(&[]).ok(), "article: made\nauthor: made\n");
        assert_eq!(apply(&[]).ok(), "article: stays as it is\nauthor: stays as it is\n");
        // the running server describes them within a second
        let mut seen = told(&server).await;
        for _ in 0..40 {
            if !seen.is_null() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            seen = told(&server).await;
        }
        assert_eq!(seen, json!({"title": {"type": "string"}, "author": {"$ref": "#/components/schemas/Link"}}));
        // what is not sound is refused as a whole
        put("article.json", &ARTICLE.replace("\"text\"", "\"asset\""));
        put("more.json", r#"{"type": "more", "title": "More"}"#);
        let refused = apply(&[]);
        assert_eq!(refused.code, Some(1));
        assert!(refused.stderr.contains("/article/fields/0/kind"), "{}", refused.stderr);
        put("article.json", &ARTICLE.replace("\"text\"", "\"text\", \"max_length\": 5"));
        assert_eq!(apply(&[]).ok(), "more: made\narticle: changed; 0 drafts looked at\nauthor: stays as it is\n");
        assert_eq!(apply(&["--drop", "article"]).code, Some(2));
        server.stop();
    }
}
