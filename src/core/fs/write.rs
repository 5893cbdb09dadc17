//! Opening a file for writing: staged where it can be, in place where the client asks for that.

use std::sync::Arc;

use entrepot_model::{EffectiveUser, VirtualPath};
use entrepot_storage::{InPlaceOptions, Metadata, Partial, StageOptions, StagedFile};
use entrepot_store::UploadIntent;
use uuid::Uuid;

use super::{UserFs, confine::Confines, retire};
use crate::{
    error::{Error, Result},
    live::Outcome,
    operation::Operation,
    place::Place,
    policy::{self, Denial, Granted},
    quota::{Reservation, Usage},
    registry::{Begin, Running},
    session::Direction,
    transfer::{
        Continued, OpenWrite, Target, TransferAllowance, Upload, UploadFacts, UploadState, allowance, partials,
        upload_end_present as present,
    },
};

/// What was found at the name that is to be written.
pub(super) struct Found {
    /// The entry itself.
    pub(super) entry: Option<Metadata>,
    /// The regular file that will be replaced or changed: the entry, or what a link leads to.
    pub(super) file: Option<Metadata>,
    /// Where the file is, behind links.
    pub(super) place: Place,
}

/// An open that was allowed, and what it needs.
pub(super) struct Opening {
    pub(super) path: VirtualPath,
    pub(super) open: OpenWrite,
    pub(super) found: Found,
    pub(super) granted: Granted,
    pub(super) allowance: TransferAllowance,
    pub(super) running: Running,
    pub(super) most: u64,
    pub(super) continued: Option<Continued>,
}

impl UserFs {
    /// Opens a file for writing. New files and truncated ones are staged: nothing is under the final name before
    /// [`Upload::commit`]. Without `truncate`, an existing file is changed in place, and a partial is gone on with.
    ///
    /// A visitor of a share opens a new file, whatever is there: it gets a name beside it.
    ///
    /// Dropping the future abandons the answer: an upload that was begun is given up.
    ///
    /// # Errors
    /// `NotFound`, `Exists`, `Denied`, `Unsupported` for what is no regular file, `Quota`, `TooMany` transfers, `Busy`
    /// when the upload to go on with does not end, or what the storage says.
    pub async fn open_write(&self, path: &VirtualPath, open: OpenWrite) -> Result<Upload> {
        if self.is_confined() {
            return self.open_beside(path, open, None).await;
        }
        self.open_upload(path, open, None).await
    }

    /// As [`UserFs::open_write`] for one of several requests that make an upload: always staged, under the id of the upload,
    /// and on what earlier ones left. Any other partial of the name gives way, unless it is a visitor who uploads.
    pub(crate) async fn open_part(&self, path: &VirtualPath, size: u64, continued: Continued) -> Result<Upload> {
        let open = OpenWrite { create: true, size: Some(size), ..OpenWrite::default() };
        if self.is_confined() {
            return self.open_beside(path, open, Some(continued)).await;
        }
        self.open_upload(path, open, Some(continued)).await
    }

    /// Whether [`UserFs::open_part`] would be allowed and have room, without opening anything.
    pub(crate) async fn check_part(&self, path: &VirtualPath, size: u64, continued: Continued) -> Result<()> {
        let open = OpenWrite { create: true, size: Some(size), ..OpenWrite::default() };
        let Opening { found, running, .. } = self.prepare(path, open, Some(continued)).await?;
        running.end(Outcome::Paused);
        let partial = self.0.core.0.partials.get(self.0.username(), &found.place);
        // What another upload left makes room for this one.
        let charged = partial.map_or(Usage::default(), |it| Usage { files: it.charged_files, size: it.charged_size });
        let credit = retire::credit(found.file.as_ref()).saturating_add(u64::try_from(charged.size).unwrap_or(0));
        let files = i64::from(found.file.is_none()) - charged.files;
        self.reserve(&found.place, files, Some(size), credit).map(drop)
    }

    async fn open_upload(&self, path: &VirtualPath, open: OpenWrite, continued: Option<Continued>) -> Result<Upload> {
        let opening = self.prepare(path, open, continued).await?;
        // Nothing under the name changes yet, so nothing that is still to be stored has to be waited for.
        let fs = self.clone();
        self.0.core.tasks().complete(async move { fs.open_granted(opening).await }).await
    }

    /// All that an opening needs.
    async fn prepare(&self, path: &VirtualPath, open: OpenWrite, continued: Option<Continued>) -> Result<Opening> {
        let found = self.look_before_writing(path).await?;
        let operation =
            if found.entry.as_ref().is_some_and(Metadata::is_file) { Operation::Overwrite } else { Operation::Upload };
        let granted = self.authorize(operation, path)?;
        self.may_open(path, open, &found).await?;
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
        if continued.as_ref().is_none_or(|continued| continued.is_first) {
            self.before(operation, path, None, found.file.as_ref().map(|file| file.size).or(open.size)).await?;
        }
        Ok(Opening { path: path.clone(), open, found, granted, allowance, running, most, continued })
    }

    /// What the flags forbid, given what is there.
    async fn may_open(&self, path: &VirtualPath, open: OpenWrite, found: &Found) -> Result<()> {
        let in_flight = self.0.overlay.get(path).is_some();
        if open.exclusive && (found.entry.is_some() || in_flight) {
            return Err(Error::Exists);
        }
        if !open.truncate && in_flight {
            // Two handles on one upload: neither would know when it is complete.
            return Err(Error::Busy);
        }
        if found.file.is_none() && !open.create {
            // There may still be a partial to go on with.
            let partials = &self.0.core.0.partials;
            partials.settled(self.0.username(), &found.place).await?;
            if open.truncate || partials.get(self.0.username(), &found.place).is_none() {
                return Err(Error::NotFound);
            }
        }
        Ok(())
    }

    pub(super) async fn open_granted(&self, opening: Opening) -> Result<Upload> {
        let Opening { path, open, found, granted, allowance, running, most, continued } = opening;
        let session = &self.0;
        // A partial that it goes on with is counted as one until then, and as an upload from then on.
        let place = found.place.clone();
        let _changing = session.core.0.names.changing(session, &place);
        let begun = match &found.file {
            Some(_) if !open.truncate && continued.is_none() => self.open_in_place(&granted, &found, open).await?,
            _ => self.stage(&found, open, continued.as_ref()).await?,
        };
        let staged = matches!(begun.target, Target::Staged { .. });
        if staged {
            running.goes_on_at(u64::try_from(begun.charged.size).unwrap_or(0));
        }
        let facts = UploadFacts {
            session: session.clone(),
            target: begun.target,
            operation: granted.operation(),
            running,
            allowance,
            charged: begun.charged,
            replaces: staged && found.file.is_some(),
            minimum: if open.append { u64::try_from(begun.charged.size).unwrap_or(0) } else { 0 },
            most,
            readable: open.read && policy::decide(self.user(), Operation::Download, &path).is_allow(),
            beside: self.is_confined(),
            continued,
        };
        let state = UploadState::new(facts, found.place, begun.reservation);
        if let Target::Staged { intent, .. } = &state.facts.target {
            session.core.0.names.begun(&intent.id, &state);
            session.overlay.insert(path, &state);
        }
        Ok(Upload(state))
    }

    /// The unfinished upload of a name that has no finished file: what a later upload may go on with.
    ///
    /// # Errors
    /// As [`UserFs::open_write`], as far as it looks at the name.
    pub(crate) async fn partial_at(&self, path: &VirtualPath) -> Result<Option<UploadIntent>> {
        let found = self.look_before_writing(path).await?;
        if found.file.is_some() {
            return Ok(None);
        }
        let partials = &self.0.core.0.partials;
        partials.settled(self.0.username(), &found.place).await?;
        Ok(partials.get(self.0.username(), &found.place))
    }

    /// What is at the name, and behind it if it is a link (ACC-127, SFTP-015).
    async fn look_before_writing(&self, path: &VirtualPath) -> Result<Found> {
        let probe = self.probe(Operation::Upload, path)?;
        if may_be_file(self.user(), path).is_err() {
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

    fn reserve(&self, place: &Place, files: i64, size: Option<u64>, credit: u64) -> Result<Reservation> {
        let (owner, limits) = self.0.quota_of(place);
        self.0.core.0.ledger.ensure(&owner, Usage::default()).reserve(limits, files, size, credit)
    }

    async fn open_in_place(&self, granted: &Granted, found: &Found, open: OpenWrite) -> Result<Begun> {
        if !self.0.account.door.capabilities(found.place.storage).in_place {
            return Err(Error::Unsupported);
        }
        // Writing within the present size needs no room: only growth is asked for (SFTP-017).
        let reservation = self.reserve(&found.place, 0, Some(0), 0)?;
        // A file that is being moved away is either opened before it is looked at for the last time, or is not there any more.
        let _turn = self.0.core.0.names.turn(&self.0, &found.place).await;
        let handle = self.0.account.door.open_in_place(granted, InPlaceOptions { readable: open.read }).await?;
        // It may be another file than was seen before the turn.
        let size = handle.metadata().await?.size;
        let edit = self.0.core.0.names.edit(&self.0, &found.place, size);
        let charged = Usage { files: 0, size: signed(size) };
        Ok(Begun { target: Target::InPlace { file: handle, edit }, reservation, charged })
    }

    async fn stage(&self, found: &Found, open: OpenWrite, continued: Option<&Continued>) -> Result<Begun> {
        let partial = self.partial_for(found, open, continued).await?;
        let charged = partial
            .as_ref()
            .map_or(Usage::default(), |partial| Usage { files: partial.charged_files, size: partial.charged_size });
        let files = i64::from(found.file.is_none() && partial.is_none());
        let missing = open.size.map(|size| size.saturating_sub(u64::try_from(charged.size).unwrap_or(0)));
        let opened = match self.reserve(&found.place, files, missing, retire::credit(found.file.as_ref())) {
            Ok(reservation) => self.open_staged(found, partial.as_ref(), continued).await.map(|opened| (reservation, opened)),
            Err(error) => Err(error),
        };
        match opened {
            Ok((reservation, (file, mut intent))) => {
                let uses = self.0.confines.as_ref().and_then(Confines::uses);
                intent.share = uses.as_ref().and_then(|uses| uses.share()).map(str::to_owned);
                let transfers = self.0.core.0.store.transfers();
                if let Err(error) = transfers.begin(intent.clone()) {
                    transfers.withdraw(&intent.id);
                    // Nobody would know of the hidden file; what an earlier upload left of it stays.
                    if let Err(error) = file.abandon(partial.is_some()).await {
                        tracing::warn!(connection_id = %self.0.id, %error, "removing an upload that cannot be noted");
                    }
                    partial.into_iter().for_each(|partial| self.0.core.0.partials.restore(partial));
                    return Err(Error::of_store("noting an upload", error));
                }
                if let Some(uses) = uses {
                    uses.hand_over();
                }
                let target = Target::Staged { file, intent: Box::new(intent) };
                Ok(Begun { target, reservation, charged })
            }
            Err(error) => {
                if let Some(partial) = partial {
                    self.0.core.0.partials.restore(partial);
                }
                Err(error)
            }
        }
    }

    /// The partial that this upload goes on with, as it is now. One that it starts over is removed.
    async fn partial_for(&self, found: &Found, open: OpenWrite, continued: Option<&Continued>) -> Result<Option<UploadIntent>> {
        if self.is_confined() && continued.is_none() {
            return Ok(None);
        }
        let partials = &self.0.core.0.partials;
        partials.settled(self.0.username(), &found.place).await?;
        let Some(partial) = partials.take(self.0.username(), &found.place) else { return Ok(None) };
        let starts_over = match continued {
            Some(continued) => continued.id != partial.id,
            None => open.truncate || found.file.is_some() || open.exclusive,
        };
        if starts_over {
            partials::discard(&self.0, &found.place, partial).await?;
            return Ok(None);
        }
        // Somebody may have been at the storage: what is there now counts.
        partials::verify(&self.0, &found.place, partial).await
    }

    async fn open_staged(
        &self,
        found: &Found,
        partial: Option<&UploadIntent>,
        continued: Option<&Continued>,
    ) -> Result<(Arc<dyn StagedFile>, UploadIntent)> {
        let session = &self.0;
        let door = &session.account.door;
        let now = session.core.0.clock.millis();
        let id = partial.map(|partial| &partial.id).or(continued.map(|continued| &continued.id));
        let id = id.map_or_else(|| Uuid::new_v4().simple().to_string(), Clone::clone);
        let resume =
            partial.map(|partial| Partial { durable: u64::try_from(partial.size).unwrap_or(0), token: partial.token.clone() });
        let options = StageOptions {
            id: id.clone(),
            owner: crate::accounts::owner(self.user()),
            umask: self.umask(),
            mode: found.file.as_ref().map(|file| file.mode),
            resume,
            readable: door.capabilities(found.place.storage).read_write,
        };
        let mut intent = UploadIntent {
            id,
            username: session.username().to_owned(),
            folder: found.place.folder.as_deref().map(str::to_owned),
            backend_path: found.place.path.as_bytes().to_vec(),
            virtual_path: found.place.virtual_path.as_bytes().to_vec(),
            size: partial.map_or(0, |partial| partial.size),
            charged_size: partial.map_or(0, |partial| partial.charged_size),
            charged_files: partial.map_or(0, |partial| partial.charged_files),
            replaced_size: found.file.as_ref().map(|file| signed(file.size)),
            state: entrepot_store::UploadState::Open,
            token: partial.map(|partial| partial.token.clone()).unwrap_or_default(),
            protocol: session.protocol.to_owned(),
            ip: session.peer.remote.ip().to_string(),
            session_id: session.id.clone(),
            share: None,
            identity: None,
            created_at: now,
            updated_at: now,
        };
        let transfers = session.core.0.store.transfers();
        if partial.is_none() {
            transfers.announce(&intent).map_err(|error| Error::of_store("announcing an upload", error))?;
        }
        let granted = policy::own_work(Operation::Upload, found.place.clone());
        let staged = door.stage(&granted, &found.place.path, options).await;
        let file = staged.inspect_err(|_| transfers.withdraw(&intent.id))?;
        // Without it, a restart goes by the size.
        let identity = file.metadata().await.ok().and_then(|metadata| metadata.identity);
        intent.identity = identity.map(|identity| (identity.device, identity.inode));
        intent.size = signed(file.size());
        Ok((file, intent))
    }
}

/// Whether a file can have this name at all: those of the root, of mounts and of what leads to them are directories.
pub(crate) fn may_be_file(user: &EffectiveUser, path: &VirtualPath) -> std::result::Result<(), Denial> {
    if path.is_root() {
        return Err(Denial::new("root", "the root is a directory"));
    }
    if user.is_mount_point(path) || user.contains_mounts(path) {
        return Err(Denial::new("virtual_folders", format!("{path} is a virtual folder, or leads to one")));
    }
    Ok(())
}

/// An open file, and what was reserved for it.
struct Begun {
    target: Target,
    reservation: Reservation,
    /// What quota counts of it already.
    charged: Usage,
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
