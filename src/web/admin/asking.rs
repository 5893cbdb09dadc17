//! The page that asks before something is deleted, or done that cannot be undone.

use askama::Template;

use crate::frame::Shell;

/// The question. It is answered by a form that is sent to `action`, or by going `back`.
#[derive(Template)]
#[template(path = "admin/delete.html")]
pub(super) struct AskPage {
    pub(super) f: Shell,
    pub(super) title: String,
    /// What comes of it.
    pub(super) text: String,
    pub(super) button: &'static str,
    /// What it is about.
    pub(super) name: String,
    pub(super) action: String,
    pub(super) back: String,
    /// Title and address of the list it is in.
    pub(super) parent: &'static str,
    pub(super) parent_href: String,
}
