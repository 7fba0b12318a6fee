//! Everything of one person as a ZIP archive: for programs, for spreadsheets, and for reading.
//!
//! The archive is made while it is taken: [`Pieces`] gives one after the other, and whoever takes none has nothing opened.
//! At any moment at most one submission is open; what stays in memory is its id and the leave to read it. Readings are put on record
//! [`TOGETHER`] at a time, in one commit, before the first of them is opened. Each file is a walk over all submissions, so that
//! each is opened three times in one reading. What is erased meanwhile is missing from then on. Nobody is asked again whether whoever
//! wanted it still may: after [`LONGEST`] it breaks off.

use super::file::File;
use crate::purpose::{Archive, Fields, Grant, Sealed, Shape, SubjectRights};
use crate::submission::{Column, Submission, find, open, sealed};
use crate::{Error, Retention};
use bonafide_ledger::Act;
use bonafide_model::access::EraseSubmissions;
use bonafide_model::id::SubmissionId;
use bonafide_model::{EmailAddress, Instant};
use bonafide_storage::sql;
use sea_orm::{ConnectionTrait as _, QueryResult};
use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

/// How many readings share a commit: as many at most are on record of an export that breaks off, and were never made.
pub const TOGETHER: usize = 32;

/// How long it may be taken: as long as an access token is good, which a request that lasts would outlive. Whoever is suspended
/// meanwhile gets no more after that.
pub const LONGEST: Duration = Duration::from_mins(10);

/// What a person would get.
pub struct Export {
    retention: Retention,
    act: Act<EraseSubmissions>,
    theirs: VecDeque<SubmissionId>,
}

/// The archive, piece by piece. Nothing of it is kept anywhere.
pub struct Pieces {
    export: Export,
    began: std::time::Instant,
    granted: Vec<Grant<SubjectRights>>,
    zip: Option<ZipWriter<StreamWriter<Out>>>,
    out: Out,
    place: Place,
}

/// What comes next.
#[derive(Clone, Copy)]
enum Place {
    Head(File),
    /// The submission with this number; whether one stands before it in the file.
    Part(File, usize, bool),
    End,
}

impl Retention {
    /// Finds what an export would hold. Nothing is opened yet.
    ///
    /// # Errors
    /// If one of the planes cannot be read.
    pub async fn export(&self, act: Act<EraseSubmissions>, address: &EmailAddress) -> Result<Export, Error> {
        let theirs = self.of(&act, address).await?;
        Ok(Export { retention: self.clone(), act, theirs: theirs.into_iter().map(|found| found.id).collect() })
    }
}

impl Export {
    /// How many submissions it holds.
    pub fn submissions(&self) -> usize {
        self.theirs.len()
    }

    /// Puts the export, and the first readings, on record.
    ///
    /// # Errors
    /// If that cannot be done; then nothing was opened.
    pub async fn begin(self) -> Result<Pieces, Error> {
        self.retention.note(&self.act, "subject.export").await?;
        let out = Out::default();
        let zip = Some(ZipWriter::new_stream(out.clone()));
        let (began, now) = (std::time::Instant::now(), self.act.now());
        let mut pieces = Pieces { export: self, began, granted: Vec::new(), zip, out, place: Place::Head(File::Json) };
        pieces.record(now).await?;
        Ok(pieces)
    }
}

impl Pieces {
    /// The next bytes; `None` after the last. After an error what was given is no archive: its directory is missing.
    ///
    /// # Errors
    /// If something cannot be read, a file would be larger than 4 GiB, or it takes longer than [`LONGEST`].
    pub async fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        self.next_at(self.export.act.now().plus(self.began.elapsed())).await
    }

    /// The next bytes, at an instant.
    ///
    /// # Errors
    /// As [`Pieces::next`].
    pub async fn next_at(&mut self, now: Instant) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        loop {
            if let Some(piece) = self.out.take() {
                return Ok(Some(piece));
            }
            if self.zip.is_none() {
                return Ok(None);
            }
            if now >= self.export.act.now().plus(LONGEST) {
                return Err(Error::TooSlow);
            }
            self.step(now).await?;
        }
    }

    async fn step(&mut self, now: Instant) -> Result<(), Error> {
        self.place = match self.place {
            Place::Head(file) => {
                // without compression: how well something compresses tells what it says
                let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
                let begun = self.zip.as_mut().map(|zip| zip.start_file(file.name(), stored));
                begun.transpose().map_err(|error| Error::Archive(error.to_string()))?;
                self.write(file.head())?;
                Place::Part(file, 0, false)
            }
            Place::Part(file, number, after) if number < self.granted.len() => {
                let part = self.part(file, &self.granted[number]).await?;
                if let Some(part) = &part {
                    self.write(if after { file.separator() } else { "" })?;
                    self.write(part)?;
                }
                Place::Part(file, number + 1, after || part.is_some())
            }
            Place::Part(file, number, after) => {
                if self.record(now).await? {
                    Place::Part(file, number, after)
                } else {
                    self.write(file.tail())?;
                    file.next().map_or(Place::End, Place::Head)
                }
            }
            Place::End => {
                let zip = self.zip.take();
                zip.map(ZipWriter::finish).transpose().map_err(|error| Error::Archive(error.to_string()))?;
                Place::End
            }
        };
        Ok(())
    }

    /// Puts further readings on record, as made now; false if there are none left to be recorded.
    async fn record(&mut self, now: Instant) -> Result<bool, Error> {
        let Export { retention, act, theirs } = &mut self.export;
        let count = theirs.len().min(TOGETHER);
        let next: Vec<_> = theirs.drain(..count).collect();
        if !next.is_empty() {
            let act = Act::new(*act.granted(), now, act.entropy().clone());
            self.granted.extend(retention.grant_many(&act, &next, SubjectRights).await?);
        }
        Ok(count > 0)
    }

    fn write(&mut self, text: &str) -> Result<(), Error> {
        let written = self.zip.as_mut().map(|zip| zip.write_all(text.as_bytes()));
        written.transpose().map(drop).map_err(|error| Error::Archive(error.to_string()))
    }

    /// What a file says of a submission; `None` if it was erased meanwhile.
    async fn part(&self, file: File, grant: &Grant<SubjectRights>) -> Result<Option<Zeroizing<String>>, Error> {
        let Export { retention, act, .. } = &self.export;
        let Some(shape) = file.shape() else { return Ok(Some(retention.readings(grant.record()).await?)) };
        let Some((submission, archive)) = retention.archive(act, grant, shape).await? else { return Ok(None) };
        Ok(Some(file.shows(&submission, &archive)))
    }
}

impl Retention {
    /// Opens a submission whose reading is on record; `None` if it was erased since.
    async fn archive(
        &self,
        act: &Act<EraseSubmissions>,
        grant: &Grant<SubjectRights>,
        shape: Shape,
    ) -> Result<Option<(Submission, Archive)>, Error> {
        let (id, db) = (grant.record(), self.db.read());
        let keys = match self.vault.keys(id.uuid()).await {
            Err(bonafide_vault::Error::Gone) => return Ok(None),
            keys => keys?,
        };
        // in this order: what is live afterwards was whole when it was read
        let (sealed, submission) = (sealed(db, id).await?, find(db, act.site(), id).await?);
        if !submission.state.is_live() {
            return Ok(None);
        }
        let mut archive = Archive::new(shape);
        let theirs = |(column, _): &(Column, Vec<u8>)| keys.groups().has(column.group());
        for (column, envelope) in sealed.into_iter().filter(theirs) {
            let sealed = Sealed::<Fields>::from_envelope(id, envelope);
            let opened = sealed.open(grant, |envelope| open(&keys, &submission, column, envelope));
            opened.map_err(|_| Error::Vault(bonafide_vault::Error::Altered))?.give_all(&mut archive);
        }
        Ok(Some((submission, archive)))
    }

    /// Who has read it, when and what for: by role, not by name.
    async fn readings(&self, id: SubmissionId) -> Result<Zeroizing<String>, Error> {
        let db = self.db.read();
        let select = "SELECT at, purpose, account_id IS NOT NULL AS by_person FROM reading WHERE submission_id = $1 ORDER BY position";
        let rows = db.query_all_raw(sql(db, select, [id.uuid().into()])).await?;
        let line = |row: &QueryResult| {
            let at = Instant::from_micros(row.try_get("", "at")?);
            let purpose: String = row.try_get("", "purpose")?;
            let by = if row.try_get::<bool>("", "by_person")? { "staff" } else { "program" };
            Ok(format!("{id},{at},{purpose},{by}\r\n"))
        };
        Ok(Zeroizing::new(rows.iter().map(line).collect::<Result<String, Error>>()?))
    }
}

/// What was written into the archive and is not taken yet. Each write stays a piece of its own: bytes that grow leave copies behind.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<VecDeque<Zeroizing<Vec<u8>>>>>);

impl Out {
    fn take(&self) -> Option<Zeroizing<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !bytes.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(Zeroizing::new(bytes.to_vec()));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
