//! Content types, pages and entries, their revisions, and the published snapshot that delivery reads.
