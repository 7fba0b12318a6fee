//! Policies from memory against the bare server.

use bonafide_test_support::Installation;

use super::bare::Bodies;
use super::wrk::{self, Bounds, Target};
use super::{Figure, wire};
use crate::{Failure, site};

/// Measures the text in force and the text of a day.
pub(super) fn run(home: &Installation, policy: &str, as_of: &str) -> Result<Vec<Figure>, Failure> {
    let server = site::start(home, &[]);
    let mut figures = Vec::new();
    for (name, path) in [
        ("GET /v1/policies/{policy}", format!("/v1/policies/{policy}")),
        ("GET /v1/policies/{policy}?as_of=", format!("/v1/policies/{policy}?as_of={as_of}")),
    ] {
        let bodies = Bodies { bodies: 1, bytes: wire::size(server.base_url(), &path)? };
        let bounds = Bounds { rate: 0.85, cpu: Some(1.3) };
        let measured = (server.base_url(), server.pid());
        figures.extend(wrk::against_bare(measured, (name, &Target::One(path)), bodies, &bounds)?);
    }
    server.stop();
    Ok(figures)
}
