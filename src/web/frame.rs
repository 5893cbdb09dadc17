//! What all pages with a session share, those of administrators (`/web/admin`) and those of users (`/web/client`): cookies,
//! the check of forms, language and theme, the shell around the content, and how errors look.
//!
//! A handler takes [`AdminPage`] or [`ClientPage`] for a page and [`AdminForm`] or [`ClientForm`] for what a form sends, calls
//! one use case of `core`, and answers with [`render`] or [`redirect`]. It returns [`PageResult`]: any error of `core` becomes
//! a page, a missing session leads to the login, and an open duty to where it is done.

pub(crate) mod answer;
pub(crate) mod cookies;
pub(crate) mod form;
pub(crate) mod hits;
pub(crate) mod look;
pub(crate) mod next;
pub(crate) mod preferences;
pub(crate) mod session;
pub(crate) mod shell;
pub(crate) mod told;
pub(crate) mod words;

pub(crate) use answer::{PageError, PageResult, finish, redirect, render};
pub(crate) use form::Form;
pub(crate) use look::Look;
pub(crate) use session::{AdminForm, AdminPage, ClientForm, ClientPage};
pub(crate) use shell::Shell;

use entrepot_core::tokens::TokenKind;

/// Whose pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// `/web/admin`.
    Admin,
    /// `/web/client`.
    Client,
}

impl Area {
    /// Where its pages are.
    pub(crate) const fn root(self) -> &'static str {
        match self {
            Self::Admin => "/web/admin",
            Self::Client => "/web/client",
        }
    }

    /// The first page after the login.
    pub(crate) const fn home(self) -> &'static str {
        match self {
            Self::Admin => "/web/admin/overview",
            Self::Client => "/web/client/files",
        }
    }

    /// A page of the area.
    pub(crate) fn page(self, name: &str) -> String {
        format!("{}/{name}", self.root())
    }

    /// What its session is.
    pub(crate) const fn kind(self) -> TokenKind {
        match self {
            Self::Admin => TokenKind::WebAdmin,
            Self::Client => TokenKind::WebClient,
        }
    }

    /// What stands between the password and the code.
    pub(crate) const fn pending(self) -> TokenKind {
        match self {
            Self::Admin => TokenKind::WebAdminPending,
            Self::Client => TokenKind::WebClientPending,
        }
    }
}

#[cfg(test)]
mod tests;
