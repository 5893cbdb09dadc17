//! Files over HTTP: what the REST API, the pages and shares have in common.
//!
//! Each function takes the files of a session and the request, and answers in the form of the REST contract. Who asks, and
//! which paths that one may name, was decided before.

mod actions;
mod body;
mod buffers;
mod changes;
mod checksums;
mod content_type;
mod download;
mod entry;
mod expected;
mod incoming;
mod listing;
mod multipart;
mod query;
mod readable;
mod refusal;
mod search;
mod tree;
mod upload;
mod zip;

pub(crate) use actions::{copy, delete_directory, move_to, shown_job};
pub(crate) use changes::{create_directory, delete_file, rename, set_modified};
pub(crate) use checksums::{checksum, list_checksums};
pub(crate) use download::{download, first_byte};
pub(crate) use entry::{percent_encoded, version};
pub(crate) use expected::{is_as_expected, note_state};
pub(crate) use incoming::Incoming;
pub(crate) use listing::list;
pub(crate) use multipart::{receive_form, receive_guarded_form};
pub(crate) use query::{PathQuery, decoded_path};
pub(crate) use refusal::refused;
pub(crate) use search::{Wanted, search};
pub(crate) use tree::{Weight, weigh};
pub(crate) use upload::{Placing, declared_length, is_time, receive, receive_all, replace_all};
pub(crate) use zip::{send_zip, zip_name};
