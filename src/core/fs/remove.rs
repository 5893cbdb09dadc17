//! Removing a file.

use entrepot_model::VirtualPath;
use entrepot_storage::Metadata;

use super::{UserFs, retire};
use crate::{
    error::{Error, Result},
    operation::Operation,
    place::Place,
    policy::{Denial, Granted},
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
        let in_flight = session.overlay.get(path);
        let found = present(session.account.door.stat(&granted, false).await)?;
        if found.as_ref().is_some_and(Metadata::is_directory) {
            return Err(Error::IsDirectory);
        }
        if let Some(found) = &found {
            self.before(Operation::RemoveFile, path, None, Some(found.size)).await?;
        }
        if let Some(upload) = &in_flight {
            upload.fail(Denial::new("removed", "the file was removed while it was written").into());
            session.overlay.remove(path, upload);
        }
        let (fs, path) = (self.clone(), path.clone());
        self.finish(async move {
            let had_partial = fs.remove_partial(granted.place()).await?;
            match fs.remove_granted(&granted).await {
                Ok(size) => fs.after(Operation::RemoveFile, &path, None, Some(size)).await,
                Err(Error::NotFound) if had_partial || in_flight.is_some() => {}
                Err(error) => return Err(error),
            }
            Ok(())
        })
        .await
    }

    /// Removes what an unfinished upload of the name left; answers whether there was something.
    async fn remove_partial(&self, place: &Place) -> Result<bool> {
        let index = &self.0.core.0.partials;
        index.settled(self.0.username(), place).await?;
        let Some(partial) = index.take(self.0.username(), place) else { return Ok(false) };
        partials::discard(&self.0, place, partial).await?;
        Ok(true)
    }

    async fn remove_granted(&self, granted: &Granted) -> Result<u64> {
        let session = &self.0;
        let (place, names) = (granted.place(), &session.core.0.names);
        let _changing = names.changing(session, place);
        let turn = names.turn(session, place).await;
        let found = session.account.door.stat(granted, false).await?;
        session.account.door.remove_file(granted).await?;
        let change = retire::usage(session, place, &found);
        drop(turn);
        self.settlement("delete", place, None, found.size).change(session, place, change, false).write(session).await?;
        Ok(found.size)
    }
}
