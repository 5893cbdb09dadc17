//! What kind of file system a descriptor lies on: may a call be made where nothing may wait?

use rustix::{fd::AsFd, fs::fstatfs};

/// How a file on a file system may be touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileClass {
    /// A local disk behind the page cache: metadata and writes are made in place, reads with `RWF_NOWAIT`.
    Cached,
    /// Memory: everything is made in place.
    Memory,
    /// Network, user space or unknown: everything goes through a pool.
    Slow,
}

// Values of `f_type` (statfs(2), linux/magic.h).
const EXT: u64 = 0xEF53;
const XFS: u64 = 0x5846_5342;
const BTRFS: u64 = 0x9123_683E;
const F2FS: u64 = 0xF2F5_2010;
const ZFS: u64 = 0x2FC1_2FC1;
const BCACHEFS: u64 = 0xCA45_1A4E;
const OVERLAY: u64 = 0x794C_7630;
const TMPFS: u64 = 0x0102_1994;
const RAMFS: u64 = 0x8584_58F6;

impl FileClass {
    /// Class of the file system that `fd` lies on; what cannot be asked is slow.
    pub(crate) fn of(fd: impl AsFd) -> Self {
        // The field is signed on some architectures and 32 bits wide on others; the magic numbers are 32 bits.
        #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss)]
        fstatfs(fd).map_or(Self::Slow, |stat| Self::from_magic(stat.f_type as u64 & 0xFFFF_FFFF))
    }

    fn from_magic(magic: u64) -> Self {
        match magic {
            EXT | XFS | BTRFS | F2FS | ZFS | BCACHEFS | OVERLAY => Self::Cached,
            TMPFS | RAMFS => Self::Memory,
            _ => Self::Slow,
        }
    }

    /// Whether calls on metadata and writes may be made where nothing may wait.
    pub(crate) fn is_fast(self) -> bool {
        self != Self::Slow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_and_user_space_file_systems_are_slow() {
        // NFS, CIFS, SMB2, FUSE, 9p, and one that nobody knows.
        for magic in [0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x6573_5546, 0x0102_1997, 0x1234_5678] {
            assert_eq!(FileClass::from_magic(magic), FileClass::Slow, "{magic:x}");
        }
        assert_eq!(FileClass::from_magic(EXT), FileClass::Cached);
        assert_eq!(FileClass::from_magic(TMPFS), FileClass::Memory);
    }
}
