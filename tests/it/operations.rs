//! The operations of the two OpenAPI documents, as the running server gives them, and one table of who may do each.

use crate::client::{Client, Reply, Request};
use crate::site::Site;
use serde_json::{Value, json};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Anybody, without credentials.
    Anybody,
    /// Whoever has credentials for the admin API.
    Known,
    /// A person who is logged in, and no API token.
    Person,
    /// The holder of a receipt.
    Holder,
    /// The holder of a preview link's token.
    Previewer,
    /// The owner and these roles, and tokens with this scope.
    Having(&'static str, &'static [&'static str]),
}

impl Who {
    /// Whether a person of a role may.
    pub(crate) fn includes(self, role: &str) -> bool {
        match self {
            Self::Having(_, roles) => role == "owner" || roles.contains(&role),
            _ => true,
        }
    }

    /// What the tokens begin with that nobody has by a role.
    pub(crate) const fn own_family(self) -> Option<&'static str> {
        match self {
            Self::Holder => Some("bf_receipt_"),
            Self::Previewer => Some("bf_preview_"),
            _ => None,
        }
    }
}

const ALL: &[&str] = &["editor", "author", "privacy_officer", "viewer"];
const WRITERS: &[&str] = &["editor", "privacy_officer"];
const PRIVACY: &[&str] = &["privacy_officer"];
const AUTHORS: &[&str] = &["editor", "author"];

/// The access matrix: every operation of both documents.
const TABLE: &[(&str, Who)] = &[
    ("list_published_policies", Who::Anybody),
    ("get_policy_in_force", Who::Anybody),
    ("list_published_revisions", Who::Anybody),
    ("get_published_revision", Who::Anybody),
    ("compare_revisions", Who::Anybody),
    ("get_policy_feed", Who::Anybody),
    ("get_sitemap", Who::Anybody),
    ("get_sitemap_part", Who::Anybody),
    ("get_pages_feed", Who::Anybody),
    ("get_entries_feed", Who::Anybody),
    ("list_published_pages", Who::Anybody),
    ("get_published_page", Who::Anybody),
    ("list_published_entries", Who::Anybody),
    ("get_published_entry", Who::Anybody),
    ("get_previewed_page", Who::Previewer),
    ("get_previewed_entry", Who::Previewer),
    ("get_published_form", Who::Anybody),
    ("get_form_page", Who::Anybody),
    ("create_submission", Who::Anybody),
    ("get_my_page", Who::Anybody),
    ("press_my_page", Who::Anybody),
    ("get_my_submission", Who::Holder),
    ("erase_my_submission", Who::Holder),
    ("cancel_my_erasure", Who::Holder),
    ("restrict_my_submission", Who::Holder),
    ("object_my_submission", Who::Holder),
    ("unrestrict_my_submission", Who::Holder),
    ("permit_my_use", Who::Holder),
    ("withdraw_my_use", Who::Holder),
    ("get_public_document", Who::Anybody),
    ("get_health", Who::Anybody),
    ("get_readiness", Who::Anybody),
    ("login", Who::Anybody),
    ("refresh", Who::Anybody),
    ("accept_link", Who::Anybody),
    ("get_me", Who::Known),
    ("get_admin_document", Who::Known),
    ("logout", Who::Person),
    ("logout_everywhere", Who::Person),
    ("change_password", Who::Person),
    ("list_sessions", Who::Person),
    ("revoke_session", Who::Person),
    ("get_site", Who::Having("site:read", ALL)),
    ("update_site", Who::Having("site:write", &[])),
    ("list_policies", Who::Having("policies:read", ALL)),
    ("get_policy", Who::Having("policies:read", ALL)),
    ("list_revisions", Who::Having("policies:read", ALL)),
    ("get_revision", Who::Having("policies:read", ALL)),
    ("create_policy", Who::Having("policies:write", WRITERS)),
    ("update_policy", Who::Having("policies:write", WRITERS)),
    ("delete_policy", Who::Having("policies:write", WRITERS)),
    ("create_revision", Who::Having("policies:write", WRITERS)),
    ("update_revision", Who::Having("policies:write", WRITERS)),
    ("delete_revision", Who::Having("policies:write", WRITERS)),
    ("publish_revision", Who::Having("policies:publish", PRIVACY)),
    ("list_forms", Who::Having("forms:read", ALL)),
    ("get_form", Who::Having("forms:read", ALL)),
    ("list_form_versions", Who::Having("forms:read", ALL)),
    ("get_form_version", Who::Having("forms:read", ALL)),
    ("create_form", Who::Having("forms:write", WRITERS)),
    ("update_form", Who::Having("forms:write", WRITERS)),
    ("delete_form", Who::Having("forms:write", WRITERS)),
    ("publish_form", Who::Having("forms:publish", PRIVACY)),
    ("unpublish_form", Who::Having("forms:publish", PRIVACY)),
    ("count_submissions", Who::Having("submissions:count", ALL)),
    ("list_submissions", Who::Having("submissions:handle", PRIVACY)),
    ("get_submission", Who::Having("submissions:handle", PRIVACY)),
    ("open_submission", Who::Having("submissions:handle", PRIVACY)),
    ("fulfil_submission", Who::Having("submissions:handle", PRIVACY)),
    ("reopen_submission", Who::Having("submissions:handle", PRIVACY)),
    ("restrict_submission", Who::Having("submissions:erase", PRIVACY)),
    ("erase_submission", Who::Having("submissions:erase", PRIVACY)),
    ("hold_submission", Who::Having("submissions:erase", PRIVACY)),
    ("release_submission", Who::Having("submissions:erase", PRIVACY)),
    ("list_holds", Who::Having("submissions:erase", PRIVACY)),
    ("get_disclosure", Who::Having("submissions:erase", PRIVACY)),
    ("disclose_submission", Who::Having("submissions:erase", PRIVACY)),
    ("withdraw_disclosure", Who::Having("submissions:erase", PRIVACY)),
    ("export_subject", Who::Having("submissions:erase", PRIVACY)),
    ("erase_subject", Who::Having("submissions:erase", PRIVACY)),
    ("list_due", Who::Having("submissions:erase", PRIVACY)),
    ("list_sweeps", Who::Having("submissions:erase", PRIVACY)),
    ("confirm_sweep", Who::Having("submissions:erase", PRIVACY)),
    ("trust_clock", Who::Having("submissions:erase", PRIVACY)),
    ("list_types", Who::Having("types:read", ALL)),
    ("get_type", Who::Having("types:read", ALL)),
    ("create_type", Who::Having("types:write", &["editor"])),
    ("update_type", Who::Having("types:write", &["editor"])),
    ("delete_type", Who::Having("types:write", &["editor"])),
    ("list_pages", Who::Having("content:read", ALL)),
    ("get_page", Who::Having("content:read", ALL)),
    ("list_page_revisions", Who::Having("content:read", ALL)),
    ("get_page_revision", Who::Having("content:read", ALL)),
    ("list_page_preview_links", Who::Having("content:read", ALL)),
    ("get_page_preview_link", Who::Having("content:read", ALL)),
    ("create_page_preview_link", Who::Having("content:write", AUTHORS)),
    ("revoke_page_preview_link", Who::Having("content:write", AUTHORS)),
    ("create_page", Who::Having("content:write", AUTHORS)),
    ("update_page", Who::Having("content:write", AUTHORS)),
    ("delete_page", Who::Having("content:write", AUTHORS)),
    ("update_page_block", Who::Having("content:write", AUTHORS)),
    ("archive_page", Who::Having("content:write", AUTHORS)),
    ("restore_page", Who::Having("content:write", AUTHORS)),
    ("copy_page", Who::Having("content:write", AUTHORS)),
    ("add_page_locale", Who::Having("content:write", AUTHORS)),
    ("compare_page_revisions", Who::Having("content:read", ALL)),
    ("compare_entry_revisions", Who::Having("content:read", ALL)),
    ("schedule_page", Who::Having("content:publish", &["editor"])),
    ("schedule_entry", Who::Having("content:publish", &["editor"])),
    ("publish_page", Who::Having("content:publish", &["editor"])),
    ("unpublish_page", Who::Having("content:publish", &["editor"])),
    ("list_entries", Who::Having("content:read", ALL)),
    ("get_entry", Who::Having("content:read", ALL)),
    ("list_entry_revisions", Who::Having("content:read", ALL)),
    ("get_entry_revision", Who::Having("content:read", ALL)),
    ("list_entry_preview_links", Who::Having("content:read", ALL)),
    ("get_entry_preview_link", Who::Having("content:read", ALL)),
    ("create_entry_preview_link", Who::Having("content:write", AUTHORS)),
    ("revoke_entry_preview_link", Who::Having("content:write", AUTHORS)),
    ("create_entry", Who::Having("content:write", AUTHORS)),
    ("update_entry", Who::Having("content:write", AUTHORS)),
    ("delete_entry", Who::Having("content:write", AUTHORS)),
    ("update_entry_block", Who::Having("content:write", AUTHORS)),
    ("archive_entry", Who::Having("content:write", AUTHORS)),
    ("restore_entry", Who::Having("content:write", AUTHORS)),
    ("copy_entry", Who::Having("content:write", AUTHORS)),
    ("add_entry_locale", Who::Having("content:write", AUTHORS)),
    ("publish_entry", Who::Having("content:publish", &["editor"])),
    ("unpublish_entry", Who::Having("content:publish", &["editor"])),
    ("list_users", Who::Having("users:read", PRIVACY)),
    ("get_user", Who::Having("users:read", PRIVACY)),
    ("create_user", Who::Having("users:write", &[])),
    ("update_user", Who::Having("users:write", &[])),
    ("suspend_user", Who::Having("users:write", &[])),
    ("reactivate_user", Who::Having("users:write", &[])),
    ("reset_user", Who::Having("users:write", &[])),
    ("list_tokens", Who::Having("tokens:manage", ALL)),
    ("get_token", Who::Having("tokens:manage", ALL)),
    ("create_token", Who::Having("tokens:manage", ALL)),
    ("revoke_token", Who::Having("tokens:manage", ALL)),
    ("list_audit", Who::Having("audit:read", PRIVACY)),
    ("get_status", Who::Having("status:read", ALL)),
];

/// A body that an operation takes; `n` makes it another one than before.
pub(crate) fn body(id: &str, n: usize) -> Option<Value> {
    let password = crate::site::PASSWORD;
    Some(match id {
        "login" => json!({"email": "nobody@example.org", "password": password}),
        "refresh" => json!({"refresh_token": "bf_refresh_x"}),
        "accept_link" => json!({"token": "bf_link_x", "password": password}),
        "change_password" => json!({"current_password": password, "new_password": password}),
        "update_site" => json!({"name": format!("Site {n}")}),
        "create_policy" => json!({"policy": format!("made-{n}"), "title": "Made", "default_locale": "en"}),
        "update_policy" => json!({"title": format!("Policy {n}")}),
        "create_revision" => json!({"texts": {"en": format!("# Text {n}\n")}}),
        "update_revision" => json!({"summary_of_changes": format!("Change {n}")}),
        "create_user" => {
            json!({"email": format!("made-{n}@example.org"), "display_name": "Made", "roles": ["viewer"]})
        }
        "update_user" => json!({"display_name": format!("User {n}")}),
        "create_token" => json!({"name": format!("Made {n}"), "family": "admin", "scopes": ["policies:read"]}),
        "create_form" => json!({"form": format!("made-{n}"), "title": {"en": "Made"}}),
        "update_form" => json!({"title": {"en": format!("Form {n}")}}),
        "create_submission" => json!({"token": "x", "fields": {}}),
        "press_my_page" => json!({}),
        "open_submission" => json!({"purpose": "fulfil_request"}),
        "restrict_submission" => json!({"restricted": false}),
        "hold_submission" => {
            // a day that is never far from now
            json!({"reason": "legal_claim", "reference": format!("2026-{n}"), "review_on": crate::clock::soon()})
        }
        "disclose_submission" => json!({"ground": "court_order", "reference": format!("2026-{n}")}),
        "erase_submission" => json!({"reason": "subject_request"}),
        "export_subject" | "erase_subject" => json!({"email": format!("made-{n}@example.org"), "dry_run": true}),
        "confirm_sweep" => json!({"count": n}),
        "create_type" => json!({"type": format!("made-{n}"), "title": "Made"}),
        "update_type" => json!({"title": format!("Type {n}")}),
        "create_page" | "update_page" => json!({"title": format!("Page {n}")}),
        "create_entry" | "update_entry" => json!({"fields": {"title": format!("Entry {n}")}}),
        "update_page_block" | "update_entry_block" => json!({"text": format!("Text {n}")}),
        "schedule_page" | "schedule_entry" => json!({"publish_at": "2100-01-01T00:00:00Z"}),
        "restore_page" | "restore_entry" => json!({"revision": 1}),
        "create_page_preview_link" | "create_entry_preview_link" => json!({"expires_in": format!("PT{}H", n + 1)}),
        "add_page_locale" | "add_entry_locale" => json!({"locale": "en"}),
        _ => return None,
    })
}

/// One operation of a document.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) who: Who,
    pub(crate) described: Value,
    /// The codes that each documented status can have.
    pub(crate) codes: Value,
}

/// What the braces of a path stand for.
#[derive(Clone, Debug)]
pub(crate) struct Objects<'a> {
    pub(crate) policy: &'a str,
    pub(crate) form: &'a str,
    pub(crate) number: u32,
    /// The id of an account.
    pub(crate) id: &'a str,
    /// The id of a submission.
    pub(crate) submission: &'a str,
    /// The key of a content type.
    pub(crate) kind: &'a str,
    /// The ids of a page and of an entry of that type; both have the path `about`.
    pub(crate) page: &'a str,
    pub(crate) entry: &'a str,
    /// The id of a block that both have.
    pub(crate) block: &'a str,
}

/// Objects that are not there.
pub(crate) const ABSENT: Objects<'static> = Objects {
    policy: "absent",
    form: "absent",
    number: 1,
    id: NOBODY,
    submission: NOBODY,
    kind: "absent",
    page: NOBODY,
    entry: NOBODY,
    block: NOBODY,
};
const NOBODY: &str = "01980000-0000-7000-8000-000000000000";

impl Operation {
    /// Its address; a comparison has the two numbers it needs.
    pub(crate) fn path_of(&self, objects: &Objects<'_>) -> String {
        let id = match self.path.split('/').nth(3) {
            Some("submissions") => objects.submission,
            Some("pages") => objects.page,
            Some("entries") => objects.entry,
            _ => objects.id,
        };
        let path = self.path.replace("{policy}", objects.policy).replace("{form}", objects.form).replace("{id}", id);
        let path = path.replace("{number}", &objects.number.to_string()).replace("{use}", "newsletter");
        let path = path.replace("{type}", objects.kind).replace("{block}", objects.block);
        // of a link only its token is ever somewhere else than with whoever made it
        let path = path.replace("{link}", NOBODY);
        let path = path.replace("{path}", "about").replace("{slug}", "about").replace("{part}", "1.xml");
        match self.id.as_str() {
            "compare_revisions" | "compare_page_revisions" | "compare_entry_revisions" => format!("{path}?from=1&to=2"),
            "list_due" => format!("{path}?at=2100-01-01T00:00:00Z"),
            _ => path,
        }
    }

    pub(crate) fn takes(&self, parameter: &str) -> bool {
        let parameters = self.described["parameters"].as_array().into_iter().flatten();
        parameters
            .into_iter()
            .any(|known| known["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(parameter)))
    }

    pub(crate) fn has_body(&self) -> bool {
        self.described.get("requestBody").is_some()
    }

    /// Whether it takes JSON and nothing else.
    pub(crate) fn takes_json(&self) -> bool {
        let content = self.described["requestBody"]["content"].as_object();
        content.is_some_and(|content| content.keys().all(|media| media.ends_with("json")))
    }

    pub(crate) fn creates(&self) -> bool {
        self.method == "post" && self.described["responses"].get("201").is_some()
    }

    /// A request for it without body and without version.
    pub(crate) fn bare(&self, client: &Client, objects: &Objects<'_>) -> Request {
        client.request(&self.method, &self.path_of(objects))
    }

    /// A request for it that lacks nothing.
    pub(crate) fn request(&self, client: &Client, objects: &Objects<'_>, n: usize) -> Request {
        let mut request = self.bare(client, objects);
        if self.takes("if-match") {
            request = request.header("if-match", "\"999999\"");
        }
        match body(&self.id, n) {
            Some(body) if self.has_body() => request.json(&body),
            _ => request,
        }
    }

    /// Sends a request and looks whether the document tells of such an answer.
    pub(crate) async fn send(&self, request: Request) -> Reply {
        let reply = request.send().await;
        let documented = self.described["responses"].get(reply.status.to_string()).is_some();
        assert!(documented, "{} does not tell of {reply}", self.id);
        if reply.status >= 400 {
            let problem = reply.json();
            let code = problem["code"].as_str().expect("a code");
            let known = &self.codes[reply.status.to_string()];
            assert!(known.get(code).is_some(), "{}: the code {code} is not documented for {}", self.id, reply.status);
        }
        reply
    }
}

/// All operations of both documents.
pub(crate) async fn all(site: &Site) -> Vec<Operation> {
    let mut operations = Vec::new();
    for document in documents(site).await {
        let mut codes = json!({});
        for response in document["components"]["responses"].as_object().expect("responses").values() {
            let examples = &response["content"]["application/problem+json"]["examples"];
            for (code, example) in examples.as_object().expect("examples") {
                codes[example["value"]["status"].to_string()][code] = json!(true);
            }
        }
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, described) in item.as_object().expect("operations") {
                let id = described["operationId"].as_str().expect("an operationId").to_owned();
                let row = TABLE.iter().find(|row| row.0 == id);
                let who = row.unwrap_or_else(|| panic!("{id} is missing in the access matrix of the tests")).1;
                let (method, path, described) = (method.clone(), path.clone(), described.clone());
                let operation = Operation { id, method, path, who, described, codes: codes.clone() };
                let without = |id| body(id, 0).is_none();
                assert!(!operation.has_body() || !without(&operation.id), "{} lacks a body in the tests", operation.id);
                operations.push(operation);
            }
        }
    }
    assert_eq!(operations.len(), TABLE.len(), "the access matrix of the tests has rows without an operation");
    operations
}

/// Both documents, as the server gives them.
pub(crate) async fn documents(site: &Site) -> [Value; 2] {
    let public = site.anonymous.get("/v1/openapi.json").await.is(200).json();
    let admin = site.owner.get("/admin/v1/openapi.json").await.is(200).json();
    [public, admin]
}
