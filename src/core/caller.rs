//! Who asks over REST: what was shown, and what may be done with it.

use std::{net::IpAddr, sync::Arc};

use entrepot_model::{EffectiveUser, VirtualPath};

use crate::{
    Authenticated, Lease, Result,
    tokens::{Claims, Duties},
};

/// What a request showed for its account.
#[derive(Debug, Clone, Default)]
pub(crate) enum Shown {
    /// A password just now, or nothing: the server itself.
    #[default]
    Nothing,
    /// A token.
    Token(Box<Claims>),
    /// The API key with this id.
    Key(String),
}

impl Shown {
    /// The token, if it was one.
    pub(crate) fn claims(&self) -> Option<&Claims> {
        match self {
            Self::Token(claims) => Some(claims),
            Self::Nothing | Self::Key(_) => None,
        }
    }

    /// Id of the API key, if it was one.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::Key(id) => Some(id),
            Self::Nothing | Self::Token(_) => None,
        }
    }
}

/// The user of a request. The account was looked up for this request, with its groups merged, and may go on.
#[derive(Clone)]
pub struct UserCaller {
    login: Authenticated,
    shown: Shown,
    duties: Duties,
}

impl UserCaller {
    pub(crate) fn new(login: Authenticated, shown: Shown, duties: Duties) -> Self {
        Self { login, shown, duties }
    }

    /// Opens sessions, for files.
    pub fn login(&self) -> &Authenticated {
        &self.login
    }

    /// A lease on the session that requests with the same token or API key share.
    ///
    /// # Errors
    /// As [`Authenticated::lease`].
    pub fn lease(&self) -> Result<Lease> {
        match &self.shown {
            Shown::Token(claims) => self.login.lease("HTTP", &claims.jti),
            Shown::Key(id) => self.login.lease("HTTP", &format!("key {id}")),
            Shown::Nothing => self.login.lease("HTTP", ""),
        }
    }

    /// The account with its groups merged.
    pub fn user(&self) -> &Arc<EffectiveUser> {
        self.login.user()
    }

    /// The directory that relative paths begin in (ACC-330).
    pub fn start_directory(&self) -> VirtualPath {
        let start = self.user().user.filters.base.start_directory.as_bytes();
        VirtualPath::parse(start).unwrap_or_else(|_| VirtualPath::root())
    }

    /// Name of the account.
    pub fn username(&self) -> &str {
        &self.user().user.username
    }

    /// Where the request came from.
    pub fn ip(&self) -> IpAddr {
        self.login.peer.remote.ip().to_canonical()
    }

    /// What must be done before anything else.
    pub fn duties(&self) -> &Duties {
        &self.duties
    }

    /// The token, if it was one.
    pub fn claims(&self) -> Option<&Claims> {
        self.shown.claims()
    }

    /// What was shown.
    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Id of the API key, if it was one.
    pub fn api_key(&self) -> Option<&str> {
        self.shown.key()
    }

    /// The stored password hash.
    pub(crate) fn password_hash(&self) -> Option<&str> {
        self.login.account.password_hash()
    }
}

impl std::fmt::Debug for UserCaller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserCaller").field("username", &self.username()).finish_non_exhaustive()
    }
}
