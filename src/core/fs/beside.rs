//! Uploads of visitors of a share: a file of the same name stays, and the new one gets a name beside it (API-193).

use entrepot_model::VirtualPath;

use super::{
    UserFs,
    write::{Found, Opening},
};
use crate::{
    error::{Error, Result},
    operation::Operation,
    registry::Begin,
    session::Direction,
    transfer::{Continued, OpenWrite, Upload, allowance, upload_end_present as present, waiting},
};

impl UserFs {
    /// Opens a new file. Which name it gets is decided when it is complete: the one that is free then.
    pub(super) async fn open_beside(&self, path: &VirtualPath, open: OpenWrite, continued: Option<Continued>) -> Result<Upload> {
        let granted = self.authorize(Operation::Upload, path)?;
        if self.user().is_mount_point(path) || path.is_root() || self.user().contains_mounts(path) {
            return Err(Error::Unsupported);
        }
        // The directory: a link of the name is a name that is taken, wherever it leads.
        let directory = path.parent().ok_or(Error::Unsupported)?;
        if !self.is_inside(&directory) {
            // The path of the share itself.
            return Err(Error::Unsupported);
        }
        self.confined_entry(path).await?;
        if present(self.0.account.door.stat(&granted, false).await)?.is_some_and(|found| found.is_directory()) {
            return Err(Error::Unsupported);
        }
        let allowance = allowance(&self.0, Direction::Upload)?;
        let most = u64::try_from(self.user().user.filters.base.max_upload_file_size).unwrap_or(0);
        if most > 0 && open.size.is_some_and(|size| size > most) {
            return Err(Error::Quota);
        }
        let begin = Begin {
            upload: continued.as_ref().map(|continued| continued.id.as_str()),
            total: open.size,
            ..Begin::new(Direction::Upload, path)
        };
        let running = self.0.core.0.registry.begin_transfer(&self.0, begin)?;
        let place = match &continued {
            Some(continued) => waiting::place(granted.place(), &continued.id)?,
            None => granted.place().clone(),
        };
        if continued.as_ref().is_none_or(|continued| continued.is_first) {
            self.before(Operation::Upload, path, None, open.size).await?;
        }
        // What is there is not looked at any more: nothing of it is replaced, and nothing of others is gone on with.
        let open = OpenWrite { truncate: true, create: true, append: false, read: false, ..open };
        let found = Found { entry: None, file: None, place };
        let opening = Opening { path: path.clone(), open, found, granted, allowance, running, most, continued };
        let fs = self.clone();
        self.0.core.tasks().complete(async move { fs.open_granted(opening).await }).await
    }
}
