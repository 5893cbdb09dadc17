//! The side that stores what the client sends (`scp -t`).

use entrepot_core::{Attributes, Error, OpenWrite, Timestamp, Upload, UserFs};
use entrepot_model::VirtualPath;

use super::{
    End, MAX_LINE, Reply, ScpOptions, about,
    control::{Control, parse},
};
use crate::exec::{LineEnd, Terminal, path_of};

/// Deepest nesting that is followed.
const DEPTH: usize = 1000;

/// A directory that the client is in, and what it shall be given when the client leaves it.
struct Level {
    path: VirtualPath,
    attributes: Attributes,
}

/// What is known of the path that the client named.
enum Target {
    /// Names go into it.
    Directory,
    /// It is the name.
    Name,
    /// The account may not look: it is the name, unless it turns out to be a directory.
    Unknown,
}

struct Receiver<'a> {
    fs: &'a UserFs,
    options: &'a ScpOptions,
    terminal: &'a mut Terminal,
    base: VirtualPath,
    target: Target,
    levels: Vec<Level>,
    times: Option<(Timestamp, Timestamp)>,
    /// Everything so far was stored.
    is_complete: bool,
}

/// Takes in what the client sends. `false` = something was left out.
pub async fn receive(fs: &UserFs, options: &ScpOptions, terminal: &mut Terminal) -> Result<bool, End> {
    let base = match path_of(fs, &options.path) {
        Ok(base) => base,
        Err(error) => return terminal.fail(&about(&VirtualPath::root(), error)).await,
    };
    let ends_with_slash = options.path.text.ends_with(b"/");
    let target = match fs.stat(&base, true).await {
        Ok(found) if found.is_directory() => Target::Directory,
        _ if base.is_root() || ends_with_slash => Target::Directory,
        Ok(_) | Err(Error::NotFound) if options.into_directory => {
            return terminal.fail(&about(&base, Error::NotDirectory)).await;
        }
        Ok(_) | Err(Error::NotFound) => Target::Name,
        Err(_) if options.into_directory => Target::Directory,
        Err(_) => Target::Unknown,
    };
    let mut receiver = Receiver { fs, options, terminal, base, target, levels: Vec::new(), times: None, is_complete: true };
    receiver.terminal.acknowledge().await?;
    while receiver.step().await? {}
    Ok(receiver.is_complete)
}

impl Receiver<'_> {
    /// One line and what belongs to it. `false` = the client has sent everything.
    async fn step(&mut self) -> Result<bool, End> {
        let line = match self.terminal.input.line(MAX_LINE).await {
            Ok(line) => line,
            Err(LineEnd::End) if self.levels.is_empty() => return Ok(false),
            Err(LineEnd::End | LineEnd::Cut) => return Err(End::Failed),
            Err(LineEnd::TooLong) => return self.terminal.fail("protocol error: the line is too long").await,
        };
        match parse(&line) {
            Err(malformed) => return self.terminal.fail(&malformed.to_string()).await,
            Ok(Control::Warning) => self.is_complete = false,
            Ok(Control::Fatal) => return Err(End::Failed),
            Ok(Control::Times { modified, accessed }) => {
                self.times = Some((Timestamp::from_seconds(accessed), Timestamp::from_seconds(modified)));
                self.terminal.acknowledge().await?;
            }
            Ok(Control::End) => {
                let Some(level) = self.levels.pop() else {
                    return self.terminal.fail("protocol error: a directory ends that did not begin").await;
                };
                self.keep(&level.path, &level.attributes).await;
                self.terminal.acknowledge().await?;
            }
            Ok(Control::Directory { mode, name }) => self.enter(mode, &name).await?,
            Ok(Control::File { mode, size, name }) => self.file(mode, size, &name).await?,
        }
        Ok(true)
    }

    /// Where an entry of that name goes (SCP-005).
    async fn place(&mut self, name: &[u8]) -> Result<VirtualPath, End> {
        let parent = match (self.levels.last(), &self.target) {
            (Some(level), _) => &level.path,
            (None, Target::Directory) => &self.base,
            (None, Target::Name | Target::Unknown) => return Ok(self.base.clone()),
        };
        match parent.child(name) {
            Ok(path) => Ok(path),
            Err(error) => self.terminal.fail(&error.to_string()).await,
        }
    }

    /// Times and mode that the entry shall get: those that the client sent with `-p`.
    fn attributes(&mut self, mode: u32) -> Attributes {
        let times = self.times.take();
        if self.options.preserve {
            Attributes { times, mode: Some(mode & 0o777), ..Attributes::default() }
        } else {
            Attributes::default()
        }
    }

    /// SCP-007: as over SFTP; where the account may not change them, the file stays as it was stored.
    async fn keep(&self, path: &VirtualPath, attributes: &Attributes) {
        if *attributes == Attributes::default() {
            return;
        }
        // One by one: what one is refused must not keep the other away.
        for one in [Attributes { mode: None, ..*attributes }, Attributes { mode: attributes.mode, ..Attributes::default() }] {
            if one != Attributes::default()
                && let Err(error) = self.fs.set_attributes(path, &one, true).await
            {
                tracing::debug!(%path, %error, "attributes of a copied file are not kept");
            }
        }
    }

    /// `D`: the directory is there from now on (SCP-006).
    async fn enter(&mut self, mode: u32, name: &[u8]) -> Result<(), End> {
        if !self.options.recursive {
            return self.terminal.fail("protocol error: a directory without -r").await;
        }
        if self.levels.len() >= DEPTH {
            return self.terminal.fail("directories are nested too deep").await;
        }
        let path = self.place(name).await?;
        let attributes = self.attributes(mode);
        match self.fs.create_directory(&path).await {
            Ok(()) => {}
            Err(error) => match self.fs.stat(&path, true).await {
                Ok(found) if found.is_directory() => {}
                // Without leave to look, the storage has the last word.
                Err(Error::Denied(_)) if error == Error::Exists => {}
                _ => return self.terminal.fail(&about(&path, error)).await,
            },
        }
        self.levels.push(Level { path, attributes });
        self.terminal.acknowledge().await
    }

    /// `C`: the file, byte for byte (SCP-003, SCP-004).
    async fn file(&mut self, mode: u32, size: u64, name: &[u8]) -> Result<(), End> {
        let attributes = self.attributes(mode);
        let (path, upload) = self.open(size, name).await?;
        self.terminal.acknowledge().await?;
        if let Err(error) = self.fill(&upload, size).await? {
            // The client looks for an answer only after the last byte: it is told now, and on its terminal.
            let text = about(&path, error);
            self.terminal.input.refuse();
            self.terminal.complain(&format!("scp: {text}")).await?;
            return self.terminal.fail(&text).await;
        }
        if self.terminal.reply().await? == Reply::Warning {
            // The client could not read its file: what came is not what is in it.
            upload.abort();
            self.is_complete = false;
            return self.terminal.warn(&format!("{path}: not stored, for it could not be read")).await;
        }
        match upload.commit().await {
            Ok(_) => {
                self.keep(&path, &attributes).await;
                self.terminal.acknowledge().await
            }
            Err(error) => self.terminal.fail(&about(&path, error)).await,
        }
    }

    async fn open(&mut self, size: u64, name: &[u8]) -> Result<(VirtualPath, Upload), End> {
        let open = OpenWrite { truncate: true, create: true, size: Some(size), ..OpenWrite::default() };
        let mut path = self.place(name).await?;
        let mut opened = self.fs.open_write(&path, open).await;
        let may_be_directory = matches!(opened, Err(Error::Unsupported | Error::IsDirectory));
        if may_be_directory && self.levels.is_empty() && matches!(self.target, Target::Unknown) {
            self.target = Target::Directory;
            path = self.place(name).await?;
            opened = self.fs.open_write(&path, open).await;
        }
        match opened {
            Ok(upload) => Ok((path, upload)),
            Err(error) => self.terminal.fail(&about(&path, error)).await,
        }
    }

    /// Exactly `size` bytes. What the outer error says concerns the client, the inner one the storage.
    async fn fill(&mut self, upload: &Upload, size: u64) -> Result<Result<(), Error>, End> {
        let mut offset = 0;
        while offset < size {
            let most = usize::try_from(size - offset).unwrap_or(usize::MAX);
            // A stream that ends here leaves a partial, as every broken upload does.
            let Some(data) = self.terminal.input.take(most).await else { return Err(End::Failed) };
            let length = data.len() as u64;
            let written = match upload.try_write_at(offset, &data) {
                Ok(true) => Ok(()),
                Ok(false) => upload.write_at(offset, data).await,
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                return Ok(Err(error));
            }
            offset += length;
        }
        Ok(Ok(()))
    }
}
