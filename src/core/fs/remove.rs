//! Removing a file.

use entrepot_model::VirtualPath;

use super::{UserFs, retire};
use crate::{
    error::{Error, Result},
    operation::Operation,
    transfer::{partials, upload_end_present as present},
};

impl UserFs {
    /// Removes a file or a link, not what it leads to. An upload in flight of that name is ended, and a partial of it is
    /// removed: after that nothing of the name is left.
    ///
    /// # Errors
    /// `NotFound`, `IsDirectory`, `Denied`, or what the storage says.
    pub async fn remove_file(&self, path: &VirtualPath) -> Result<()> {
        let granted = self.authorize(Operation::RemoveFile, path)?;
        let session = &self.0;
        if let Some(upload) = session.overlay.get(path) {
            upload.fail(Error::Denied(crate::Denial::new("removed", "the file was removed while it was written")));
            session.overlay.remove(path, &upload);
            return Ok(());
        }
        let found = present(session.account.door.stat(&granted, false).await)?;
        let partial = session.core.0.partials.take(session.username(), granted.place());
        let had_partial = partial.is_some();
        if let Some(partial) = partial {
            partials::discard(session, granted.place(), partial).await?;
        }
        let Some(found) = found else { return if had_partial { Ok(()) } else { Err(Error::NotFound) } };
        if found.is_directory() {
            return Err(Error::IsDirectory);
        }
        self.before(Operation::RemoveFile, path, None, Some(found.size)).await?;
        let (fs, path) = (self.clone(), path.clone());
        self.finish(async move {
            fs.0.account.door.remove_file(&granted).await?;
            let place = granted.place();
            fs.settlement("delete", place, None, found.size)
                .change(&fs.0, place, retire::usage(&found), false)
                .write(&fs.0)
                .await?;
            fs.after(Operation::RemoveFile, &path, None, Some(found.size)).await;
            Ok(())
        })
        .await
    }
}
