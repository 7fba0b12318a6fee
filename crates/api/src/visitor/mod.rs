//! What visitors see and send without scripts: pages of forms, receipts, and the bodies that browsers post.
//!
//! The pages are pure functions of values: no cookie, no script, no request to anybody else. [`page`] renders, [`words`]
//! says the product's own phrases in the visitor's language, [`posted`] reads what a browser sends back.

pub(crate) mod page;
pub(crate) mod posted;
pub(crate) mod words;
