//! A grant comes in with a request.

use bonafide_retention::purpose::*;

fn f(body: &str) -> Option<Grant<FulfilRequest>> {
    serde_json::from_str(body).ok()
}

fn main() {}
