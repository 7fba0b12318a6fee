//! One finished answer: its bytes in one coding, its headers, and how long it holds.

use super::negotiate::Coding;
use axum::body::{Body, Bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bonafide_model::Instant;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long a shared cache may answer without asking.
const FRESH: Duration = Duration::from_mins(1);
/// How long after that it may answer while it asks.
const STALE_REVALIDATE: Duration = Duration::from_mins(10);
/// How long after that it may answer if we do not.
const STALE_ERROR: Duration = Duration::from_hours(24);
/// Below this compressing costs more than it saves.
const WORTH_COMPRESSING: usize = 256;

/// What a delivery handler attaches to its answer (as a response extension) so that it is finished and kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cacheable {
    /// The keys of every object that the answer depends on, published or not; also its surrogate keys.
    pub(crate) depends_on: Vec<String>,
    /// The instant at which the answer changes by itself.
    pub(crate) valid_until: Option<Instant>,
    /// When what it shows was last changed.
    pub(crate) last_modified: Option<Instant>,
}

/// The `Cache-Control` of an answer: no lifetime, fresh or stale, goes beyond the instant at which it changes.
pub(crate) fn lifetime(now: Instant, valid_until: Option<Instant>) -> String {
    let left = valid_until.map_or(Duration::MAX, |until| until.since(now));
    let fresh = FRESH.min(left);
    let after = left.saturating_sub(fresh);
    let (revalidate, error) = (STALE_REVALIDATE.min(after), STALE_ERROR.min(after));
    let seconds = |duration: Duration| duration.as_secs();
    format!(
        "public, max-age=0, s-maxage={}, stale-while-revalidate={}, stale-if-error={}",
        seconds(fresh),
        seconds(revalidate),
        seconds(error)
    )
}

/// One finished answer.
pub(crate) struct Entry {
    headers: HeaderMap,
    etag: HeaderValue,
    bytes: Bytes,
    pub(crate) depends_on: Vec<String>,
    valid_until: Option<Instant>,
    /// Set by readers, cleared by the hand that looks for what to drop (see [`super::store`]).
    pub(crate) visited: AtomicBool,
}

impl Entry {
    /// Finishes an answer in a coding, or as it is if that makes it no smaller. May take milliseconds.
    pub(crate) fn finish(
        mut headers: HeaderMap,
        body: &[u8],
        coding: Coding,
        cacheable: Cacheable,
        now: Instant,
    ) -> Self {
        headers.remove(header::CONTENT_LENGTH);
        let vary = if headers.contains_key(header::VARY) { "accept, accept-encoding" } else { "accept-encoding" };
        headers.insert(header::VARY, HeaderValue::from_static(vary));
        set(&mut headers, header::CACHE_CONTROL, &lifetime(now, cacheable.valid_until));
        set(&mut headers, HeaderName::from_static("surrogate-key"), &cacheable.depends_on.join(" "));
        if let Some(changed) = cacheable.last_modified {
            set(&mut headers, header::LAST_MODIFIED, &changed.http_date());
        }
        let compressed = if body.len() < WORTH_COMPRESSING { None } else { compress(coding, body) };
        let bytes = match compressed.filter(|compressed| compressed.len() < body.len()) {
            Some(compressed) => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
                Bytes::copy_from_slice(&compressed)
            }
            // a copy has no room to grow: many answers are kept, and for long
            None => Bytes::copy_from_slice(body),
        };
        let hash = Sha256::digest(&bytes);
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..16]));
        let etag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        headers.insert(header::ETAG, etag.clone());
        let Cacheable { depends_on, valid_until, last_modified: _ } = cacheable;
        // nor has a copy of these
        let headers = headers.clone();
        Self { headers, etag, bytes, depends_on, valid_until, visited: AtomicBool::new(false) }
    }

    /// Whether the answer still holds.
    pub(crate) fn holds(&self, now: Instant) -> bool {
        self.valid_until.is_none_or(|until| now < until)
    }

    /// What the answer costs in memory, in bytes: with what an allocator rounds up (an eighth), its headers, and what the
    /// store keeps to find it by its target and by each object. As measured, see docs/benchmarks.md.
    pub(crate) fn size(&self) -> usize {
        let headers = self.headers.values().map(|value| value.len() + 130).sum::<usize>();
        let dependencies = self.depends_on.iter().map(|key| 2 * key.len() + 150).sum::<usize>();
        self.bytes.len() / 8 * 9 + headers + dependencies + 600
    }

    /// The answer to one request: 200, or 304 if the client has it already.
    pub(crate) fn answer(&self, method: &Method, request: &HeaderMap, now: Instant) -> Response<Body> {
        let mut headers = self.headers.clone();
        if let Some(until) = self.valid_until
            && until.since(now) < FRESH + STALE_ERROR
        {
            set(&mut headers, header::CACHE_CONTROL, &lifetime(now, self.valid_until));
        }
        let known = request.get_all(header::IF_NONE_MATCH).iter().any(|known| matches(known, &self.etag));
        let (status, body) = if known {
            headers.remove(header::CONTENT_TYPE);
            headers.remove(header::CONTENT_ENCODING);
            (StatusCode::NOT_MODIFIED, Body::empty())
        } else if *method == Method::HEAD {
            headers.insert(header::CONTENT_LENGTH, self.bytes.len().into());
            (StatusCode::OK, Body::empty())
        } else {
            (StatusCode::OK, Body::from(self.bytes.clone()))
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether `If-None-Match` names an `ETag` (weak comparison, RFC 9110 §13.1.2).
fn matches(known: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(known), Ok(etag)) = (known.to_str(), etag.to_str()) else { return false };
    known.trim() == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag)
}

fn compress(coding: Coding, body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() / 2);
    match coding {
        Coding::Identity => return None,
        Coding::Brotli => {
            let mut writer = brotli::CompressorWriter::new(&mut out, 4096, 5, 22);
            writer.write_all(body).and_then(|()| writer.flush()).ok()?;
            drop(writer);
        }
        Coding::Zstd => out = zstd::bulk::compress(body, 6).ok()?,
        Coding::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(&mut out, flate2::Compression::new(6));
            writer.write_all(body).and_then(|()| writer.try_finish()).ok()?;
            drop(writer);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(until: Option<u64>, coding: Coding) -> Entry {
        let valid_until = until.map(|seconds| Instant::from_micros(0).plus(Duration::from_secs(seconds)));
        let cacheable = Cacheable { depends_on: vec!["policy/privacy".into()], valid_until, last_modified: None };
        let body = "promise ".repeat(100);
        Entry::finish(HeaderMap::new(), body.as_bytes(), coding, cacheable, Instant::from_micros(0))
    }

    fn cache_control(entry: &Entry, now: u64) -> String {
        let now = Instant::from_micros(0).plus(Duration::from_secs(now));
        let response = entry.answer(&Method::GET, &HeaderMap::new(), now);
        response.headers()[header::CACHE_CONTROL].to_str().expect("ASCII").to_owned()
    }

    #[test]
    fn no_lifetime_goes_beyond_the_change() {
        assert!(
            cache_control(&entry(None, Coding::Identity), 0)
                .ends_with("s-maxage=60, stale-while-revalidate=600, stale-if-error=86400")
        );
        let soon = entry(Some(1000), Coding::Identity);
        assert!(cache_control(&soon, 0).ends_with("s-maxage=60, stale-while-revalidate=600, stale-if-error=940"));
        assert!(cache_control(&soon, 990).ends_with("s-maxage=10, stale-while-revalidate=0, stale-if-error=0"));
        assert!(soon.holds(Instant::from_micros(999_000_000)));
        assert!(!soon.holds(Instant::from_micros(1_000_000_000)));
    }

    #[test]
    fn every_coding_has_its_own_etag() {
        let codings = [Coding::Brotli, Coding::Zstd, Coding::Gzip, Coding::Identity];
        let entries = codings.map(|coding| (coding, entry(None, coding)));
        for (index, (coding, entry)) in entries.iter().enumerate() {
            assert!(entries[..index].iter().all(|(_, other)| other.etag != entry.etag));
            let now = Instant::from_micros(0);
            let answer = entry.answer(&Method::GET, &HeaderMap::new(), now);
            let named = answer
                .headers()
                .get(header::CONTENT_ENCODING)
                .map_or("identity", |name| name.to_str().expect("a name"));
            assert_eq!((answer.status(), named), (StatusCode::OK, coding.name()));
            let request = HeaderMap::from_iter([(header::IF_NONE_MATCH, entry.etag.clone())]);
            assert_eq!(entry.answer(&Method::GET, &request, now).status(), StatusCode::NOT_MODIFIED);
        }
    }

    #[test]
    fn what_grows_by_it_is_not_coded() {
        let body = b"short";
        let entry = Entry::finish(HeaderMap::new(), body, Coding::Gzip, Cacheable::default(), Instant::from_micros(0));
        assert_eq!((entry.headers.get(header::CONTENT_ENCODING), &entry.bytes[..]), (None, &b"short"[..]));
    }
}
