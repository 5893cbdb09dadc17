//! Files over HTTP: what the REST API, the pages and shares have in common.
//!
//! Each function takes the files of a session and the request, and answers in the form of the REST contract. Who asks, and
//! which paths that one may name, was decided before.

mod body;
mod changes;
mod content_type;
mod download;
mod entry;
mod listing;
mod multipart;
mod query;
mod refusal;
mod upload;

pub(crate) use changes::{create_directory, delete_directory, delete_file, rename, set_modified};
pub(crate) use download::download;
pub(crate) use listing::list;
pub(crate) use multipart::receive_form;
pub(crate) use query::PathQuery;
pub(crate) use refusal::refused;
pub(crate) use upload::{Placing, receive};
