//! What is wrong in a document, and where.

use std::fmt;

/// One broken rule, and where it was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A JSON pointer (RFC 6901) into the document that was looked at.
    pub pointer: String,
    /// A stable name for programs.
    pub code: &'static str,
    /// What is wrong or wanted, without a full stop; never quotes a value.
    pub message: String,
}

impl Fault {
    /// A fault at a pointer.
    pub fn at(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, message: message.into() }
    }

    /// A value that is not taken.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::at(pointer, "invalid_value", message)
    }

    /// The same fault in a document that holds the other one at `prefix`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.message)
    }
}
