//! Opening a file for reading.

use entrepot_model::VirtualPath;

use super::UserFs;
use crate::{
    error::Result,
    operation::Operation,
    registry::Begin,
    session::Direction,
    transfer::{Download, allowance, overlay},
};

impl UserFs {
    /// Opens a file for reading; the download is counted until the lease is dropped (SFTP-014). A file in flight of this
    /// connection can be read as it is written, if its storage allows that.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `IsDirectory`, `TooMany` transfers, `TransferQuota`, or what the storage says.
    pub async fn open_read(&self, path: &VirtualPath) -> Result<Download> {
        let granted = self.authorize(Operation::Download, path)?;
        self.confined(path).await?;
        let allowance = allowance(&self.0, Direction::Download)?;
        let running = self.0.core.0.registry.begin_transfer(&self.0, Begin::new(Direction::Download, path))?;
        self.before(Operation::Download, path, None, None).await?;
        let file = match self.0.overlay.get(path) {
            Some(upload) => overlay::reader(upload)?,
            None => self.0.account.door.open_read(&granted).await?,
        };
        if self.0.account.door.capabilities(granted.place().storage).immediate {
            // Where it costs nothing: how much there is to come is shown.
            if let Ok(found) = file.metadata().await {
                running.expect(found.size);
            }
        }
        Ok(Download::new(self.0.clone(), file, granted.place().clone(), running, allowance))
    }
}
