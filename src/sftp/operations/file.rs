//! OPEN, CLOSE, slow WRITEs, REMOVE, RENAME, fsync.

use std::sync::Arc;

use bytes::Bytes;
use entrepot_core::OpenWrite;
use entrepot_model::VirtualPath;

use super::{Context, Outcome, done, message, success};
use crate::{
    handles::{Access, Handle, OpenFile},
    packet::{OpenFlags, write_handle},
    status::Failure,
};

/// OPEN (SFTP-014 … SFTP-019). The mode in the request is not used: it is that of new files, or of the one replaced.
pub async fn open(context: Context, id: u32, path: VirtualPath, flags: OpenFlags) -> Outcome {
    let access = if flags.has(OpenFlags::WRITE) || flags.has(OpenFlags::APPEND) {
        Access::Upload(context.fs.open_write(&path, how(flags)).await?)
    } else {
        Access::Download(context.fs.open_read(&path).await?)
    };
    let file = Arc::new(OpenFile::new(path, access));
    let number = context.handles.lock().insert(Handle::File(file))?;
    Ok(message(24, |out| write_handle(out, id, number)))
}

fn how(flags: OpenFlags) -> OpenWrite {
    let create = flags.has(OpenFlags::CREATE);
    OpenWrite {
        truncate: flags.has(OpenFlags::TRUNCATE),
        create,
        // Draft 6.3: EXCL has a meaning only with CREAT.
        exclusive: create && flags.has(OpenFlags::EXCLUSIVE),
        append: flags.has(OpenFlags::APPEND),
        read: flags.has(OpenFlags::READ),
        size: None,
    }
}

/// CLOSE of a file; the handle is out of the table already and all requests before it are done. An upload is committed,
/// and its result is the answer (SFTP-023).
pub async fn close_file(id: u32, file: Arc<OpenFile>) -> Outcome {
    if matches!(file.access, Access::Download(_)) {
        return Ok(success(id));
    }
    let Some(file) = Arc::into_inner(file) else {
        // Some request still holds the file. Not committing is the safe end: a partial stays.
        tracing::error!("a file was closed while it was in use");
        return Err(Failure::panicked());
    };
    match file.access {
        Access::Download(download) => download.close(),
        Access::Upload(upload) => {
            upload.commit().await?;
        }
    }
    Ok(success(id))
}

/// A WRITE that has to wait.
pub async fn write(id: u32, file: Arc<OpenFile>, offset: u64, data: Bytes) -> Outcome {
    file.write(offset, data).await?;
    Ok(success(id))
}

/// REMOVE (SFTP-031, SFTP-032).
pub async fn remove(context: Context, id: u32, path: VirtualPath) -> Outcome {
    done(id, context.fs.remove_file(&path).await)
}

/// RENAME and `posix-rename@openssh.com`: both may replace a file (SFTP-034).
pub async fn rename(context: Context, id: u32, from: VirtualPath, to: VirtualPath) -> Outcome {
    done(id, context.fs.rename(&from, &to).await)
}

/// `fsync@openssh.com` (SFTP-005).
pub async fn sync(id: u32, file: Arc<OpenFile>) -> Outcome {
    file.sync().await?;
    Ok(success(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_flags_have_their_meaning() {
        let flags = |bits| how(OpenFlags(bits));
        let put = flags(OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE);
        assert_eq!(put, OpenWrite { truncate: true, create: true, ..OpenWrite::default() });
        // EXCL alone means nothing
        assert!(!flags(OpenFlags::WRITE | OpenFlags::EXCLUSIVE).exclusive);
        assert!(flags(OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUSIVE).exclusive);
        // SFTP-018, SFTP-019
        assert!(flags(OpenFlags::WRITE | OpenFlags::APPEND).append);
        assert!(flags(OpenFlags::WRITE | OpenFlags::READ).read);
    }
}
