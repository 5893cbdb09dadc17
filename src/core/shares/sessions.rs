//! Sessions of browsers at a share: a signed token that its pages keep in a cookie (SEC-174, API-197, API-198).

use entrepot_model::Share;

use super::{
    PROTOCOL, VisitError, proof, shown,
    visit::{find, host, is_usable},
};
use crate::{Core, Peer, audit::LoginOutcome, login::outcome::EVENT_OK, tokens::Token};

/// Type of log event of an agreement that was accepted (AUD-004).
const EVENT_AGREED: i64 = 6;

/// Gives a browser session to a visitor who knows the password of the share.
///
/// # Errors
/// As [`super::describe`]; `Credentials`, after a pause; `Method` for a share that asks for no password.
pub async fn authenticate_password(core: &Core, id: &str, password: &str, peer: Peer) -> Result<Token, VisitError> {
    let share = open(core, id, &peer).await?;
    if share.has_email_auth() || share.password.is_empty() {
        return Err(VisitError::Method);
    }
    proof::check_password(core, &share, password, &peer).await?;
    begin(core, &share, &peer, "", "password").await
}

/// Accepts the agreement of a share, and answers a session that goes on with `session`, for as long as that would have lasted:
/// the one that the visitor has, needed where the share asks for a password or a code. It is recorded as log event 6.
///
/// # Errors
/// As [`super::describe`]; `Credentials` without a session that is needed; `Method` for a share without an agreement.
pub async fn accept_agreement(core: &Core, id: &str, session: Option<&str>, peer: Peer) -> Result<Token, VisitError> {
    let share = open(core, id, &peer).await?;
    if share.options.legal_agreement != 1 {
        return Err(VisitError::Method);
    }
    let ip = peer.remote.ip().to_canonical();
    let asks_first = !share.password.is_empty() || share.has_email_auth();
    let claims = match session.map(|token| core.verify_share_token(token, &share, ip)) {
        Some(Ok(claims)) => Some(claims),
        // One that has ended is as none.
        Some(Err(_)) | None if !asks_first => None,
        Some(Err(error)) => return Err(error.into()),
        None => return Err(VisitError::Credentials),
    };
    let visitor = claims.as_ref().map(|claims| claims.visitor.clone()).unwrap_or_default();
    let token = match claims {
        Some(claims) => core.agreed_share_token(claims)?,
        None => core.issue_share_token(&share, ip, "", true)?,
    };
    let by = if visitor.is_empty() { String::new() } else { format!(" by {visitor}") };
    record(core, &share, &peer, EVENT_AGREED, format!("agreement of {} accepted{by}", shown(&share)));
    Ok(token)
}

/// The agreement of the settings, an HTML template, in place of the one that the pages bring; `None` for that one (API-233).
pub async fn agreement_template(core: &Core) -> Option<String> {
    let settings = core.settings();
    core.tasks().storage().run(move || settings.share_agreement_file()).await.ok().flatten()
}

/// Ends a browser session before its time (UI-145). One that is none any more is no error.
pub async fn leave(core: &Core, id: &str, session: &str, peer: Peer) {
    let Ok(Some(share)) = core.0.store.shares().get(id).await else { return };
    if let Ok(claims) = core.verify_share_token(session, &share, peer.remote.ip()) {
        core.revoke_token(&claims);
    }
}

/// A session for a visitor who proved to be one.
pub(super) async fn begin(core: &Core, share: &Share, peer: &Peer, visitor: &str, method: &str) -> Result<Token, VisitError> {
    let token = core.issue_share_token(share, peer.remote.ip(), visitor, false)?;
    let who = if visitor.is_empty() { String::new() } else { format!(", {visitor}") };
    record(core, share, peer, EVENT_OK, format!("{}: {method}{who}", shown(share)));
    Ok(token)
}

fn record(core: &Core, share: &Share, peer: &Peer, event: i64, message: String) {
    let ip = peer.remote.ip().to_canonical();
    tracing::info!(sender = "share", owner = share.username, share = shown(share), %ip, event, "a visitor is let in");
    core.0.audit.login(&LoginOutcome { username: &share.username, protocol: PROTOCOL, ip, event, message, role: "" });
}

/// A share that can be visited.
async fn open(core: &Core, id: &str, peer: &Peer) -> Result<Share, VisitError> {
    let share = find(core, id, peer).await?;
    is_usable(core, &share, peer).await?;
    host(core, &share, peer).await?;
    Ok(share)
}
