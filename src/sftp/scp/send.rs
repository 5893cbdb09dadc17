//! The side that reads for the client (`scp -f`).

use bytes::BytesMut;
use entrepot_core::{Download, Error, FileKind, Metadata, UserFs};
use entrepot_model::VirtualPath;

use super::{CHUNK, End, Reply, ScpOptions, about};
use crate::exec::{Terminal, expand};

/// Deepest nesting that is followed.
const DEPTH: usize = 1000;
/// Entries of a listing that are looked at in one go.
const BATCH: usize = 250;
/// Modes where the storage has none (SCP-010).
const FILE_MODE: u32 = 0o644;
const DIRECTORY_MODE: u32 = 0o755;

struct Sender<'a> {
    fs: &'a UserFs,
    options: &'a ScpOptions,
    terminal: &'a mut Terminal,
    /// Everything so far was sent.
    is_complete: bool,
}

/// Sends what the path stands for. `false` = something was left out.
pub async fn send(fs: &UserFs, options: &ScpOptions, terminal: &mut Terminal) -> Result<bool, End> {
    let mut sender = Sender { fs, options, terminal, is_complete: true };
    if sender.terminal.reply().await? == Reply::Warning {
        return Err(End::Failed);
    }
    let paths = match expand(fs, &options.path).await {
        Ok(paths) => paths,
        Err(error) => {
            let text = format!("{}: {}", String::from_utf8_lossy(&options.path.text), crate::status::Failure::from(error).text);
            return sender.terminal.fail(&text).await;
        }
    };
    for path in paths {
        sender.send_top(&path).await?;
    }
    Ok(sender.is_complete)
}

/// Directories that were entered, and those that wait in each.
type Waiting = Vec<Vec<(VirtualPath, Metadata)>>;

impl Sender<'_> {
    async fn send_top(&mut self, path: &VirtualPath) -> Result<(), End> {
        let found = match self.fs.stat(path, true).await {
            Ok(found) => found,
            // It may be read without being looked at: then it is a file.
            Err(Error::Denied(_)) => return self.file(path, true).await,
            Err(error) => return self.leave_out(path, error).await,
        };
        match found.kind {
            FileKind::File => self.file(path, true).await,
            FileKind::Directory if self.options.recursive => self.tree(path, found).await,
            FileKind::Directory => self.leave_out_because(path, "not a regular file").await,
            FileKind::Symlink | FileKind::Other(_) => self.leave_out_because(path, "not a regular file").await,
        }
    }

    async fn leave_out(&mut self, path: &VirtualPath, error: Error) -> Result<(), End> {
        self.is_complete = false;
        self.terminal.warn(&about(path, error)).await
    }

    async fn leave_out_because(&mut self, path: &VirtualPath, reason: &str) -> Result<(), End> {
        self.is_complete = false;
        self.terminal.warn(&format!("{path}: {reason}")).await
    }

    /// A directory: its files, then its directories, one after the other (SCP-008).
    async fn tree(&mut self, top: &VirtualPath, found: Metadata) -> Result<(), End> {
        let mut waiting: Waiting = vec![vec![(top.clone(), found)]];
        while let Some(level) = waiting.last_mut() {
            match level.pop() {
                Some((path, found)) => {
                    if waiting.len() > DEPTH {
                        self.leave_out(&path, Error::TooLarge).await?;
                    } else if let Some(inner) = self.enter(&path, &found).await? {
                        waiting.push(inner);
                    }
                }
                None => {
                    waiting.pop();
                    // The outermost level is no directory of its own.
                    if !waiting.is_empty() {
                        self.step("E\n".to_owned().into_bytes()).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Announces a directory and sends its files; answers its directories. `None` = the client does not want it, or it
    /// cannot be listed.
    async fn enter(&mut self, path: &VirtualPath, found: &Metadata) -> Result<Option<Vec<(VirtualPath, Metadata)>>, End> {
        let mut listing = match self.fs.list(path).await {
            Ok(listing) => listing,
            Err(error) => {
                self.leave_out(path, error).await?;
                return Ok(None);
            }
        };
        let Some(name) = self.name_of(path).await? else { return Ok(None) };
        let mode = if found.mode == 0 { DIRECTORY_MODE } else { found.mode };
        if !self.announce(found, format!("D{mode:04o} 0 "), &name).await? {
            return Ok(None);
        }
        let mut directories = Vec::new();
        loop {
            let entries = match listing.next(BATCH).await {
                Ok(entries) => entries,
                Err(error) => {
                    self.leave_out(path, error).await?;
                    break;
                }
            };
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let Ok(child) = path.child(&entry.name) else { continue };
                match entry.metadata.kind {
                    FileKind::File => self.file(&child, false).await?,
                    FileKind::Directory => directories.push((child, entry.metadata)),
                    FileKind::Symlink | FileKind::Other(_) => {}
                }
            }
        }
        directories.reverse();
        Ok(Some(directories))
    }

    /// The name that the client is told (SCP-009); `None` for one that the protocol cannot carry.
    async fn name_of(&mut self, path: &VirtualPath) -> Result<Option<Vec<u8>>, End> {
        let name = match path.file_name() {
            Some(name) => name.to_vec(),
            None => self.fs.username().as_bytes().to_vec(),
        };
        if name.contains(&b'\n') {
            self.leave_out_because(path, "a name with a line break cannot be sent over SCP").await?;
            return Ok(None);
        }
        Ok(Some(name))
    }

    /// Times, if they are wanted, and the line of an entry. `false` = the client does not want it.
    async fn announce(&mut self, found: &Metadata, head: String, name: &[u8]) -> Result<bool, End> {
        if self.options.preserve {
            let (modified, accessed) = (found.modified.seconds.max(0), found.accessed.seconds.max(0));
            self.step(format!("T{modified} 0 {accessed} 0\n").into_bytes()).await?;
        }
        self.step([head.as_bytes(), name, b"\n"].concat()).await
    }

    /// Sends a line and waits for the answer; `false` = the client warns.
    async fn step(&mut self, line: Vec<u8>) -> Result<bool, End> {
        self.terminal.send(line).await?;
        let is_ok = self.terminal.reply().await? == Reply::Ok;
        self.is_complete &= is_ok;
        Ok(is_ok)
    }

    /// A file. Denied ones in a directory are left out without a word (SCP-008).
    async fn file(&mut self, path: &VirtualPath, is_named: bool) -> Result<(), End> {
        let opened = match self.fs.open_read(path).await {
            Ok(download) => download.metadata().await.map(|found| (download, found)),
            Err(error) => Err(error),
        };
        let (download, found) = match opened {
            Ok(opened) => opened,
            Err(Error::Denied(_)) if !is_named => return Ok(()),
            Err(error) => return self.leave_out(path, error).await,
        };
        let Some(name) = self.name_of(path).await? else { return Ok(()) };
        let mode = if found.mode == 0 { FILE_MODE } else { found.mode };
        if !self.announce(&found, format!("C{mode:04o} {} ", found.size), &name).await? {
            return Ok(());
        }
        if let Err(error) = self.content(&download, found.size).await? {
            // The bytes that were announced cannot be had, and nothing else may stand in their place: the stream ends here.
            self.terminal.complain(&format!("scp: {}", about(path, error))).await?;
            return Err(End::Failed);
        }
        download.close();
        self.step(vec![0]).await?;
        Ok(())
    }

    async fn content(&mut self, download: &Download, size: u64) -> Result<Result<(), Error>, End> {
        let mut offset = 0;
        while offset < size {
            let length = usize::try_from(size - offset).unwrap_or(usize::MAX).min(CHUNK);
            let mut buffer = BytesMut::zeroed(length);
            let data = match download.try_read_at(offset, &mut buffer) {
                Ok(Some(count)) => {
                    buffer.truncate(count);
                    Ok(buffer.freeze())
                }
                Ok(None) => download.read_at(offset, length).await,
                Err(error) => Err(error),
            };
            match data {
                // It became shorter while it was read.
                Ok(data) if data.is_empty() => return Ok(Err(Error::Corrupt)),
                Ok(data) => {
                    offset += data.len() as u64;
                    self.terminal.send(data).await?;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }
}
