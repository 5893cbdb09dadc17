//! The end of a share.

use entrepot_model::share::share_permission;

use super::{end, record, require, seen};
use crate::{Core, Result, UserCaller, admin::changes::Action};

/// Deletes a share. Its link leads nowhere from now on, browser sessions of it end, and so
/// does what its visitors are doing (API-226).
///
/// # Errors
/// `NotFound`, also for somebody else's; `Denied` for members of a bound group who may not.
pub async fn delete(core: &Core, caller: &UserCaller, id: &str) -> Result<()> {
    require(caller)?;
    let found = seen(core, caller, id).await?;
    found.require(share_permission::DELETE, "delete")?;
    end(core, &found.share.id).await?;
    let mut share = found.share;
    share.hide_confidential();
    record(core, caller, Action::Delete, &share);
    Ok(())
}
