//! Which content coding and which media type a client wants.

use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_ENCODING};

/// The content codings that answers are kept in, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Coding {
    Brotli,
    Zstd,
    Gzip,
    Identity,
}

impl Coding {
    /// The compressing ones, best first.
    pub(crate) const COMPRESSED: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// The name in `Content-Encoding`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

/// The representations that some delivery routes have beside JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    Default,
    Markdown,
    Html,
}

/// Which of the bytes of an answer a client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Representation {
    pub(crate) form: Form,
    pub(crate) coding: Coding,
}

impl Representation {
    /// How many there are.
    pub(crate) const COUNT: usize = 12;

    /// What the headers of a request ask for.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        Self { form: form(headers), coding: coding(headers) }
    }

    /// Its number, below [`Self::COUNT`].
    pub(crate) const fn index(self) -> usize {
        self.form as usize * 4 + self.coding as usize
    }
}

/// The value of one weighted item of a header (RFC 9110 §12.4.2), in thousandths.
fn weight(parameters: Option<&str>) -> u32 {
    let q = parameters.and_then(|parameters| {
        parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q=").map(str::to_owned))
    });
    let Some(q) = q else { return 1000 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    q.parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1000.0) as u32)
}

/// The coding to send: the one the client weighs most, the best of ours among equals (RFC 9110 §12.5.3: a coding that is
/// named has its own weight, any other that of `*`).
fn coding(headers: &HeaderMap) -> Coding {
    let mut values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).peekable();
    if values.peek().is_none() {
        return Coding::Identity;
    }
    let items: Vec<(&str, u32)> = values
        .flat_map(|value| value.split(','))
        .map(|item| item.split_once(';').map_or((item, None), |(name, rest)| (name, Some(rest))))
        .map(|(name, parameters)| (name.trim(), weight(parameters)))
        .collect();
    let weight_of = |wanted: &str| items.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|item| item.1);
    let (mut best, mut most) = (Coding::Identity, 0);
    for ours in Coding::COMPRESSED {
        let given = weight_of(ours.name()).or_else(|| weight_of("*")).unwrap_or(0);
        if given > most {
            (best, most) = (ours, given);
        }
    }
    best
}

/// The representation to send: the first of ours that the client names, else JSON.
pub(crate) fn form(headers: &HeaderMap) -> Form {
    let Some(accepted) = headers.get(ACCEPT).and_then(|value| value.to_str().ok()) else { return Form::Default };
    if accepted == "*/*" {
        return Form::Default;
    }
    let mut best = (Form::Default, 0);
    for item in accepted.split(',') {
        let (name, parameters) = item.split_once(';').map_or((item, None), |(name, rest)| (name, Some(rest)));
        let form = match name.trim() {
            "application/json" | "application/*" => Form::Default,
            "text/markdown" => Form::Markdown,
            "text/html" => Form::Html,
            _ => continue,
        };
        let weight = weight(parameters);
        if weight > best.1 {
            best = (form, weight);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("a header"))])
    }

    #[test]
    fn the_client_decides_and_we_prefer() {
        for (accepted, expected) in [
            ("", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("gzip, br;q=0.5", Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("br;q=0, gzip", Coding::Gzip),
            ("*", Coding::Brotli),
            ("*, br;q=0", Coding::Zstd),
            ("*;q=0.5, gzip", Coding::Gzip),
            ("identity", Coding::Identity),
            ("GZIP;q=1.0, br; q=x", Coding::Gzip),
        ] {
            assert_eq!(coding(&with(ACCEPT_ENCODING, accepted)), expected, "{accepted}");
        }
        assert_eq!(coding(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn browsers_get_html_and_programs_json() {
        for (accepted, expected) in [
            ("*/*", Form::Default),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Form::Html),
            ("text/markdown", Form::Markdown),
            ("application/json, text/html;q=0.5", Form::Default),
            ("image/png", Form::Default),
        ] {
            assert_eq!(form(&with(ACCEPT, accepted)), expected, "{accepted}");
        }
    }
}
