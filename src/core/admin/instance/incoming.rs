//! A file that somebody brings to the page of the first start: a sealed backup, or a dump of the accounts of another server.

use std::{io, path::PathBuf};

use bytes::Bytes;
use entrepot_secrets::{Sensitive, random_alphanumeric};
use entrepot_storage::private_file;

use crate::{
    Core, Error, Result,
    admin::{
        AdminSession,
        backup::{self, LoadOptions, LoadReport},
    },
};

/// What became of the file.
#[derive(Debug)]
pub enum Brought {
    /// It was a backup: the server starts again with it.
    Backup,
    /// It was a document: this was loaded, or, if something of it failed, nothing was.
    Document(LoadReport),
}

/// The file while it comes in: in the data folder, for the account of the server only. Dropped, it is gone.
pub struct Incoming {
    core: Core,
    token: String,
    file: Option<private_file::Writer>,
    path: PathBuf,
    first: Option<u8>,
    length: u64,
}

impl Core {
    /// Begins to take a file in, from who has the token of the first start.
    ///
    /// # Errors
    /// As [`Core::check_setup_token`]; `Conflict` when the server has accounts; `Invalid` for `file` where it cannot be kept.
    pub async fn bring_at_setup(&self, token: &str) -> Result<Incoming> {
        self.check_setup_token(token).await?;
        if !self.is_fresh().await? {
            return Err(Error::Conflict("this server has accounts already".to_owned()));
        }
        let path = self.data_directory().join(format!(".entrepot-brought-{}", random_alphanumeric(12)));
        let target = path.clone();
        let file = run(self, move || private_file::Writer::create(&target)).await?;
        Ok(Incoming { core: self.clone(), token: token.to_owned(), file: Some(file), path, first: None, length: 0 })
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
        run(&self.core, move || file.write(&piece)).await
    }

    /// Documents are JSON, backups are not.
    fn is_document(&self) -> bool {
        self.first == Some(b'{')
    }

    /// All of it has come: it is taken in. A document is tried first, so that all of it is loaded or nothing.
    ///
    /// # Errors
    /// `Invalid` for `file` or `passphrase`, in words for people; nothing has changed then. As [`Core::bring_at_setup`].
    pub async fn take_in(mut self, passphrase: Sensitive<String>) -> Result<Brought> {
        let Some(file) = self.file.take().filter(|_| self.first.is_some()) else {
            return Err(Error::invalid("file", "there is nothing in the file"));
        };
        run(&self.core, move || file.finish()).await?;
        if !self.is_document() {
            self.core.restore_at_setup(&self.token, self.path.clone(), passphrase).await?;
            return Ok(Brought::Backup);
        }
        self.core.check_setup_token(&self.token).await?;
        let busy = || Error::Conflict("a backup is being restored, or the server is being set up".to_owned());
        let _founding = self.core.services().founding().restore().ok_or_else(busy)?;
        if !self.core.is_fresh().await? {
            return Err(Error::Conflict("this server has accounts already".to_owned()));
        }
        let (path, limit) = (self.path.clone(), backup::limit(&self.core));
        let text = Bytes::from(run(&self.core, move || private_file::read(&path, limit)).await?);
        let system = AdminSession::system();
        let tried = LoadOptions { is_dry_run: true, ..LoadOptions::default() };
        let report = backup::load(&self.core, &system, text.clone(), tried).await?;
        if !report.failures.is_empty() {
            return Ok(Brought::Document(report));
        }
        backup::load(&self.core, &system, text, LoadOptions::default()).await.map(Brought::Document)
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
