//! The trait that every storage implements.
//!
//! It was drawn with eight storages in mind, and each method says what it means for them:
//!
//! | | writes | staging | in place | directories | rename |
//! |---|---|---|---|---|---|
//! | local | random | rename | yes | real | native |
//! | encrypted local | sequential, 64 KiB packages, not resumable | rename | no | real | native |
//! | S3, Azure | sequential parts, resumable (multipart, block list) | implicit | no | emulated | copy + delete |
//! | GCS | sequential parts, resumable (upload session) | implicit | no | emulated | copy + delete |
//! | SFTP | random; sequential when buffered | rename; none when buffered | yes; no when buffered | real | native |
//! | FTP | sequential, resumable by `REST` | rename | no | real | native |
//! | HTTP | sequential, not resumable | none | no | real | native |
//!
//! **Waiting.** A method that returns [`Wait`] may wait. Backends with [`Capabilities::immediate`] answer metadata calls
//! at the first poll, so that a caller on a hot path can poll once and move the future elsewhere only if it is pending.
//! Dropping a future abandons the answer, never the effect: what was begun may still be done.
//!
//! **Buffers** belong to the job that uses them, so a dropped future never leaves a pool thread with a dangling one.

use std::{any::Any, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;

use crate::{Attributes, Capabilities, DirectoryEntry, Metadata, Owner, Result, Space, VirtualPath};

/// An answer that may take time.
pub type Wait<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Where files are, for events and logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// `filesystem.provider` of the contract: 0 local, 1 S3, 2 GCS, 3 Azure, 4 encrypted, 5 SFTP, 6 HTTP, 7 FTP.
    pub provider: i32,
    /// Bucket or container; empty elsewhere.
    pub bucket: String,
    /// Endpoint; empty for local storage.
    pub endpoint: String,
    /// Two backends with the same value hold the same storage: a rename between them is a rename.
    pub resource: String,
}

/// How hard a commit tries to survive a loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Write-back is started and not awaited.
    #[default]
    Background,
    /// File and directory are on stable storage before the answer.
    Commit,
    /// Left to the operating system.
    Never,
}

/// How an upload is staged.
#[derive(Debug, Clone, Default)]
pub struct StageOptions {
    /// Unique name of the upload: letters, digits and `-`. The hidden name is `.entrepot-<id>`.
    pub id: String,
    /// Owner of the new file, where the storage has owners and we may set them (LOC-002).
    pub owner: Owner,
    /// Bits taken from the mode of new files and directories; `None` leaves the umask of the process.
    pub umask: Option<u32>,
    /// Mode that the new file shall have instead of 0666 minus umask: that of the file it replaces.
    pub mode: Option<u32>,
    /// Go on with a partial of that name, from the token it left.
    pub resume: Option<Partial>,
    /// The handle is read as well.
    pub readable: bool,
}

/// How an existing file is opened for changes in place.
#[derive(Debug, Clone, Copy, Default)]
pub struct InPlaceOptions {
    /// The handle is read as well.
    pub readable: bool,
}

/// How an upload ends.
#[derive(Debug, Clone, Copy, Default)]
pub struct CommitOptions {
    /// Whether an existing file may be replaced; otherwise `Exists`, and the staged file stays.
    pub replace: bool,
    /// Durability of the commit.
    pub durability: Durability,
}

/// What is left of an unfinished upload, and enough to go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// Bytes that will be there after a restart: where a client may go on.
    pub durable: u64,
    /// What the storage needs to find it again (upload id, parts); empty where the hidden name is enough.
    pub token: Vec<u8>,
}

/// An open file that can be read. Reads may run side by side.
pub trait ReadFile: Send + Sync {
    /// Reads into `buffer` what is there without waiting: `Some(n)` bytes, fewer than asked only at the end of the file
    /// (0 = at or past it); `None` = it would have to wait, use [`ReadFile::read_at`].
    fn try_read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<Option<usize>>;

    /// Reads up to `length` bytes; fewer only at the end of the file.
    fn read_at(&self, offset: u64, length: usize) -> Wait<'_, Bytes>;

    /// Metadata of the open file.
    fn metadata(&self) -> Wait<'_, Metadata>;
}

/// An open file that can be written.
pub trait WriteFile: Send + Sync {
    /// Writes all of `data` if that needs no waiting. `false` = nothing was written, use [`WriteFile::write_at`].
    fn try_write_at(&self, offset: u64, data: &[u8]) -> Result<bool>;

    /// Writes all of `data`. On sequential storage, data beyond the next offset waits in the reorder window
    /// (4 MiB; past it the write fails with `Unsupported`); writing below it fails with `Unsupported`.
    fn write_at(&self, offset: u64, data: Bytes) -> Wait<'_, ()>;

    /// Size as written so far.
    fn size(&self) -> u64;

    /// Bytes that a resumed upload would find: [`WriteFile::size`] on random-access storage, that of whole parts elsewhere.
    fn durable(&self) -> u64;

    /// Changes attributes of the open file. A size on sequential storage: only 0 before the first byte.
    fn set_attributes(&self, attributes: &Attributes) -> Wait<'_, ()>;

    /// Metadata of the open file.
    fn metadata(&self) -> Wait<'_, Metadata>;

    /// Brings what was written to stable storage, where the storage has such a thing.
    fn sync(&self) -> Wait<'_, ()>;

    /// The same file for reading, if it was opened so.
    fn reader(&self) -> Option<&dyn ReadFile>;
}

/// A new file that is not under its name yet.
pub trait StagedFile: WriteFile {
    /// Gives the file its name. On an error the staged file is still there; [`StagedFile::abandon`] ends it.
    /// All writes must have ended. Calling it again after an error is allowed.
    fn commit<'a>(&'a self, target: &'a VirtualPath, options: CommitOptions) -> Wait<'a, Metadata>;

    /// Ends the upload without giving the file its name. `keep` leaves a partial where the storage can resume one; the
    /// answer tells what is left of it, `None` = nothing.
    fn abandon(&self, keep: bool) -> Wait<'_, Option<Partial>>;
}

/// A directory being listed. Entries come in the order of the storage; `.` and `..` never do, nor hidden uploads.
pub trait DirectoryStream: Send {
    /// The next entries, at most `limit` of them; empty = the end. Memory stays bounded whatever the directory holds.
    fn next(&mut self, limit: usize) -> Wait<'_, Vec<DirectoryEntry>>;
}

/// What [`Backend::look_at_root`] makes sure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootUse {
    /// It can be opened.
    Open,
    /// What is in it can be read.
    Read,
    /// What is in it can be changed.
    Change,
}

/// A look at a root that is still to be run. It waits for the storage, for ever if need be: it is for a thread that can be spared,
/// and no pool lends one of its own.
pub type RootLook = Box<dyn FnOnce() -> Result<()> + Send>;

/// A storage. See the module for what holds for all of them.
pub trait Backend: Send + Sync + 'static {
    /// Where the files are.
    fn origin(&self) -> &Origin;

    /// What this storage can do.
    fn capabilities(&self) -> &Capabilities;

    /// Checks that the root can be used, and makes it where that is the storage's way (STO-011).
    fn check_root(&self) -> Wait<'_, ()>;

    /// As [`Backend::check_root`], and whether the root can be used so, but nothing is made: a root that could be made will do.
    fn look_at_root(&self, wanted: RootUse) -> RootLook;

    /// Metadata of an entry; `follow` resolves a link at the end of the path (beneath the root, at most 10 deep).
    fn stat<'a>(&'a self, path: &'a VirtualPath, follow: bool) -> Wait<'a, Metadata>;

    /// Opens a directory for listing.
    fn list<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Box<dyn DirectoryStream>>;

    /// Opens a regular file for reading. Anything else: `IsDirectory` or `Unsupported`.
    fn open_read<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Arc<dyn ReadFile>>;

    /// Begins a new file that shall be named `target`, or goes on with a partial of it. The parent must exist where
    /// directories are real.
    fn stage<'a>(&'a self, target: &'a VirtualPath, options: StageOptions) -> Wait<'a, Arc<dyn StagedFile>>;

    /// What a staged upload of that id left behind; `None` = nothing. Used at start and before a resume.
    fn partial<'a>(&'a self, target: &'a VirtualPath, id: &'a str, token: &'a [u8]) -> Wait<'a, Option<Partial>>;

    /// Removes what a staged upload of that id left behind; no error if there is nothing.
    fn discard_partial<'a>(&'a self, target: &'a VirtualPath, id: &'a str, token: &'a [u8]) -> Wait<'a, ()>;

    /// Opens an existing regular file for changes in place.
    fn open_in_place<'a>(&'a self, path: &'a VirtualPath, options: InPlaceOptions) -> Wait<'a, Arc<dyn WriteFile>>;

    /// Makes a directory; its parent must exist where directories are real.
    fn create_directory<'a>(&'a self, path: &'a VirtualPath, owner: Owner, umask: Option<u32>) -> Wait<'a, ()>;

    /// Removes a file or a link (the link itself). A directory: `IsDirectory`.
    fn remove_file<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, ()>;

    /// Removes an empty directory. A file: `NotDirectory`.
    fn remove_directory<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, ()>;

    /// Removes, with all that is in them, the entries of a directory whose names no virtual path can have (STO-018).
    fn remove_unnameable<'a>(&'a self, _directory: &'a VirtualPath) -> Wait<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Renames within this storage. A link is renamed itself. `replace` allows an existing file to be replaced; without
    /// it `Exists`. An existing directory is never replaced.
    fn rename<'a>(&'a self, from: &'a VirtualPath, to: &'a VirtualPath, replace: bool) -> Wait<'a, ()>;

    /// Copies a file's content within this storage into a file staged with `options`, without moving it through the
    /// caller (reflink, `copy_file_range`, server-side copy). `Unsupported` where there is no such thing.
    fn copy_staged<'a>(
        &'a self,
        from: &'a VirtualPath,
        target: &'a VirtualPath,
        options: StageOptions,
    ) -> Wait<'a, Arc<dyn StagedFile>>;

    /// Changes attributes; links are followed beneath the root unless `follow` is false.
    fn set_attributes<'a>(&'a self, path: &'a VirtualPath, attributes: &'a Attributes, follow: bool) -> Wait<'a, ()>;

    /// Makes a symbolic link at `link` whose text is `target`, as given.
    fn symlink<'a>(&'a self, target: &'a [u8], link: &'a VirtualPath) -> Wait<'a, ()>;

    /// The text of a link.
    fn read_link<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Vec<u8>>;

    /// The path with every link resolved, beneath the root; the last component need not exist.
    fn resolve<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, VirtualPath>;

    /// Space of the storage that holds `path`.
    fn space<'a>(&'a self, path: &'a VirtualPath) -> Wait<'a, Space>;

    /// For tests of the implementations behind the trait.
    fn as_any(&self) -> &dyn Any;
}
