//! A file that somebody brings to the page of the first start: a sealed backup, or a dump of the accounts of another server.

use std::{io, path::PathBuf};

use bytes::Bytes;
use entrepot_config::regular_file;
use entrepot_secrets::{Sensitive, random_alphanumeric};
use entrepot_storage::private_file;

use crate::{
    Core, Error, Result,
    admin::{
        AdminSession,
        backup::{self, LoadOptions, LoadReport},
    },
};

/// Begin of the names under which such files lie in the data folder. What a server that was killed left of them is of no use.
pub const BROUGHT: &str = ".entrepot-brought-";
/// Part of the free space that a file may take: what is in a backup needs room beside it.
const SHARE: u64 = 2;

/// What became of the file.
#[derive(Debug)]
pub enum Brought {
    /// It was a backup: the server starts again with it. These are for who restores it.
    Backup(Vec<String>),
    /// It was a document, and all of it was loaded.
    Document(LoadReport),
    /// It was a document, and nothing of it was loaded: this is wrong with it.
    Refused(LoadReport),
    /// It was a document that could be loaded when it was tried, but then something failed: what came before it is here, the
    /// rest is not.
    Partly(LoadReport),
}

impl Brought {
    fn document(report: LoadReport) -> Self {
        match (report.failures.is_empty(), report.entries.is_empty()) {
            (true, _) => Self::Document(report),
            (false, true) => Self::Refused(report),
            (false, false) => Self::Partly(report),
        }
    }
}

/// The file while it comes in: in the data folder, for the account of the server only. Dropped, it is gone.
pub struct Incoming {
    core: Core,
    token: String,
    file: Option<private_file::Writer>,
    path: PathBuf,
    first: Option<u8>,
    length: u64,
    most: u64,
}

impl Core {
    /// Begins to take a file in, from who has the token of the first start and the installation code. Without them not a byte
    /// of it is read.
    ///
    /// # Errors
    /// As [`Core::check_setup_token`] and [`Core::check_installation_code`]; `Conflict` when the server has accounts; `Invalid`
    /// for `file` where it cannot be kept.
    pub async fn bring_at_setup(&self, token: &str, installation_code: &str) -> Result<Incoming> {
        self.check_setup_token(token).await?;
        self.check_installation_code(installation_code)?;
        if !self.is_fresh().await? {
            return Err(Error::Conflict("this server has accounts already".to_owned()));
        }
        let path = self.data_directory().join(format!("{BROUGHT}{}", random_alphanumeric(12)));
        let target = path.clone();
        let (file, free) = run(self, move || {
            let file = private_file::Writer::create(&target)?;
            file.free().map(|free| (file, free))
        })
        .await?;
        let (core, token, most) = (self.clone(), token.to_owned(), free / SHARE);
        Ok(Incoming { core, token, file: Some(file), path, first: None, length: 0, most })
    }
}

impl Incoming {
    /// The next bytes.
    ///
    /// # Errors
    /// `NoSpace`, or `Invalid` for `file`.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        let Some(file) = self.file.clone() else { return Err(Error::Shutdown) };
        if self.first.is_none() {
            self.first = piece.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        }
        self.length += piece.len() as u64;
        if self.is_document() && self.length > backup::limit(&self.core) {
            let most = backup::limit(&self.core) / 1024 / 1024;
            return Err(Error::invalid("file", format!("the file is larger than {most} MB (hook.httpd_max_restore_size)")));
        }
        if self.length > self.most {
            return Err(Error::NoSpace);
        }
        run(&self.core, move || file.write(&piece)).await
    }

    /// Documents are JSON, backups are not.
    fn is_document(&self) -> bool {
        self.first == Some(b'{')
    }

    /// All of it has come: it is taken in. A document is tried first, so that what is wrong with it is found before anything is
    /// loaded. Once it has begun it goes on when its caller goes away, and nobody sets the server up meanwhile.
    ///
    /// # Errors
    /// `Invalid` for `file` or `passphrase`, in words for people; nothing has changed then. As [`Core::bring_at_setup`].
    pub async fn take_in(mut self, passphrase: Sensitive<String>) -> Result<Brought> {
        let Some(file) = self.file.take().filter(|_| self.first.is_some()) else {
            return Err(Error::invalid("file", "there is nothing in the file"));
        };
        run(&self.core, move || file.finish()).await?;
        let core = self.core.clone();
        core.tasks().complete(async move { self.found(passphrase).await }).await
    }

    /// Makes the server the one of the file.
    async fn found(&self, passphrase: Sensitive<String>) -> Result<Brought> {
        let core = &self.core;
        core.check_setup_token(&self.token).await?;
        if !self.is_document() {
            return core.restore_instance(self.path.clone(), passphrase).await.map(Brought::Backup);
        }
        let busy = || Error::Conflict("a backup is being restored, or the server is being set up".to_owned());
        let _founding = core.services().founding().restore().ok_or_else(busy)?;
        if !core.is_fresh().await? {
            return Err(Error::Conflict("this server has accounts already".to_owned()));
        }
        let (path, limit) = (self.path.clone(), backup::limit(core));
        let text = Bytes::from(run(core, move || regular_file::read(&path, limit)).await?);
        let system = AdminSession::system();
        let tried = LoadOptions { is_dry_run: true, ..LoadOptions::default() };
        let report = backup::load(core, &system, text.clone(), tried).await?;
        if !report.failures.is_empty() {
            return Ok(Brought::Refused(report));
        }
        backup::load(core, &system, text, LoadOptions::default()).await.map(Brought::document)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.file = None;
        let path = std::mem::take(&mut self.path);
        let removed = self.core.tasks().storage().clone();
        drop(self.core.tasks().spawn(async move { removed.run(move || private_file::remove(&path)).await }));
    }
}

async fn run<T: Send + 'static>(core: &Core, job: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    let done = core.tasks().storage().run(job).await.map_err(|error| Error::internal("a file for the first start", error))?;
    done.map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull => Error::NoSpace,
        io::ErrorKind::FileTooLarge => Error::invalid("file", "the file is too large"),
        _ => Error::invalid("file", format!("the file cannot be kept in the data folder: {error}")),
    })
}

#[cfg(test)]
mod tests;
