//! STAT, LSTAT, FSTAT, SETSTAT, FSETSTAT, statvfs.

use std::sync::Arc;

use entrepot_core::{Attributes, FileKind, Metadata, Owner, Space, Timestamp};
use entrepot_model::VirtualPath;

use super::{Context, Outcome, done, message};
use crate::{
    handles::OpenFile,
    long_name::file_type,
    packet::{FileAttributes, FilesystemStatistics, write_attributes, write_statistics},
};

/// Mode with the bits of the file type.
pub fn mode(metadata: &Metadata) -> u32 {
    let kind = match metadata.kind {
        FileKind::File => file_type::REGULAR,
        FileKind::Directory => file_type::DIRECTORY,
        FileKind::Symlink => file_type::SYMLINK,
        // What it is does not matter: it cannot be opened. No type bits are "unknown" to clients.
        FileKind::Other(_) => 0,
    };
    kind | (metadata.mode & 0o7777)
}

/// Whole seconds in the 32 bits that version 3 has (SFTP-052); what does not fit is cut to the nearest that does.
fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.seconds.max(0)).unwrap_or(u32::MAX)
}

/// Attributes of an entry as they travel.
pub fn wire(metadata: &Metadata) -> FileAttributes {
    FileAttributes {
        size: Some(metadata.size),
        owner: Some((metadata.uid, metadata.gid)),
        permissions: Some(mode(metadata)),
        times: Some((seconds(metadata.accessed), seconds(metadata.modified))),
    }
}

/// Attributes that a client wants to set.
fn wanted(attributes: &FileAttributes) -> Attributes {
    let time = |seconds: u32| Timestamp::from_seconds(i64::from(seconds));
    Attributes {
        size: attributes.size,
        times: attributes.times.map(|(accessed, modified)| (time(accessed), time(modified))),
        // SFTP-028
        mode: attributes.permissions.map(|mode| mode & 0o7777),
        owner: attributes.owner.map(|(uid, gid)| Owner { uid: Some(uid), gid: Some(gid) }),
    }
}

/// STAT and LSTAT (SFTP-013).
pub async fn stat(context: Context, id: u32, path: VirtualPath, follow: bool) -> Outcome {
    let metadata = context.fs.stat(&path, follow).await?;
    Ok(message(48, |out| write_attributes(out, id, &wire(&metadata))))
}

/// FSTAT.
pub async fn stat_file(id: u32, file: Arc<OpenFile>) -> Outcome {
    let metadata = file.metadata().await?;
    Ok(message(48, |out| write_attributes(out, id, &wire(&metadata))))
}

/// SETSTAT and `lsetstat@openssh.com` (SFTP-025 … SFTP-030).
pub async fn set_attributes(context: Context, id: u32, path: VirtualPath, attributes: FileAttributes, follow: bool) -> Outcome {
    done(id, context.fs.set_attributes(&path, &wanted(&attributes), follow).await)
}

/// FSETSTAT.
pub async fn set_file_attributes(context: Context, id: u32, file: Arc<OpenFile>, attributes: FileAttributes) -> Outcome {
    file.set_attributes(&context.fs, &wanted(&attributes)).await?;
    Ok(super::success(id))
}

/// `statvfs@openssh.com` and its form for handles (SFTP-042, SFTP-043).
pub async fn statistics(context: Context, id: u32, path: VirtualPath) -> Outcome {
    let space = context.fs.space(&path).await?;
    Ok(message(100, |out| write_statistics(out, id, &in_blocks(&space))))
}

fn in_blocks(space: &Space) -> FilesystemStatistics {
    let block_size = space.block_size.max(1);
    FilesystemStatistics {
        block_size,
        blocks: space.total / block_size,
        blocks_free: space.free / block_size,
        blocks_available: space.available / block_size,
        files: space.files,
        files_free: space.files_free,
        files_available: space.files_free,
        name_max: space.name_max,
        read_only: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SFTP-052
    #[test]
    fn times_are_whole_seconds_that_fit() {
        let at = |seconds| self::seconds(Timestamp { seconds, nanoseconds: 999_999_999 });
        assert_eq!((at(-5), at(0), at(1_795_000_000), at(i64::MAX)), (0, 0, 1_795_000_000, u32::MAX));
    }

    #[test]
    fn kinds_become_type_bits() {
        let mut metadata = Metadata::virtual_directory();
        assert_eq!(mode(&metadata), 0o040_755);
        metadata.kind = FileKind::Symlink;
        metadata.mode = 0o777;
        assert_eq!(mode(&metadata), 0o120_777);
        assert_eq!(wire(&metadata).times, Some((0, 0)));
    }

    // SFTP-028
    #[test]
    fn wanted_modes_are_masked() {
        let attributes = FileAttributes { permissions: Some(0o100_644), ..Default::default() };
        assert_eq!(wanted(&attributes).mode, Some(0o644));
        let owner = FileAttributes { owner: Some((7, 8)), ..Default::default() };
        assert_eq!(wanted(&owner).owner, Some(Owner { uid: Some(7), gid: Some(8) }));
    }

    // SFTP-043
    #[test]
    fn statistics_count_blocks() {
        let space =
            Space { total: 1 << 20, available: 4096, free: 8192, block_size: 4096, files: 10, files_free: 3, name_max: 255 };
        let fs = in_blocks(&space);
        assert_eq!((fs.blocks, fs.blocks_available, fs.blocks_free), (256, 1, 2));
        assert_eq!(in_blocks(&Space { block_size: 0, ..space }).blocks, 1 << 20);
    }
}
