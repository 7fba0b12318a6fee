//! One finished answer: its bytes in every coding, its headers, and how long it holds.

use super::negotiate::{self, Coding};
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

/// The bytes of an answer in one coding.
struct Variant {
    coding: Coding,
    etag: HeaderValue,
    headers: HeaderMap,
    bytes: Bytes,
}

/// One finished answer.
pub(crate) struct Entry {
    variants: Vec<Variant>,
    pub(crate) depends_on: Vec<String>,
    valid_until: Option<Instant>,
    /// Set by readers, cleared by the hand that looks for what to drop (see [`super::store`]).
    pub(crate) visited: AtomicBool,
}

impl Entry {
    /// Finishes an answer. Compresses, so call it where that may take milliseconds.
    pub(crate) fn finish(mut headers: HeaderMap, body: &Bytes, cacheable: Cacheable, now: Instant) -> Self {
        headers.remove(header::CONTENT_LENGTH);
        let compressible = body.len() >= WORTH_COMPRESSING;
        let vary = if headers.contains_key(header::VARY) { "accept, accept-encoding" } else { "accept-encoding" };
        headers.insert(header::VARY, HeaderValue::from_static(vary));
        set(&mut headers, header::CACHE_CONTROL, &lifetime(now, cacheable.valid_until));
        set(&mut headers, HeaderName::from_static("surrogate-key"), &cacheable.depends_on.join(" "));
        if let Some(changed) = cacheable.last_modified {
            set(&mut headers, header::LAST_MODIFIED, &changed.http_date());
        }
        let mut variants = vec![variant(Coding::Identity, &headers, body.clone())];
        for coding in Coding::COMPRESSED.into_iter().filter(|_| compressible) {
            if let Some(bytes) = compress(coding, body).filter(|bytes| bytes.len() < body.len()) {
                variants.push(variant(coding, &headers, bytes.into()));
            }
        }
        Self {
            variants,
            depends_on: cacheable.depends_on,
            valid_until: cacheable.valid_until,
            visited: AtomicBool::new(false),
        }
    }

    /// Whether the answer still holds.
    pub(crate) fn holds(&self, now: Instant) -> bool {
        self.valid_until.is_none_or(|until| now < until)
    }

    /// What the answer costs in memory, in bytes, headers and bookkeeping included.
    pub(crate) fn size(&self) -> usize {
        let bytes: usize = self.variants.iter().map(|variant| variant.bytes.len() + 1200).sum();
        bytes + self.depends_on.iter().map(|key| 2 * key.len() + 100).sum::<usize>() + 200
    }

    /// The answer to one request: 200, or 304 if the client has it already.
    pub(crate) fn answer(&self, method: &Method, request: &HeaderMap, now: Instant) -> Response<Body> {
        let coding = negotiate::coding(request);
        let variant = self.variants.iter().find(|variant| variant.coding == coding).unwrap_or(&self.variants[0]);
        let mut headers = variant.headers.clone();
        if let Some(until) = self.valid_until
            && until.since(now) < FRESH + STALE_ERROR
        {
            set(&mut headers, header::CACHE_CONTROL, &lifetime(now, self.valid_until));
        }
        let known = request.get_all(header::IF_NONE_MATCH).iter().any(|known| matches(known, &variant.etag));
        let (status, body) = if known {
            headers.remove(header::CONTENT_TYPE);
            headers.remove(header::CONTENT_ENCODING);
            (StatusCode::NOT_MODIFIED, Body::empty())
        } else if *method == Method::HEAD {
            headers.insert(header::CONTENT_LENGTH, variant.bytes.len().into());
            (StatusCode::OK, Body::empty())
        } else {
            (StatusCode::OK, Body::from(variant.bytes.clone()))
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

fn variant(coding: Coding, headers: &HeaderMap, bytes: Bytes) -> Variant {
    let mut headers = headers.clone();
    let hash = Sha256::digest(&bytes);
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..16]));
    let etag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    headers.insert(header::ETAG, etag.clone());
    if coding != Coding::Identity {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    Variant { coding, etag, headers, bytes }
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

    fn entry(until: Option<u64>) -> Entry {
        let valid_until = until.map(|seconds| Instant::from_micros(0).plus(Duration::from_secs(seconds)));
        let cacheable = Cacheable { depends_on: vec!["policy/privacy".into()], valid_until, last_modified: None };
        Entry::finish(HeaderMap::new(), &Bytes::from("promise ".repeat(100)), cacheable, Instant::from_micros(0))
    }

    fn cache_control(entry: &Entry, now: u64) -> String {
        let now = Instant::from_micros(0).plus(Duration::from_secs(now));
        let response = entry.answer(&Method::GET, &HeaderMap::new(), now);
        response.headers()[header::CACHE_CONTROL].to_str().expect("ASCII").to_owned()
    }

    #[test]
    fn no_lifetime_goes_beyond_the_change() {
        assert!(
            cache_control(&entry(None), 0).ends_with("s-maxage=60, stale-while-revalidate=600, stale-if-error=86400")
        );
        let soon = entry(Some(1000));
        assert!(cache_control(&soon, 0).ends_with("s-maxage=60, stale-while-revalidate=600, stale-if-error=940"));
        assert!(cache_control(&soon, 990).ends_with("s-maxage=10, stale-while-revalidate=0, stale-if-error=0"));
        assert!(soon.holds(Instant::from_micros(999_000_000)));
        assert!(!soon.holds(Instant::from_micros(1_000_000_000)));
    }

    #[test]
    fn every_coding_has_its_own_etag() {
        let entry = entry(None);
        assert_eq!(entry.variants.len(), 4);
        for (index, variant) in entry.variants.iter().enumerate() {
            assert!(entry.variants[..index].iter().all(|other| other.etag != variant.etag));
            let mut request = HeaderMap::new();
            request.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(variant.coding.name()));
            request.insert(header::IF_NONE_MATCH, variant.etag.clone());
            let now = Instant::from_micros(0);
            assert_eq!(entry.answer(&Method::GET, &request, now).status(), StatusCode::NOT_MODIFIED);
            request.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            let expected = if index == 0 { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
            assert_eq!(entry.answer(&Method::GET, &request, now).status(), expected);
        }
    }
}
