//! Space: what the account may still store.

use entrepot_model::VirtualPath;
use entrepot_storage::Space;

use super::UserFs;
use crate::{error::Result, operation::Operation, quota::Usage};

/// Where nothing limits the size: used plus this.
const PLENTY: u64 = 8 << 40;
/// Where nothing limits the number of files: used plus this.
const MANY: u64 = 1_000_000;

/// What is stored and may be stored at most, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Stored.
    pub used: u64,
    /// The limit.
    pub limit: u64,
}

impl UserFs {
    /// How full the place at `path` is, by the quota that counts there; `None` where nothing limits its bytes.
    pub fn allowance(&self, path: &VirtualPath) -> Option<Allowance> {
        let (owner, limits) = self.0.quota_of(&self.place(path));
        let limit = u64::try_from(limits.size).ok().filter(|limit| *limit > 0)?;
        let used = self.0.core.0.ledger.ensure(&owner, Usage::default()).usage();
        Some(Allowance { used: u64::try_from(used.size).unwrap_or(0), limit })
    }

    /// Space at `path`: the storage's own figures, or the quota capped by them (SFTP-042, SFTP-043, ACC-289).
    ///
    /// # Errors
    /// `Denied` without `list` on the parent, or what the storage says.
    pub async fn space(&self, path: &VirtualPath) -> Result<Space> {
        let granted = self.authorize(Operation::Stat, path)?;
        let (owner, limits) = self.0.quota_of(granted.place());
        let used = self.0.core.0.ledger.ensure(&owner, Usage::default()).usage();
        let real = self.0.account.door.space(&granted).await.ok();
        let used_size = u64::try_from(used.size).unwrap_or(0);
        let used_files = u64::try_from(used.files).unwrap_or(0);
        if limits.size <= 0
            && limits.files <= 0
            && let Some(real) = real
        {
            return Ok(real);
        }
        let size = match (u64::try_from(limits.size).unwrap_or(0), &real) {
            (0, Some(real)) => real.total,
            (0, None) => used_size + PLENTY,
            (limit, Some(real)) => limit.min(real.total),
            (limit, None) => limit,
        };
        let files = match (u64::try_from(limits.files).unwrap_or(0), &real) {
            (0, Some(real)) if real.files > 0 => real.files,
            (0, _) => used_files + MANY,
            (limit, Some(real)) if real.files > 0 => limit.min(real.files),
            (limit, _) => limit,
        };
        let exceeded = used_size >= size || used_files >= files;
        let available = if exceeded { 0 } else { size - used_size };
        let mut block_size = 4096;
        while block_size > size.max(1) {
            block_size /= 4;
        }
        Ok(Space {
            total: size,
            available,
            free: available,
            block_size: block_size.max(1),
            files,
            files_free: if exceeded { 0 } else { files - used_files },
            name_max: 255,
        })
    }
}
