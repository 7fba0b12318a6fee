//! Reads the HTML we made and holds it against the rules. It knows only the form the serialiser writes.

/// A start tag.
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
}

/// All start tags in order.
pub(super) fn elements(html: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('/') {
            rest = tail;
            continue;
        }
        let end = rest.find([' ', '>']).expect("a tag ends");
        let mut element = Element { name: rest[..end].to_owned(), attributes: Vec::new() };
        rest = &rest[end..];
        while let Some(tail) = rest.strip_prefix(' ') {
            let (name, tail) = tail.split_once("=\"").expect("an attribute has a quoted value");
            let (value, tail) = tail.split_once('"').expect("a value ends");
            element.attributes.push((name.to_owned(), decode(value)));
            rest = tail;
        }
        assert!(rest.starts_with('>'), "a tag ends after its attributes: {rest}");
        found.push(element);
    }
    found
}

fn decode(value: &str) -> String {
    value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

/// What a browser takes as the scheme of an address, if it has one.
fn scheme(address: &str) -> Option<String> {
    let seen: String = address
        .trim_start_matches(|character: char| character <= ' ')
        .chars()
        .filter(|character| !matches!(character, '\t' | '\n' | '\r'))
        .collect();
    let (scheme, _) = seen.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    is_scheme.then(|| scheme.to_ascii_lowercase())
}

/// Fails unless nothing in `html` can run, load a frame, or shadow a name.
pub(super) fn assert_harmless(html: &str, source: &str) {
    // written out here a second time: the test must not believe the list that it tests
    let elements_allowed = "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em \
        figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub \
        summary sup table tbody td tfoot th thead time tr u ul var wbr";
    let attributes_allowed = "align alt class colspan datetime dir height href id lang open rel reversed rowspan scope span \
        src start title type value width";
    for element in elements(html) {
        assert!(elements_allowed.split_whitespace().any(|name| name == element.name), "{source:?} gave {html:?}");
        for (name, value) in element.attributes {
            assert!(attributes_allowed.split_whitespace().any(|known| known == name), "{source:?} gave {html:?}");
            if name == "href" || name == "src" {
                let scheme = scheme(&value);
                let fine = scheme.is_none_or(|scheme| ["http", "https", "mailto", "tel"].contains(&scheme.as_str()));
                assert!(fine, "{source:?} gave {html:?}");
            }
            assert!(name != "id" || value.starts_with("s-"), "{source:?} gave {html:?}");
            assert!(name != "class" || value.starts_with("language-"), "{source:?} gave {html:?}");
        }
    }
    let lower = html.to_ascii_lowercase();
    for never in
        ["<script", "<style", "<iframe", "<object", "<embed", "<svg", "<math", "<form", "<input", "<base", "<meta"]
    {
        assert!(!lower.contains(never), "{source:?} gave {html:?}");
    }
}
