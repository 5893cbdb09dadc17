//! What the pages of a share show before, and after, a visitor is let in.

use entrepot_model::{Share, ShareScope};

use super::{
    VisitError,
    visit::{find, host, is_usable},
};
use crate::{Core, Peer};

/// What a visitor has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Give the password: [`super::authenticate_password`].
    Password,
    /// Name a mail address, then give the code: [`super::request_code`], [`super::check_code`].
    Code,
    /// Accept the agreement: [`super::accept_agreement`].
    Agreement,
    /// Nothing: [`super::visit`].
    Visit,
}

/// What a page may show of a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// What the visitor has to do next.
    pub next: Next,
    /// The visitor gave a password or a code, so there is a session to leave.
    pub has_session: bool,
    /// What the share is; `None` before the visitor proved to be one.
    pub about: Option<About>,
}

/// A share, for those who may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Free text of its owner.
    pub description: String,
    /// Name of its owner.
    pub owner: String,
    /// What it is for.
    pub scope: ShareScope,
    /// Unix milliseconds, 0 never.
    pub expires_at: i64,
    /// Uses that are left; `None` without limit.
    pub uses_left: Option<i64>,
    /// Names of its paths: the last component of each, `/` for the root.
    pub names: Vec<String>,
    /// Mail address that the visitor proved; empty if none was asked for.
    pub visitor: String,
}

/// What a page may show of a share to a visitor with this browser session, or without one. It lets nobody in and counts as no
/// use.
///
/// # Errors
/// `Unknown`, `UsedUp`, `Expired` and `Closed` (404); `Address` and `Refused` (403).
pub async fn describe(core: &Core, id: &str, session: Option<&str>, peer: Peer) -> Result<Description, VisitError> {
    let share = find(core, id, &peer).await?;
    is_usable(core, &share, &peer).await?;
    host(core, &share, &peer).await?;
    // A session that has ended is as none.
    let claims = session.and_then(|token| core.verify_share_token(token, &share, peer.remote.ip()).ok());
    let asks = if share.has_email_auth() { Some(Next::Code) } else { (!share.password.is_empty()).then_some(Next::Password) };
    let next = match (asks, &claims) {
        (Some(next), None) => return Ok(Description { next, has_session: false, about: None }),
        _ if share.options.legal_agreement == 1 && !claims.as_ref().is_some_and(|claims| claims.agreed) => Next::Agreement,
        _ => Next::Visit,
    };
    let visitor = claims.as_ref().map(|claims| claims.visitor.clone()).unwrap_or_default();
    Ok(Description { next, has_session: claims.is_some(), about: Some(about(&share, visitor)) })
}

pub(super) fn about(share: &Share, visitor: String) -> About {
    let name = |path: &String| match path.rsplit('/').next() {
        None | Some("") => "/".to_owned(),
        Some(name) => name.to_owned(),
    };
    About {
        // Unnamed ones are called by their id, which tells nothing to read.
        name: if share.name == share.id { String::new() } else { share.name.clone() },
        description: share.description.clone(),
        owner: share.username.clone(),
        scope: share.scope().unwrap_or(ShareScope::Read),
        expires_at: share.expires_at,
        uses_left: (share.max_tokens > 0).then(|| (share.max_tokens - share.used_tokens).max(0)),
        names: share.paths.iter().map(name).collect(),
        visitor,
    }
}
