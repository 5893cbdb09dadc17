//! The disks of this machine on which files of people could live: what is mounted, as the kernel tells it.

#![allow(clippy::disallowed_methods, reason = "the table of mounts is read here")]

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

/// File systems that hold files for people.
const KINDS: [&str; 20] = [
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "bcachefs", "vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "nfs",
    "nfs4", "cifs", "smb3", "9p", "overlay",
];
/// Mounts below these belong to the system.
const SYSTEM: [&str; 10] =
    ["/proc", "/sys", "/dev", "/boot", "/etc", "/snap", "/usr", "/tmp", "/var/lib/docker", "/var/lib/containers"];

/// Something mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Where.
    pub path: PathBuf,
    /// Its file system, as the kernel names it.
    pub kind: String,
    /// It can be pulled out.
    pub is_removable: bool,
    /// It is on another machine.
    pub is_remote: bool,
}

/// Every disk, each once, in the order of the mounts. It only reads what the kernel knows: a disk that does not answer, because
/// its server is away, holds nobody up here. Nothing where the kernel does not tell.
pub fn disks() -> Vec<Disk> {
    let found = of_table(&fs::read("/proc/self/mountinfo").unwrap_or_default());
    found.into_iter().map(|(number, disk)| Disk { is_removable: is_removable(&number), ..disk }).collect()
}

/// The disks of a table of mounts, each once: a folder of it may be mounted again elsewhere.
fn of_table(table: &[u8]) -> Vec<(String, Disk)> {
    let mut seen = HashSet::new();
    let parsed = table.split(|byte| *byte == b'\n').filter_map(parse);
    parsed.filter(|(_, device, _)| seen.insert(device.clone())).map(|(number, _, disk)| (number, disk)).collect()
}

/// A line of `mountinfo` (proc(5)): the number of the device, the device with the folder of it that is mounted, and the disk.
fn parse(line: &[u8]) -> Option<(String, Vec<u8>, Disk)> {
    let mut fields = line.split(|byte| *byte == b' ');
    let number = String::from_utf8(fields.nth(2)?.to_vec()).ok()?;
    let (root, place, options) = (fields.next()?, fields.next()?, fields.next()?);
    let mut rest = fields.skip_while(|field| *field != b"-").skip(1);
    let kind = String::from_utf8(rest.next()?.to_vec()).ok()?;
    let path = PathBuf::from(OsStr::from_bytes(&unescaped(place)).to_owned());
    let is_ours =
        SYSTEM.iter().any(|system| path.starts_with(system)) || (path.starts_with("/run") && !path.starts_with("/run/media"));
    let is_read_only = options.split(|byte| *byte == b',').any(|option| option == b"ro");
    if !KINDS.contains(&kind.as_str()) || is_ours || is_read_only {
        return None;
    }
    let is_remote = ["nfs", "nfs4", "cifs", "smb3", "9p"].contains(&kind.as_str());
    let device = [number.as_bytes(), b" ", root].concat();
    Some((number, device, Disk { path, kind, is_removable: false, is_remote }))
}

/// Spaces and the like are written as `\040`.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let code = text.get(at + 1..at + 4).filter(|_| text[at] == b'\\');
        let byte = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 8).ok());
        plain.push(byte.unwrap_or(text[at]));
        at += if byte.is_some() { 4 } else { 1 };
    }
    plain
}

/// The kernel says it of the disk; a partition is a folder in that of its disk.
fn is_removable(number: &str) -> bool {
    let device = Path::new("/sys/dev/block").join(number);
    let says = |path: PathBuf| fs::read(path).is_ok_and(|text| text.first() == Some(&b'1'));
    let is_usb = fs::read_link(&device).is_ok_and(|path| path.into_os_string().into_vec().windows(4).any(|part| part == b"/usb"));
    is_usb || says(device.join("removable")) || says(device.join("../removable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel_are_read() {
        let line = br"36 35 8:17 / /media/Photos\0402024 rw,noatime shared:1 - exfat /dev/sdb1 rw,uid=1000";
        let (number, _, disk) = parse(line).expect("a disk");
        assert_eq!(number, "8:17");
        assert_eq!((disk.path.as_path(), disk.kind.as_str()), (Path::new("/media/Photos 2024"), "exfat"));
        assert!(parse(b"24 30 0:22 / /proc rw,nosuid - proc proc rw").is_none(), "no disk");
        assert!(parse(b"24 30 8:1 / /boot/efi rw - vfat /dev/sda1 rw").is_none(), "of the system");
        assert!(parse(b"24 30 8:1 / /mnt/cd ro,relatime - ext4 /dev/sda1 rw").is_none(), "read only");
        assert!(parse(b"24 30 0:50 / /mnt/nas rw - nfs4 nas:/tank rw").is_some_and(|(_, _, disk)| disk.is_remote));
        assert!(parse(b"").is_none() && parse(b"1 2 3").is_none());
    }

    #[test]
    fn a_disk_counts_once_and_another_folder_of_it_as_well() {
        let table = b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:17 / /mnt/a rw - xfs /dev/sdb1 rw\n\
            3 1 8:17 / /mnt/b rw - xfs /dev/sdb1 rw\n4 1 8:17 /sub /mnt/c rw - xfs /dev/sdb1 rw\nwhat is this\n";
        let found: Vec<_> = of_table(table).into_iter().map(|(_, disk)| disk.path).collect();
        assert_eq!(found, [Path::new("/"), Path::new("/mnt/a"), Path::new("/mnt/c")]);
    }
}
