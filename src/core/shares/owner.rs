//! What the account of the owner says to a visit (API-181, ACC-312…ACC-325, ACC-371, SEC-126).

use std::{net::IpAddr, sync::Arc};

use entrepot_model::{Protocol, Rule, Share, ShareScope, VirtualPath};

use super::VisitError;
use crate::{
    Core, Error,
    accounts::Account,
    login::{checks, enforced, outcome::Refusal, second_factor},
    policy::Denial,
};

/// The account that a share works for, if it lets a visitor at `ip` in.
///
/// # Errors
/// `Closed` for an owner who could not log in now, or may not share this any more; `Refused` for rules that the share breaks,
/// or that keep the visitor's address out.
pub(super) async fn of(core: &Core, share: &Share, ip: IpAddr) -> Result<Arc<Account>, VisitError> {
    let account = match core.0.accounts.load(core, &share.username).await {
        Ok(Some(account)) => account,
        Ok(None) => return Err(VisitError::Closed),
        Err(Error::Denied(denial)) => return closed(share, &denial),
        Err(error) => return Err(error.into()),
    };
    is_open(core, share, &account)?;
    is_allowed(share, &account, ip).map_err(VisitError::Refused)?;
    Ok(account)
}

/// Whoever cannot log in, or may not share, has no shares.
fn is_open(core: &Core, share: &Share, account: &Account) -> Result<(), VisitError> {
    let user = &account.user;
    let mut found = checks::still_welcome(core, user);
    if found.is_ok() {
        found = match checks::not_denied(user, Protocol::Http) {
            Err(Refusal::Rule(denial)) => Err(denial),
            _ => Ok(()),
        };
    }
    let mut paths = share.paths.iter().filter_map(|path| VirtualPath::parse(path.as_bytes()).ok());
    let shared = user.may_share().and_then(|()| paths.try_for_each(|path| user.may_share_path(&path)));
    match found.and_then(|()| shared.map_err(denial)) {
        Ok(()) => Ok(()),
        Err(denial) => closed(share, &denial),
    }
}

fn is_allowed(share: &Share, account: &Account, ip: IpAddr) -> Result<(), Denial> {
    let user = &account.user;
    user.may_share_for(share.scope().unwrap_or(ShareScope::Read)).map_err(denial)?;
    user.may_share_so(share).map_err(denial)?;
    if let Some(denial) = enforced::unenforced(user, Protocol::Http) {
        return Err(denial);
    }
    user.login_allowed_ip(ip).map_err(denial)?;
    let needs_factor = user.user.filters.base.two_factor_protocols.iter().any(|name| name == Protocol::Http.as_str());
    if needs_factor && !second_factor::is_active(user, Protocol::Http) {
        return Err(Denial::new("two_factor_protocols", "the owner needs a second factor, and none is configured"));
    }
    Ok(())
}

fn closed<T>(share: &Share, denial: &Denial) -> Result<T, VisitError> {
    let (owner, rule, detail) = (share.username.as_str(), denial.rule(), denial.detail());
    tracing::info!(sender = "share", owner, rule, detail, "the owner of a share may not share it now");
    Err(VisitError::Closed)
}

fn denial(rule: Rule) -> Denial {
    Denial::new(rule.name, rule.detail)
}
