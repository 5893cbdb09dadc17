//! Opening a file for reading.

use entrepot_model::VirtualPath;

use super::UserFs;
use crate::{
    error::Result,
    operation::Operation,
    session::Direction,
    transfer::{Download, allowance},
};

impl UserFs {
    /// Opens a file for reading; the download is counted until the lease is dropped (SFTP-014).
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `IsDirectory`, `TooMany` transfers, `TransferQuota`, or what the storage says.
    pub async fn open_read(&self, path: &VirtualPath) -> Result<Download> {
        let granted = self.authorize(Operation::Download, path)?;
        let allowance = allowance(&self.0, Direction::Download)?;
        self.before(Operation::Download, path, None, None).await?;
        let file = self.0.account.door.open_read(&granted).await?;
        let registry = &self.0.core.0.registry;
        let progress = registry.begin_transfer(&self.0, Direction::Download, path.to_string_lossy())?;
        Ok(Download::new(self.0.clone(), file, granted.place().clone(), progress, allowance))
    }
}
