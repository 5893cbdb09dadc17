//! Invitations: a link with which a user sets a password, so that no administrator ever knows it.
//!
//! The link is a signed token that stands for the password which the account has when it is made. The store keeps the id of
//! the last one of a user: a new one ends it, it can be taken back, and it goes with every change of the password.

use std::{net::IpAddr, sync::Arc};

use entrepot_model::{AdminPermission as P, User};
use entrepot_store::Invitation;

use super::{
    AdminSession,
    changes::{self, Action, Change},
    password_reset::user_was_changed,
    passwords, stored, users,
};
use crate::{
    Core, Error, Result,
    accounts::Account,
    login::checks,
    tokens::{Claims, Token, TokenError},
};

/// What inviting a user would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// There is a password that the link would replace.
    pub has_password: bool,
    /// The invitation that works now.
    pub open: Option<Invitation>,
}

/// How things stand before somebody is invited.
///
/// # Errors
/// `Denied` without `edit_users`; `NotFound`, also for users of another role.
pub async fn standing(core: &Core, session: &AdminSession, username: &str) -> Result<Standing> {
    session.require(P::EditUsers)?;
    let user = users::visible(core, session, username).await?;
    let open = core.0.store.users().invitation(&user.username).await.map_err(stored)?;
    let now = core.clock().millis();
    Ok(Standing { has_password: user.has_password, open: open.filter(|open| open.ends_at > now) })
}

/// The invitations that work now, each with the name of its user; those that end first at the top.
///
/// # Errors
/// `Denied` without `edit_users`.
pub async fn list(core: &Core, session: &AdminSession, limit: u64) -> Result<Vec<(String, Invitation)>> {
    session.require(P::EditUsers)?;
    core.0.store.users().invitations(session.role(), core.clock().millis(), limit).await.map_err(stored)
}

/// A new invitation for a user, which works once: for a week, or for an hour where there is a password that it replaces. An
/// earlier one ends.
///
/// # Errors
/// `Denied` without `edit_users`; `NotFound`, also for users of another role; `Conflict` for an account that is disabled, or
/// that may not use the pages or no password.
pub async fn create(core: &Core, session: &AdminSession, username: &str) -> Result<Token> {
    session.require(P::EditUsers)?;
    let user = users::visible(core, session, username).await?;
    let account = core.0.accounts.load(core, &user.username).await?.ok_or(Error::NotFound)?;
    // Networks are asked when the user comes: from where, nobody knows yet.
    checks::may_have_password(core, &account.user).map_err(|_| {
        let why = "the account is disabled, has expired, or may not sign in to the pages with a password";
        Error::Conflict(format!("{why}: its link would not open"))
    })?;
    let (token, id) = core.issue_invite(&account)?;
    let (made_by, made_at) = (session.username().to_owned(), core.clock().millis());
    let invitation = Invitation { id, made_by, made_at, ends_at: token.expires_at * 1000 };
    core.0.store.users().invite(&user.username, invitation).await.map_err(stored)?;
    tracing::info!(username = user.username, executor = session.username(), "a user was invited");
    record(core, session, user);
    Ok(token)
}

/// Takes the invitation of a user back. False if there was none.
///
/// # Errors
/// `Denied` without `edit_users`; `NotFound`, also for users of another role.
pub async fn withdraw(core: &Core, session: &AdminSession, username: &str) -> Result<bool> {
    session.require(P::EditUsers)?;
    let user = users::visible(core, session, username).await?;
    let was_open = core.0.store.users().withdraw_invitation(&user.username).await.map_err(stored)?;
    tracing::info!(username = user.username, executor = session.username(), was_open, "an invitation was taken back");
    record(core, session, user);
    Ok(was_open)
}

/// A link that leads into an account is a change of it.
fn record(core: &Core, session: &AdminSession, mut user: User) {
    user.hide_confidential();
    let change = Change { action: Action::Update, kind: users::KIND, name: &user.username, role: &user.role, object: &user };
    changes::record(core, session, &change);
}

/// Whom an invitation is for.
///
/// # Errors
/// `Auth` for one that is wrong, too old, used or taken back, or whose account may not come.
pub async fn look(core: &Core, token: &str, ip: IpAddr) -> Result<String> {
    open(core, token, ip).await.map(|(claims, _)| claims.username)
}

/// Sets the password of who was invited, and uses the invitation up: of two at once one succeeds, and where the password
/// cannot be stored it can be tried again. Answers with the name.
///
/// # Errors
/// As [`look`]; `Invalid` for `password`.
pub async fn accept(core: &Core, token: &str, new: &str, ip: IpAddr) -> Result<String> {
    let (claims, account) = open(core, token, ip).await?;
    passwords::check_new(new)?;
    let user = core.0.store.users().get(&claims.username).await.map_err(stored)?.ok_or(Error::Auth)?;
    let hash = passwords::of_user(core, &user, new).await?;
    // Hashing takes its time: whether somebody was faster is for the database to say.
    let old = account.password_hash().map(ToOwned::to_owned);
    let (users, now) = (core.0.store.users(), core.clock().millis());
    let accepted = users.accept_invitation(&user.username, &claims.jti, old, hash, now).await;
    let user = accepted.map_err(stored)?.ok_or(Error::Auth)?;
    tracing::info!(username = user.username, %ip, "an invitation was accepted");
    user_was_changed(core, user, ip);
    Ok(claims.username)
}

/// The invitation, if it is the one that works now.
async fn open(core: &Core, token: &str, ip: IpAddr) -> Result<(Claims, Arc<Account>)> {
    let (claims, account) = core.invited(token, ip).await.map_err(|error| match error {
        TokenError::Unavailable => Error::Busy,
        _ => Error::Auth,
    })?;
    checks::may_have_password(core, &account.user).map_err(|_| Error::Auth)?;
    let last = core.0.store.users().invitation(&claims.username).await.map_err(stored)?;
    if last.is_some_and(|last| last.id == claims.jti) { Ok((claims, account)) } else { Err(Error::Auth) }
}
