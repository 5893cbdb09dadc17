//! Backups: everything that administrators made, as one JSON document, and back (API-086…API-101).
//!
//! A dump is read in pages and handed on as text, a document that is loaded is cut into its objects without being taken
//! apart: neither needs memory for more than a page, beside the text of the document itself. Each kind of object implements
//! [`object::Restorable`]; [`kinds`] lists them in the order of loading. An object is restored completely or not at all.

mod accounts;
mod api_keys;
mod catalogues;
mod configurations;
mod cut;
mod dump;
mod file;
mod ip_lists;
mod kinds;
mod load;
pub(in crate::admin) mod object;
mod report;
mod rules_and_shares;
mod scan;
mod scope;
#[cfg(test)]
mod tests;
mod upgrade;

pub use dump::{Dump, DumpOptions, dump, dump_to_file};
pub use load::{LoadMode, LoadOptions, QuotaScan, limit, load, load_file};
pub use report::{Entry, Failure, LoadReport, Outcome};
pub use scope::{Scope, UnknownScope};

/// Version of the documents that are written, and the newest that is read (API-090).
pub const VERSION: i64 = 17;
