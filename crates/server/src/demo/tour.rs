//! What the demonstration prints: who can log in, and requests to copy.

use bonafide_model::Date;
use std::net::SocketAddr;
use std::path::Path;

use super::contact::FORM;
use super::{OWNER, POLICY};

/// The text that follows the address. `password` is there on the first run only.
pub(super) fn text(address: SocketAddr, data_dir: &Path, password: Option<&str>, today: Date) -> String {
    let url = format!("http://{address}");
    let login = match password {
        Some(password) => format!("Log in as {OWNER} with the password {password}\nIt is shown this once only."),
        None => format!(
            "Log in as {OWNER}. The password was shown when the demonstration was made; for a new one:
  bonafide owner reset --email {OWNER} --data-dir {}",
            data_dir.display()
        ),
    };
    let password = password.unwrap_or("PASSWORD");
    format!(
        r##"
{login}

The privacy policy in force today, and the one of a day in 2017:
  curl '{url}/v1/policies/{POLICY}'
  curl '{url}/v1/policies/{POLICY}?as_of=2017-01-01'

All its revisions, and what changed from the first to the second:
  curl '{url}/v1/policies/{POLICY}/revisions'
  curl '{url}/v1/policies/{POLICY}/diff?from=1&to=2'
  curl '{url}/v1/policies/{POLICY}/diff?from=1&to=2' -H 'accept: text/html'

A form, as a page without scripts for your browser, and as JSON for a frontend:
  {url}/v1/forms/{FORM}/page
  curl '{url}/v1/forms/{FORM}'

Pages and articles in two languages: one by its path, a list with its authors, what is left in German, and the sitemap:
  curl '{url}/v1/pages/about'
  curl '{url}/v1/entries/article?sort=-day&include=author&fields=title,author'
  curl '{url}/v1/pages?locale=de&fallback=en&fields=title,path'
  curl '{url}/v1/sitemap.xml'

Log in; then draft a fourth revision and publish it:
  TOKEN=$(curl -s '{url}/admin/v1/auth/login' -H 'content-type: application/json' \
    -d '{{"email":"{OWNER}","password":"{password}"}}' | sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/')
  curl -i '{url}/admin/v1/policies/{POLICY}/revisions' -H "authorization: Bearer $TOKEN" \
    -H 'content-type: application/json' \
    -d '{{"texts":{{"en":"# Privacy policy\n\nWe keep nothing.\n"}},"effective_on":"{today}","summary_of_changes":"Much shorter","material":true}}'
  curl -i -X POST '{url}/admin/v1/policies/{POLICY}/revisions/4/publish' -H "authorization: Bearer $TOKEN" \
    -H 'if-match: "1"'

Write a page, publish it, and read it (its id and version are in the answer to the first):
  curl -i '{url}/admin/v1/pages' -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \
    -d '{{"title":"Hello","body":[{{"type":"markdown","text":"Hello *world*"}}]}}'
  curl -X POST '{url}/admin/v1/pages/ID/publish' -H "authorization: Bearer $TOKEN" -H 'if-match: "1"'
  curl '{url}/v1/pages/hello'

See what was sent with the form (without a word of it), and open one for its purpose, which is recorded:
  curl '{url}/admin/v1/submissions' -H "authorization: Bearer $TOKEN"
  curl '{url}/admin/v1/submissions/ID/open' -H "authorization: Bearer $TOKEN" \
    -H 'content-type: application/json' -d '{{"purpose":"fulfil_request"}}'

Stop it with Ctrl-C. It keeps its data in {}.
"##,
        data_dir.display()
    )
}
