//! Opening a file for writing: staged where it can be, in place where the client asks for that.

use std::sync::Arc;

use entrepot_model::VirtualPath;
use entrepot_storage::{InPlaceOptions, Metadata, StageOptions, StagedFile};
use entrepot_store::UploadIntent;
use parking_lot::Mutex;
use uuid::Uuid;

use super::UserFs;
use crate::{
    error::{Error, Result},
    operation::Operation,
    place::Place,
    policy::{self, Granted},
    quota::{Reservation, Usage},
    registry::Progress,
    session::Direction,
    transfer::{OpenWrite, Stored, Target, Upload, UploadParts, UploadState, allowance, partials, upload_end_present as present},
};

/// What was found at the name that is to be written.
struct Found {
    /// The entry itself.
    entry: Option<Metadata>,
    /// The regular file that will be replaced or changed: the entry, or what a link leads to.
    file: Option<Metadata>,
    /// Where the file is, behind links.
    place: Place,
}

impl UserFs {
    /// Opens a file for writing. New files and truncated ones are staged: nothing is under the final name before
    /// [`Upload::commit`]. Without `truncate`, an existing file is changed in place, and a partial is gone on with.
    ///
    /// # Errors
    /// `NotFound`, `Exists`, `Denied`, `Unsupported` for what is no regular file, `Quota`, `TooMany` transfers, `Busy`
    /// when the upload to go on with does not end, or what the storage says.
    pub async fn open_write(&self, path: &VirtualPath, open: OpenWrite) -> Result<Upload> {
        let found = self.look_before_writing(path).await?;
        let operation = if found.entry.as_ref().is_some_and(Metadata::is_file) { Operation::Overwrite } else { Operation::Upload };
        let granted = self.authorize(operation, path)?;
        if found.entry.is_none() && !open.create {
            return self.attach_existing(path, open, found, granted).await;
        }
        if open.exclusive && found.entry.is_some() {
            return Err(Error::Exists);
        }
        self.open_granted(path, open, found, granted).await
    }

    /// A missing file that may not be made: there may still be a partial to go on with.
    async fn attach_existing(&self, path: &VirtualPath, open: OpenWrite, found: Found, granted: Granted) -> Result<Upload> {
        if open.truncate || self.0.core.0.partials.get(self.0.username(), &found.place).is_none() {
            return Err(Error::NotFound);
        }
        self.open_granted(path, open, found, granted).await
    }

    async fn open_granted(&self, path: &VirtualPath, open: OpenWrite, found: Found, granted: Granted) -> Result<Upload> {
        let session = &self.0;
        let operation = granted.operation();
        let allowance = allowance(session, Direction::Upload)?;
        let most = u64::try_from(self.user().user.filters.base.max_upload_file_size).unwrap_or(0);
        if most > 0 && open.size.is_some_and(|size| size > most) {
            return Err(Error::Quota);
        }
        let readable = open.read && policy::decide(self.user(), Operation::Download, path).is_allow();
        self.before(operation, path, None, found.file.as_ref().map(|file| file.size).or(open.size)).await?;
        let progress = session.core.0.registry.begin_transfer(session, Direction::Upload, path.to_string_lossy())?;
        let running = Running { fs: self, progress: Some(progress) };
        let in_place = found.file.as_ref().filter(|_| !open.truncate).cloned();
        let (target, reservation, charged, replaced, minimum) = match in_place {
            Some(file) => {
                let (target, reservation) = self.open_in_place(&granted, &found, &file, open).await?;
                let size = signed(file.size);
                (target, reservation, Usage { files: 0, size }, None, if open.append { file.size } else { 0 })
            }
            None => {
                let staged = self.stage(&granted, &found, open).await?;
                let replaced = found.file.as_ref().map(|file| file.size);
                let minimum = if open.append { u64::try_from(staged.charged.size).unwrap_or(0) } else { 0 };
                (staged.target, staged.reservation, staged.charged, replaced, minimum)
            }
        };
        let staged = matches!(target, Target::Staged { .. });
        let state = UploadState::new(UploadParts {
            session: session.clone(),
            target,
            place: found.place,
            operation,
            progress: running.keep(),
            reservation,
            allowance,
            charged,
            replaced,
            minimum,
            most,
            readable,
        })?;
        if staged {
            session.overlay.insert(path.clone(), &state);
        }
        Ok(Upload(state))
    }

    /// What is at the name, and behind it if it is a link (ACC-127, SFTP-015).
    async fn look_before_writing(&self, path: &VirtualPath) -> Result<Found> {
        let probe = policy::probe(self.user(), Operation::Upload, path)
            .inspect_err(|error| self.note_denial(Operation::Upload, path, error))?;
        if self.user().is_mount_point(path) || path.is_root() || self.user().contains_mounts(path) {
            return Err(Error::Unsupported);
        }
        let door = &self.0.account.door;
        let entry = present(door.stat(&probe, false).await)?;
        let mut place = probe.place().clone();
        let file = match &entry {
            Some(entry) if entry.is_symlink() => {
                place = place.at(door.resolve(&probe).await?);
                present(door.stat(&probe, true).await)?
            }
            other => other.clone(),
        };
        match file {
            Some(file) if !file.is_file() => Err(Error::Unsupported),
            file => Ok(Found { entry, file, place }),
        }
    }

    fn reserve(&self, place: &Place, new: bool, size: Option<u64>, credit: u64) -> Result<Reservation> {
        let (owner, limits) = self.0.quota_of(place);
        let counter = self.0.core.0.ledger.ensure(&owner, Usage::default());
        counter.reserve(limits, new, size, credit)
    }

    async fn open_in_place(&self, granted: &Granted, found: &Found, file: &Metadata, open: OpenWrite) -> Result<(Target, Reservation)> {
        if !self.0.account.door.capabilities(found.place.storage).in_place {
            return Err(Error::Unsupported);
        }
        // Writing within the present size needs no room: only growth is asked for (SFTP-017).
        let reservation = self.reserve(&found.place, false, Some(0), 0)?;
        let options = InPlaceOptions { readable: open.read };
        let file_handle = self.0.account.door.open_in_place(granted, options).await?;
        let _ = file;
        Ok((Target::InPlace { file: file_handle }, reservation))
    }

    async fn stage(&self, granted: &Granted, found: &Found, open: OpenWrite) -> Result<Staged> {
        let partial = self.partial_for(found, open).await?;
        let charged = partial.as_ref().map_or(Usage::default(), |partial| Usage {
            files: partial.charged_files,
            size: partial.charged_size,
        });
        let new = found.file.is_none() && partial.is_none();
        let credit = found.file.as_ref().map_or(0, |file| file.size);
        let taken = partial.clone();
        let staged = async {
            let reservation = self.reserve(&found.place, new, open.size, credit)?;
            let (file, intent) = self.open_staged(granted, found, partial).await?;
            Ok((reservation, file, intent))
        };
        match staged.await {
            Ok((reservation, file, intent)) => {
                let stored = begin(self.0.core.0.store.transfers(), intent.clone()).await;
                let target = Target::Staged { file, intent, stored: Mutex::new(Some(stored)) };
                Ok(Staged { target, reservation, charged })
            }
            Err(error) => {
                if let Some(partial) = taken {
                    self.0.core.0.partials.insert(partial);
                }
                Err(error)
            }
        }
    }

    /// The partial that this upload goes on with. One that it starts over is removed.
    async fn partial_for(&self, found: &Found, open: OpenWrite) -> Result<Option<UploadIntent>> {
        let partials = &self.0.core.0.partials;
        partials.settled(self.0.username(), &found.place).await?;
        let Some(partial) = partials.take(self.0.username(), &found.place) else { return Ok(None) };
        if open.truncate || found.file.is_some() || open.exclusive {
            partials::discard(&self.0, &found.place, partial).await?;
            return Ok(None);
        }
        Ok(Some(partial))
    }

    async fn open_staged(
        &self,
        granted: &Granted,
        found: &Found,
        partial: Option<UploadIntent>,
    ) -> Result<(Arc<dyn StagedFile>, UploadIntent)> {
        let session = &self.0;
        let door = &session.account.door;
        let now = session.core.0.clock.millis();
        let id = partial.as_ref().map_or_else(|| Uuid::new_v4().simple().to_string(), |partial| partial.id.clone());
        // What is there now, not what we remember: somebody may have been at the storage.
        let resume = match &partial {
            Some(partial) => door.partial(granted, &id, &partial.token).await?,
            None => None,
        };
        let options = StageOptions {
            id: id.clone(),
            owner: crate::accounts::owner(self.user()),
            umask: self.umask(),
            mode: found.file.as_ref().map(|file| file.mode),
            resume,
            readable: door.capabilities(found.place.storage).read_write,
        };
        let file = door.stage(granted, &found.place.path, options).await?;
        let identity = if door.capabilities(found.place.storage).immediate { file.metadata().await?.identity } else { None };
        let intent = UploadIntent {
            id,
            username: session.username().to_owned(),
            folder: found.place.folder.as_deref().map(str::to_owned),
            backend_path: found.place.path.as_bytes().to_vec(),
            virtual_path: found.place.virtual_path.as_bytes().to_vec(),
            size: signed(file.size()),
            charged_size: partial.as_ref().map_or(0, |partial| partial.charged_size),
            charged_files: partial.as_ref().map_or(0, |partial| partial.charged_files),
            replaced_size: found.file.as_ref().map(|file| signed(file.size)),
            state: entrepot_store::UploadState::Open,
            token: partial.map(|partial| partial.token).unwrap_or_default(),
            protocol: session.protocol.to_owned(),
            ip: session.peer.remote.ip().to_string(),
            session_id: session.id.clone(),
            identity: identity.map(|identity| (identity.device, identity.inode)),
            created_at: now,
            updated_at: now,
        };
        Ok((file, intent))
    }
}

struct Staged {
    target: Target,
    reservation: Reservation,
    charged: Usage,
}

/// Counts a transfer out again if its opening fails.
struct Running<'a> {
    fs: &'a UserFs,
    progress: Option<Arc<Progress>>,
}

impl Running<'_> {
    fn keep(mut self) -> Arc<Progress> {
        match self.progress.take() {
            Some(progress) => progress,
            // `keep` consumes the only holder.
            None => unreachable!("a running transfer is kept once"),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(progress) = &self.progress {
            self.fs.0.core.0.registry.end_transfer(progress);
        }
    }
}

/// Hands the row to the database without waiting for it: the commit does.
async fn begin(transfers: entrepot_store::Transfers, intent: UploadIntent) -> Stored {
    let mut stored: Stored = Box::pin(async move { transfers.begin(intent).await });
    match futures_util::poll!(&mut stored) {
        std::task::Poll::Ready(result) => Box::pin(std::future::ready(result)),
        std::task::Poll::Pending => stored,
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
