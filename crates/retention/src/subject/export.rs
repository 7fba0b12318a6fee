//! Everything of one person as a ZIP archive: for programs, for spreadsheets, and for reading.

use crate::purpose::{Archive, SubjectRights, joined};
use crate::submission::Submission;
use crate::{Error, Retention};
use bonafide_ledger::Act;
use bonafide_model::access::EraseSubmissions;
use bonafide_model::{EmailAddress, Instant};
use bonafide_storage::sql;
use sea_orm::ConnectionTrait as _;
use std::io::Write;
use zeroize::Zeroizing;

/// What a person gets, opened one submission after the other while it is written out. Nothing of it is kept anywhere.
pub struct Export {
    retention: Retention,
    act: Act<EraseSubmissions>,
    theirs: Vec<Submission>,
}

/// What is collected for the files of the archive.
#[derive(Default)]
struct Files {
    json: Vec<Zeroizing<String>>,
    csv: Vec<Zeroizing<String>>,
    html: Vec<Zeroizing<String>>,
    readings: Vec<Zeroizing<String>>,
}

impl Retention {
    /// Finds what an export would hold. Nothing is opened yet.
    ///
    /// # Errors
    /// If one of the planes cannot be read.
    pub async fn export(&self, act: Act<EraseSubmissions>, address: &EmailAddress) -> Result<Export, Error> {
        let theirs = self.of(&act, address).await?;
        Ok(Export { retention: self.clone(), act, theirs })
    }
}

impl Export {
    /// How many submissions it holds.
    pub fn submissions(&self) -> usize {
        self.theirs.len()
    }

    /// Opens each submission, whose reading is recorded before, and writes the archive.
    ///
    /// # Errors
    /// If something cannot be read. What was erased meanwhile is left out.
    pub async fn archive(self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut files = Files::default();
        for submission in &self.theirs {
            let opened = self.retention.expose(self.act.clone(), submission.id, SubjectRights).await;
            let (_, submission, exposed) = match opened {
                Err(Error::NotFound | Error::Refused(_)) => continue,
                opened => opened?,
            };
            let mut archive = Archive::default();
            for fields in exposed {
                fields.give_all(&mut archive);
            }
            files.add(&submission, &archive);
            files.readings.extend(self.readings(&submission).await?);
        }
        self.retention.note(&self.act, "subject.export").await?;
        zipped(&files).map_err(|_| Error::Damaged("an archive in memory"))
    }

    /// Who has read it, when and what for: by role, not by name.
    async fn readings(&self, submission: &Submission) -> Result<Vec<Zeroizing<String>>, Error> {
        let db = self.retention.db.read();
        let select = "SELECT at, purpose, account_id IS NOT NULL AS by_person FROM reading WHERE submission_id = $1 ORDER BY position";
        let rows = db.query_all_raw(sql(db, select, [submission.id.uuid().into()])).await?;
        let mut lines = Vec::new();
        for row in rows {
            let at = Instant::from_micros(row.try_get("", "at")?);
            let purpose: String = row.try_get("", "purpose")?;
            let by = if row.try_get::<bool>("", "by_person")? { "staff" } else { "program" };
            lines.push(Zeroizing::new(format!("{},{at},{purpose},{by}\r\n", submission.id)));
        }
        Ok(lines)
    }
}

impl Files {
    fn add(&mut self, submission: &Submission, archive: &Archive) {
        let head = serde_json::json!({
            "id": submission.id,
            "form": submission.form.as_str(),
            "state": submission.state.name(),
            "submitted_at": submission.received_at,
            "due_at": submission.due_at,
            "policy": submission.policy.as_ref().map(|policy| format!("{}/{}", policy.policy, policy.number)),
        })
        .to_string();
        let head = head.trim_end_matches('}');
        self.json.push(joined(&[head, ",\"fields\":", &archive.json(), "}"]));
        self.csv.push(archive.csv(&format!("{},{},{},", submission.id, submission.form, submission.received_at)));
        let title = format!("<h2>{} – {}</h2>\n<table>\n", submission.form, submission.received_at);
        let due = format!("</table>\n<p>Kept until {} at most.</p>\n", submission.due_at);
        self.html.push(joined(&[&title, &archive.html(), &due]));
    }
}

const PAGE: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>What you sent</title>
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<style>body{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto}th{text-align:left;vertical-align:top;padding-right:1rem}td{white-space:pre-wrap;unicode-bidi:isolate}</style>
<h1>What you sent</h1>\n";

/// Writes the files into an archive, without compression: sizes and contents of nobody are mixed.
fn zipped(files: &Files) -> zip::result::ZipResult<Zeroizing<Vec<u8>>> {
    let list = |parts: &[Zeroizing<String>], separator: &str| {
        let mut with: Vec<&str> = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            with.extend((index > 0).then_some(separator));
            with.push(part.as_str());
        }
        joined(&with)
    };
    let contents = [
        ("submissions.json", joined(&["[", &list(&files.json, ",\n"), "]\n"])),
        ("submissions.csv", joined(&["submission,form,submitted_at,field,value\r\n", &list(&files.csv, "")])),
        ("index.html", joined(&[PAGE, &list(&files.html, "")])),
        ("readings.csv", joined(&["submission,at,purpose,by\r\n", &list(&files.readings, "")])),
    ];
    let room = contents.iter().map(|content| content.1.len()).sum::<usize>() + 4096;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(&mut *bytes));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in &contents {
        archive.start_file(*name, options)?;
        archive.write_all(content.as_bytes())?;
    }
    archive.finish()?;
    Ok(bytes)
}
