//! File attributes of version 3 (draft section 5).

use bytes::{BufMut, BytesMut};

use super::reader::{Malformed, Reader};

const SIZE: u32 = 0x0000_0001;
const OWNER: u32 = 0x0000_0002;
const PERMISSIONS: u32 = 0x0000_0004;
const TIMES: u32 = 0x0000_0008;
const EXTENDED: u32 = 0x8000_0000;

/// Attributes as they travel; what is `None` is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileAttributes {
    /// Size in bytes.
    pub size: Option<u64>,
    /// User and group id.
    pub owner: Option<(u32, u32)>,
    /// Mode with the bits of the file type (as `st_mode`).
    pub permissions: Option<u32>,
    /// Access and modification time, whole seconds since the epoch (SFTP-052).
    pub times: Option<(u32, u32)>,
}

impl FileAttributes {
    /// Takes attributes off a message. Extended attributes are passed over.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let flags = reader.u32()?;
        let mut attributes = Self::default();
        if flags & SIZE != 0 {
            attributes.size = Some(reader.u64()?);
        }
        if flags & OWNER != 0 {
            attributes.owner = Some((reader.u32()?, reader.u32()?));
        }
        if flags & PERMISSIONS != 0 {
            attributes.permissions = Some(reader.u32()?);
        }
        if flags & TIMES != 0 {
            attributes.times = Some((reader.u32()?, reader.u32()?));
        }
        if flags & EXTENDED != 0 {
            // Each pair takes at least 8 bytes, so a huge count ends with the message.
            for _ in 0..reader.u32()? {
                reader.string()?;
                reader.string()?;
            }
        }
        Ok(attributes)
    }

    /// Appends the attributes to a message.
    pub fn write(&self, out: &mut BytesMut) {
        let mut flags = 0;
        flags |= if self.size.is_some() { SIZE } else { 0 };
        flags |= if self.owner.is_some() { OWNER } else { 0 };
        flags |= if self.permissions.is_some() { PERMISSIONS } else { 0 };
        flags |= if self.times.is_some() { TIMES } else { 0 };
        out.put_u32(flags);
        if let Some(size) = self.size {
            out.put_u64(size);
        }
        if let Some((user, group)) = self.owner {
            out.put_u32(user);
            out.put_u32(group);
        }
        if let Some(permissions) = self.permissions {
            out.put_u32(permissions);
        }
        if let Some((accessed, modified)) = self.times {
            out.put_u32(accessed);
            out.put_u32(modified);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn attributes_survive_a_round_trip(
            size in any::<Option<u64>>(), owner in any::<Option<(u32, u32)>>(),
            permissions in any::<Option<u32>>(), times in any::<Option<(u32, u32)>>(),
        ) {
            let attributes = FileAttributes { size, owner, permissions, times };
            let mut out = BytesMut::new();
            attributes.write(&mut out);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(FileAttributes::read(&mut reader), Ok(attributes));
            prop_assert_eq!(reader.remaining(), 0);
        }
    }

    #[test]
    fn extended_attributes_are_passed_over() {
        let mut out = BytesMut::new();
        out.put_u32(EXTENDED | PERMISSIONS);
        out.put_u32(0o644);
        out.put_u32(1);
        for text in [b"a@b".as_slice(), b"value"] {
            out.put_u32(u32::try_from(text.len()).expect("short"));
            out.put_slice(text);
        }
        let mut reader = Reader::new(&out);
        let read = FileAttributes::read(&mut reader).expect("well formed");
        assert_eq!(read, FileAttributes { permissions: Some(0o644), ..Default::default() });
        assert_eq!(reader.remaining(), 0);
    }

    #[test]
    fn a_huge_count_of_extended_attributes_ends_with_the_message() {
        let mut out = BytesMut::new();
        out.put_u32(EXTENDED);
        out.put_u32(u32::MAX);
        assert_eq!(FileAttributes::read(&mut Reader::new(&out)), Err(Malformed));
    }
}
