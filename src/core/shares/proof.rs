//! How visitors prove themselves: a password with each request, or the token of a browser session (API-180, API-195, API-198).

use entrepot_model::{Protocol, Share};
use entrepot_secrets::password;

use super::{PROTOCOL, VisitError, shown};
use crate::{
    Core, Peer,
    audit::LoginOutcome,
    gates::Score,
    login::{
        Holder,
        outcome::{self, EVENT_FAILED, EVENT_UNKNOWN_USER},
        passwords,
    },
};

/// What a visitor shows.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// Nothing.
    Nothing,
    /// The password of the share, as HTTP Basic authentication brings it; the name beside it does not matter.
    Password(&'a str),
    /// The token of a browser session: see [`super::authenticate_password`], [`super::check_code`] and
    /// [`super::accept_agreement`].
    Session(&'a str),
}

impl std::fmt::Debug for Proof<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Password(_) => "Password(***)",
            Self::Session(_) => "Session(***)",
        })
    }
}

/// A visitor who proved to be one.
#[derive(Default)]
pub(super) struct Proved {
    /// Mail address that a code proved; empty if none was asked for.
    pub visitor: String,
    /// Id of the browser session, if it is one.
    pub session: Option<String>,
}

/// Whether what is shown opens the share.
pub(super) async fn prove(core: &Core, share: &Share, proof: Proof<'_>, peer: &Peer) -> Result<Proved, VisitError> {
    if let Proof::Session(token) = proof {
        return prove_session(core, share, token, peer);
    }
    if share.has_email_auth() || share.options.legal_agreement == 1 {
        return Err(VisitError::PagesOnly);
    }
    match proof {
        _ if share.password.is_empty() => Ok(Proved::default()),
        Proof::Password(plain) => check_password(core, share, plain, peer).await.map(|()| Proved::default()),
        Proof::Nothing | Proof::Session(_) => Err(VisitError::Credentials),
    }
}

fn prove_session(core: &Core, share: &Share, token: &str, peer: &Peer) -> Result<Proved, VisitError> {
    let asks_for_agreement = share.options.legal_agreement == 1;
    let claims = match core.verify_share_token(token, share, peer.remote.ip()) {
        Ok(claims) => claims,
        // What is left of a session, in a browser, does not keep anybody out of what is open to all.
        Err(_) if share.password.is_empty() && !share.has_email_auth() => {
            return if asks_for_agreement { Err(VisitError::Agreement) } else { Ok(Proved::default()) };
        }
        Err(error) => return Err(error.into()),
    };
    if asks_for_agreement && !claims.agreed {
        return Err(VisitError::Agreement);
    }
    Ok(Proved { visitor: claims.visitor, session: Some(claims.jti) })
}

/// Compares with the stored hash; one that fits is remembered for some minutes, so that not every request costs a hash.
///
/// # Errors
/// `Credentials`, after a pause; `Busy` when too many passwords wait.
pub(super) async fn check_password(core: &Core, share: &Share, plain: &str, peer: &Peer) -> Result<(), VisitError> {
    if plain.is_empty() {
        return Err(VisitError::Credentials);
    }
    let (hash, now) = (share.password.as_str(), core.clock().millis());
    let caches = core.settings().data_provider.password_caching;
    if caches && core.0.credentials.is_verified(Holder::Share, &share.id, hash, plain, now) {
        return Ok(());
    }
    if !passwords::verify(core, Some(hash), plain).await? {
        failed(core, share, peer, "wrong password").await;
        return Err(VisitError::Credentials);
    }
    core.0.credentials.throttle.succeeded(&throttle_key(&share.id));
    core.0.credentials.remember(Holder::Share, &share.id, hash, plain, now);
    renew_hash(core, share, plain).await;
    Ok(())
}

/// SEC-041
async fn renew_hash(core: &Core, share: &Share, plain: &str) {
    if !password::needs_rehash(&share.password, &passwords::parameters(core)) {
        return;
    }
    let Ok(new) = passwords::hash(core, plain).await else { return };
    if let Err(error) = core.0.store.shares().replace_password_hash(&share.id, share.password.clone(), new).await {
        tracing::warn!(owner = share.username, %error, "the password hash of a share could not be renewed");
    }
}

/// A wrong password or code: it is recorded, the defender hears of it, and the answer takes a while (API-180, SEC-183).
pub(super) async fn failed(core: &Core, share: &Share, peer: &Peer, reason: &str) {
    let ip = peer.remote.ip().to_canonical();
    tracing::info!(sender = "share", owner = share.username, share = shown(share), %ip, reason, "a visitor is not let in");
    core.0.audit.login(&LoginOutcome {
        username: &share.username,
        protocol: PROTOCOL,
        ip,
        event: EVENT_FAILED,
        message: format!("{}: {reason}", shown(share)),
        role: "",
    });
    core.score(ip, Protocol::Http, Score::LoginFailed);
    pause(core, &share.id).await;
}

/// An id that nobody has: somebody tries links. Answered after the same pause as a wrong password, which also covers that the
/// search in the database is not done in constant time.
pub(super) async fn unknown(core: &Core, peer: &Peer) {
    let ip = peer.remote.ip().to_canonical();
    tracing::info!(sender = "share", %ip, "a visitor asks for a share that does not exist");
    core.0.audit.login(&LoginOutcome {
        username: "",
        protocol: PROTOCOL,
        ip,
        event: EVENT_UNKNOWN_USER,
        message: "unknown share".to_owned(),
        role: "",
    });
    core.score(ip, Protocol::Http, Score::UnknownUser);
    pause(core, &ip.to_string()).await;
}

/// A link that was one, and leads nowhere now: it is used up, has expired, or its owner is gone. It takes the time that an id
/// takes that nobody has, so that the time tells nobody which ids there were. It counts for nothing: who comes with an old
/// link guesses no ids.
pub(super) async fn ended(core: &Core, peer: &Peer) {
    let key = throttle_key(&peer.remote.ip().to_canonical().to_string());
    outcome::pause(core.0.credentials.throttle.next(&key, outcome::failure_delay(core))).await;
}

async fn pause(core: &Core, key: &str) {
    let base = outcome::failure_delay(core);
    outcome::pause(core.0.credentials.throttle.failed(&throttle_key(key), base)).await;
}

/// Guesses at one share slow it down, guesses at ids the address that they come from.
fn throttle_key(key: &str) -> String {
    format!("share/{key}")
}
