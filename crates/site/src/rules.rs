//! The rules that the settings of a site keep.

use bonafide_model::Locale;
use http::Uri;

/// How many languages a site may have.
const LOCALES: usize = 50;
/// How long an address may be, in bytes.
const ADDRESS: usize = 2000;

/// Everything that is wrong with a list of languages, each with its JSON pointer.
pub(crate) fn locales(locales: &[Locale]) -> Vec<(String, &'static str)> {
    if locales.is_empty() {
        return vec![("/locales".into(), "must name at least one language")];
    }
    if locales.len() > LOCALES {
        return vec![("/locales".into(), "must name at most 50 languages")];
    }
    let repeated = |index: &usize| locales[..*index].contains(&locales[*index]);
    let indexes = (0..locales.len()).filter(repeated);
    indexes.map(|index| (format!("/locales/{index}"), "is named twice")).collect()
}

/// An absolute address that paths can be appended to.
pub(crate) fn base_url(url: &str) -> Result<(), &'static str> {
    const WANTED: &str = "must be an absolute http or https address such as https://www.example.org";
    plain(url)?;
    if url.contains(['?', '#']) {
        return Err("must have no query and no fragment");
    }
    let uri: Uri = url.parse().map_err(|_| WANTED)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(WANTED);
    }
    let authority = uri.authority().ok_or(WANTED)?;
    if authority.as_str().contains('@') {
        return Err("must have no user name and no password");
    }
    if authority.host().is_empty() { Err(WANTED) } else { Ok(()) }
}

/// An address with a place for the path of a page.
pub(crate) fn page_url_template(template: &str) -> Result<(), &'static str> {
    plain(template)?;
    if template.contains("{path}") { Ok(()) } else { Err("must contain {path}, where the path of the page is put") }
}

fn plain(address: &str) -> Result<(), &'static str> {
    if address.len() > ADDRESS {
        return Err("must have at most 2000 characters");
    }
    if address.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("must contain neither blanks nor control characters");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_absolute_and_bare() {
        for url in ["https://www.example.org", "http://localhost:3000/", "https://example.org/blog", "http://[::1]:80"]
        {
            assert_eq!(base_url(url), Ok(()), "{url}");
        }
        for url in [
            "",
            "www.example.org",
            "/blog",
            "ftp://example.org",
            "https://",
            "https://ada:secret@example.org",
            "https://example.org/?a=b",
            "https://example.org/#top",
            "https://example.org/a b",
            "javascript:alert(1)",
            "https://exa\0mple.org",
        ] {
            assert!(base_url(url).is_err(), "{url}");
        }
        assert!(base_url(&format!("https://example.org/{}", "a".repeat(2000))).is_err());
    }

    #[test]
    fn a_template_has_a_place_for_the_path() {
        assert_eq!(page_url_template("https://www.example.org/{locale}/{path}"), Ok(()));
        for template in ["https://www.example.org/", "{paths}", "{path}\n", "{Path}"] {
            assert!(page_url_template(template).is_err(), "{template}");
        }
    }

    #[test]
    fn languages_are_named_once_and_there_is_one() {
        let tag = |text: &str| text.parse::<Locale>().expect("a tag");
        assert!(locales(&[tag("en"), tag("de")]).is_empty());
        assert_eq!(locales(&[]).len(), 1);
        assert_eq!(locales(&[tag("en"), tag("de"), tag("EN"), tag("de")]).len(), 2);
        assert_eq!(locales(&[tag("en"), tag("EN")])[0].0, "/locales/1");
        assert_eq!(locales(&vec![tag("en"); 51]).len(), 1);
    }
}
