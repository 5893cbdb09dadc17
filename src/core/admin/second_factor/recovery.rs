//! Codes that stand in for a lost second factor (SEC-109, SEC-112…SEC-114).

use entrepot_model::RecoveryCode;
use entrepot_secrets::recovery_code;
use serde::Serialize;

use super::{FactorOwner, Stored};
use crate::{Core, Error, Result, admin::sealing, policy::Denial};

/// Codes of a set.
const SET: usize = 12;
/// With fewer unused ones than this, a save makes a new set.
pub(super) const LEAST: usize = 5;

/// A recovery code in clear text. Its `Debug` would show it, so it has none.
#[derive(Serialize)]
pub struct Recovery {
    /// The code.
    pub code: String,
    /// It was used.
    pub used: bool,
}

/// The codes of the account, in clear text (SEC-112).
///
/// # Errors
/// `Denied` when there is no second factor, or they are disabled for the user; `Internal` when they do not open.
pub async fn recovery_codes(core: &Core, owner: FactorOwner<'_>) -> Result<Vec<Recovery>> {
    let stored = enabled(core, owner).await?;
    let opened = stored.codes.iter().map(|code| {
        let open = sealing::open(&core.0.sealer, &code.secret);
        let open = open.map_err(|error| Error::internal("opening a recovery code", error))?;
        let code_text = std::str::from_utf8(&open).map_err(|error| Error::internal("reading a recovery code", error))?;
        Ok(Recovery { code: code_text.to_owned(), used: code.used })
    });
    opened.collect()
}

/// A new set; the old codes end (SEC-112).
///
/// # Errors
/// As [`recovery_codes`].
pub async fn renew_recovery_codes(core: &Core, owner: FactorOwner<'_>) -> Result<Vec<String>> {
    let Stored { totp, .. } = enabled(core, owner).await?;
    let codes = fresh();
    owner.store(core, totp, seal(core, owner.name(), &codes)?).await?;
    Ok(codes)
}

async fn enabled(core: &Core, owner: FactorOwner<'_>) -> Result<Stored> {
    owner.check_allowed()?;
    let stored = owner.load(core).await?;
    if !stored.totp.enabled {
        return Err(Denial::new("totp_config", "two-factor authentication is not enabled").into());
    }
    Ok(stored)
}

pub(super) fn unused(codes: &[RecoveryCode]) -> usize {
    codes.iter().filter(|code| !code.used).count()
}

pub(super) fn fresh() -> Vec<String> {
    (0..SET).map(|_| recovery_code()).collect()
}

pub(super) fn seal(core: &Core, owner: &str, codes: &[String]) -> Result<Vec<RecoveryCode>> {
    let sealed = codes.iter().map(|code| {
        let secret = sealing::seal(&core.0.sealer, code, owner)?;
        Ok(RecoveryCode { secret, used: false })
    });
    sealed.collect()
}
