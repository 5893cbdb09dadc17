//! What the server sends out: mail, for now.
//!
//! Owns the conversation with mail servers and the templates of mails. It must not know accounts, codes or rules: who gets
//! a mail, and when, is decided in `core`, which calls this room with addresses and values, in a pool of its own: the calls
//! block. Each conversation has a deadline.

pub mod mail;
pub mod template;

pub use mail::{Delivery, Mail, MailError};
pub use template::{Field, MailKind, Rendered, TemplateError, check_html, check_subject, render};
