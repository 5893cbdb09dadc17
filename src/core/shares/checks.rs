//! What a save of a share must satisfy, beyond its form.

use chrono::DateTime;
use entrepot_model::{EffectiveUser, Share, ShareScope, VirtualPath};

use super::refused;
use crate::{
    Core, Error, Result,
    admin::{invalid, rules},
};

/// Checks a share that is saved and makes it uniform. `password` is empty if there will be none.
///
/// # Errors
/// `Invalid` for what is wrong with the share, `Denied` for what the owner's account does not allow.
pub(super) fn save(core: &Core, owner: &EffectiveUser, share: &mut Share, is_new: bool) -> Result<()> {
    let now = core.clock().millis();
    share.validate(&rules(core, is_new), Some(now)).map_err(invalid)?;
    options(core, share)?;
    expiration(owner, share, now)?;
    owner.may_share().map_err(refused)?;
    let scope = share.scope().unwrap_or(ShareScope::Read);
    owner.may_share_for(scope).map_err(refused)?;
    for path in &share.paths {
        let path = VirtualPath::parse(path.as_bytes()).map_err(|error| Error::invalid("paths", error.to_string()))?;
        // API-227
        owner.may_share_path(&path).map_err(refused)?;
    }
    owner.may_share_so(share).map_err(refused)
}

/// What the server must be able to do for the options (API-169, API-171).
fn options(core: &Core, share: &Share) -> Result<()> {
    let settings = core.settings();
    if share.has_email_auth() && !settings.smtp.is_configured() {
        let message = "options.auth_mode: email authentication needs a mail server, and none is configured";
        return Err(Error::invalid("options.auth_mode", message));
    }
    if share.options.legal_agreement == 1 && !settings.hook.has_share_legal_agreement {
        let message = "options.legal_agreement: legal agreements are not enabled on this server";
        return Err(Error::invalid("options.legal_agreement", message));
    }
    Ok(())
}

/// ACC-321
fn expiration(owner: &EffectiveUser, share: &Share, now: i64) -> Result<()> {
    let Some(latest) = owner.latest_share_expiration(now) else { return Ok(()) };
    if (1..=latest).contains(&share.expires_at) {
        return Ok(());
    }
    let date = DateTime::from_timestamp_millis(latest).map(|date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    let date = date.unwrap_or_else(|| latest.to_string());
    Err(Error::invalid("expires_at", format!("expires_at: shares of this account must expire, on {date} at the latest")))
}
