//! From a decoded request to the operation that answers it.

use std::sync::Arc;

use bytes::BytesMut;
use entrepot_model::VirtualPath;

use super::{Pending, Target, plain};
use crate::{
    context::ChannelContext,
    handles::Handle,
    lane::{Answer, answer},
    operations::{self as op, CopyRange, Outcome},
    packet::{Extended, Request, write_limits},
    status::Failure,
};

type Prepared = Result<Option<Pending>, Failure>;

/// What one request needs to become an operation.
struct Preparation<'a> {
    context: &'a Arc<ChannelContext>,
    id: u32,
    size: usize,
}

/// Prepares everything but READ and WRITE. `None` = answered into `out`.
pub(super) fn prepare(context: &Arc<ChannelContext>, id: u32, request: Request<'_>, size: usize, out: &mut BytesMut) -> Prepared {
    let with = Preparation { context, id, size };
    match request {
        Request::Open { path, flags, .. } => with.path(path, |context, path| op::open(context, id, path, flags)),
        Request::Close { handle } => with.close(handle, out),
        Request::LStat { path } => with.path(path, |context, path| op::stat(context, id, path, false)),
        Request::Stat { path } => with.path(path, |context, path| op::stat(context, id, path, true)),
        Request::FStat { handle } => with.handle(handle, |context, handle| fstat(context, id, handle)),
        Request::SetStat { path, attributes } => {
            with.path(path, |context, path| op::set_attributes(context, id, path, attributes, true))
        }
        Request::FSetStat { handle, attributes } => {
            with.file(handle, |context, file| op::set_file_attributes(context, id, file, attributes))
        }
        Request::OpenDir { path } => with.path(path, |context, path| op::open_directory(context, id, path)),
        Request::ReadDir { handle } => with.read_directory(handle),
        Request::Remove { path } => with.path(path, |context, path| op::remove(context, id, path)),
        Request::MakeDir { path, .. } => with.path(path, |context, path| op::make_directory(context, id, path)),
        Request::RemoveDir { path } => with.path(path, |context, path| op::remove_directory(context, id, path)),
        Request::RealPath { path } => with.path(path, |context, path| op::real_path(context, id, path)),
        Request::ReadLink { path } => with.path(path, |context, path| op::read_link(context, id, path)),
        Request::Rename { from, to } => with.rename(from, to),
        Request::SymLink { target, link } => {
            let target = target.to_vec();
            with.path(link, |context, link| op::make_symlink(context, id, target, link))
        }
        Request::Extended(extended) => with.extended(extended, out),
        Request::Unsupported { .. } | Request::Read { .. } | Request::Write { .. } => Err(Failure::unsupported()),
    }
}

impl Preparation<'_> {
    fn pending(&self, target: Target, answer: Answer) -> Prepared {
        Ok(Some(Pending { answer, target, bulky: false, size: self.size }))
    }

    fn path<F>(&self, name: &[u8], operation: impl FnOnce(Arc<ChannelContext>, VirtualPath) -> F) -> Prepared
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let path = self.context.path(name)?;
        let future = operation(self.context.clone(), path.clone());
        self.pending(Target::Paths(vec![path]), answer(self.id, future))
    }

    fn handle<F>(&self, handle: &[u8], operation: impl FnOnce(Arc<ChannelContext>, Handle) -> F) -> Prepared
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let (number, handle) = self.context.handles.lock().get(handle)?;
        let order = handle.order().clone();
        let future = operation(self.context.clone(), handle);
        self.pending(Target::Open(number, order), answer(self.id, future))
    }

    fn file<F>(&self, handle: &[u8], operation: impl FnOnce(Arc<ChannelContext>, Arc<crate::handles::OpenFile>) -> F) -> Prepared
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let (number, file) = self.context.handles.lock().file(handle)?;
        let order = file.order.clone();
        let future = operation(self.context.clone(), file);
        self.pending(Target::Open(number, order), answer(self.id, future))
    }

    /// The handle is gone from now on; what was asked of the file before is done first.
    fn close(&self, handle: &[u8], out: &mut BytesMut) -> Prepared {
        match self.context.handles.lock().remove(handle)? {
            (_, Handle::Directory(_)) => {
                plain(out, self.id);
                Ok(None)
            }
            (number, Handle::File(file)) => {
                let (order, path) = (file.order.clone(), file.path.clone());
                let answer = answer(self.id, op::close_file(self.id, file));
                self.pending(Target::Closing(number, order, path), answer)
            }
        }
    }

    fn read_directory(&self, handle: &[u8]) -> Prepared {
        let (number, directory) = self.context.handles.lock().directory(handle)?;
        let target = Target::Open(number, directory.order.clone());
        let answer = answer(self.id, op::read_directory(self.id, directory));
        Ok(Some(Pending { answer, target, bulky: true, size: self.size }))
    }

    fn rename(&self, from: &[u8], to: &[u8]) -> Prepared {
        let (from, to) = (self.context.path(from)?, self.context.path(to)?);
        let paths = vec![from.clone(), to.clone()];
        let future = op::rename(self.context.clone(), self.id, from, to);
        self.pending(Target::Paths(paths), answer(self.id, future))
    }

    fn extended(&self, extended: Extended<'_>, out: &mut BytesMut) -> Prepared {
        let id = self.id;
        match extended {
            Extended::PosixRename { from, to } => self.rename(from, to),
            Extended::StatVfs { path } => self.path(path, |context, path| op::statistics(context, id, path)),
            Extended::FStatVfs { handle } => self.handle(handle, |context, handle| {
                let path = handle.path().clone();
                op::statistics(context, id, path)
            }),
            Extended::Fsync { handle } => self.file(handle, |_, file| op::sync(id, file)),
            Extended::Limits => {
                write_limits(out, id);
                Ok(None)
            }
            Extended::LSetStat { path, attributes } => {
                self.path(path, |context, path| op::set_attributes(context, id, path, attributes, false))
            }
            Extended::CopyData { from, from_offset, length, to, to_offset } => {
                let (_, source) = self.context.handles.lock().file(from)?;
                let range = CopyRange { from: from_offset, length, to: to_offset };
                self.file(to, |_, target| op::copy_data(id, source, target, range))
            }
            Extended::HomeDirectory { user } => {
                let answer = answer(id, op::home_directory(self.context.clone(), id, user.to_vec()));
                self.pending(Target::Paths(Vec::new()), answer)
            }
            Extended::ExpandPath { path } => {
                let answer = answer(id, op::expand_path(self.context.clone(), id, path.to_vec()));
                self.pending(Target::Paths(Vec::new()), answer)
            }
            Extended::Unsupported { name } => {
                tracing::debug!(name = %String::from_utf8_lossy(name), "unsupported SFTP extension");
                Err(Failure::unsupported())
            }
        }
    }
}

/// FSTAT, of files and of directories.
async fn fstat(context: Arc<ChannelContext>, id: u32, handle: Handle) -> Outcome {
    match handle {
        Handle::File(file) => op::stat_file(id, file).await,
        Handle::Directory(directory) => op::stat(context, id, directory.path.clone(), true).await,
    }
}
