//! The files of an export: how each begins, what it says of one submission, and how it ends.

use crate::purpose::{Archive, Shape, joined};
use crate::submission::Submission;
use zeroize::Zeroizing;

/// A file of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    /// What they sent, for programs.
    Json,
    /// The same for spreadsheets.
    Csv,
    /// The same to be read.
    Html,
    /// Who has read it.
    Readings,
}

const PAGE: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>What you sent</title>
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<style>body{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto}th{text-align:left;vertical-align:top;padding-right:1rem}td{white-space:pre-wrap;unicode-bidi:isolate}</style>
<h1>What you sent</h1>\n";

impl File {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Json => "submissions.json",
            Self::Csv => "submissions.csv",
            Self::Html => "index.html",
            Self::Readings => "readings.csv",
        }
    }

    /// The file after it.
    pub(super) const fn next(self) -> Option<Self> {
        match self {
            Self::Json => Some(Self::Csv),
            Self::Csv => Some(Self::Html),
            Self::Html => Some(Self::Readings),
            Self::Readings => None,
        }
    }

    pub(super) const fn head(self) -> &'static str {
        match self {
            Self::Json => "[",
            Self::Csv => "submission,form,submitted_at,field,value\r\n",
            Self::Html => PAGE,
            Self::Readings => "submission,at,purpose,by\r\n",
        }
    }

    /// What stands between two submissions.
    pub(super) const fn separator(self) -> &'static str {
        if matches!(self, Self::Json) { ",\n" } else { "" }
    }

    pub(super) const fn tail(self) -> &'static str {
        if matches!(self, Self::Json) { "]\n" } else { "" }
    }

    /// How it shows what was written; `None` if it shows nothing of it.
    pub(super) const fn shape(self) -> Option<Shape> {
        match self {
            Self::Json => Some(Shape::Json),
            Self::Csv => Some(Shape::Csv),
            Self::Html => Some(Shape::Html),
            Self::Readings => None,
        }
    }

    /// A submission as this file shows it.
    pub(super) fn shows(self, submission: &Submission, archive: &Archive) -> Zeroizing<String> {
        let Submission { id, form, received_at, due_at, .. } = submission;
        match self {
            Self::Json => {
                let head = serde_json::json!({
                    "id": id,
                    "form": form.as_str(),
                    "state": submission.state.name(),
                    "submitted_at": received_at,
                    "due_at": due_at,
                    "policy": submission.policy.as_ref().map(|policy| format!("{}/{}", policy.policy, policy.number)),
                })
                .to_string();
                joined(&[head.trim_end_matches('}'), ",\"fields\":{", &archive.text(""), "}}"])
            }
            Self::Csv => archive.text(&format!("{id},{form},{received_at},")),
            Self::Html => {
                let title = format!("<h2>{form} – {received_at}</h2>\n<table>\n");
                let due = format!("</table>\n<p>Kept until {due_at} at most.</p>\n");
                joined(&[&title, &archive.text(""), &due])
            }
            Self::Readings => Zeroizing::default(),
        }
    }
}
