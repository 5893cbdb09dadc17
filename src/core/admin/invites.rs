//! Invitations: a link with which a user sets a password, so that no administrator ever knows it.
//!
//! Nothing is stored: the link is a signed token that stands for the password which the account has when it is made. As soon as
//! the account has another one, whoever set it, the link is good for nothing; so it works once.

use std::net::IpAddr;

use entrepot_model::AdminPermission as P;
use entrepot_secrets::password;

use super::{AdminSession, password_reset::set_of_user, passwords, stored, users};
use crate::{
    Core, Error, Result,
    tokens::{Token, TokenError},
};

/// A new invitation for a user; it works once and for a week.
///
/// # Errors
/// `Denied` without `edit_users`; `NotFound`, also for users of another role; `Conflict` for an account that is disabled, or that
/// may not use the pages.
pub async fn create(core: &Core, session: &AdminSession, username: &str) -> Result<Token> {
    session.require(P::EditUsers)?;
    let user = users::visible(core, session, username).await?;
    let account = core.0.accounts.load(core, &user.username).await?.ok_or(Error::NotFound)?;
    let token = core.issue_invite(&account)?;
    // What would not open is not handed out.
    core.invited(&token.access_token, session.ip()).await.map_err(|error| match error {
        TokenError::Unavailable => Error::Busy,
        _ => Error::Conflict("the account is disabled, has expired or may not use the pages: its link would not open".to_owned()),
    })?;
    tracing::info!(username = user.username, executor = session.username(), "a user was invited");
    Ok(token)
}

/// Whom an invitation is for.
///
/// # Errors
/// `Auth` for one that is wrong, too old or used.
pub async fn look(core: &Core, token: &str, ip: IpAddr) -> Result<String> {
    core.invited(token, ip).await.map(|claims| claims.username).map_err(refused)
}

/// Sets the password of who was invited, and uses the invitation up. Answers with the name.
///
/// # Errors
/// As [`look`]; `Invalid` for `password`.
pub async fn accept(core: &Core, token: &str, new: &str, ip: IpAddr) -> Result<String> {
    let claims = core.invited(token, ip).await.map_err(refused)?;
    if new.trim().is_empty() || password::is_hash_prefix(new.trim()) {
        return Err(Error::invalid("password", "a password is required, and it must not look like the hash of one"));
    }
    let user = core.0.store.users().get(&claims.username).await.map_err(stored)?.ok_or(Error::Auth)?;
    let hash = passwords::of_user(core, &user, new).await?;
    // Hashing takes its time: somebody may have been faster.
    core.invited(token, ip).await.map_err(refused)?;
    core.revoke_token(&claims);
    set_of_user(core, &claims.username, hash, ip).await?;
    Ok(claims.username)
}

fn refused(error: TokenError) -> Error {
    match error {
        TokenError::Unavailable => Error::Busy,
        _ => Error::Auth,
    }
}
