//! Contents and folders.

use std::{collections::BTreeMap, fs, os::unix::ffi::OsStrExt, path::Path};

/// Bytes that look like nothing in particular and are the same every time.
pub fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut all = Vec::with_capacity(length + 8);
    while all.len() < length {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        all.extend_from_slice(&state.to_le_bytes());
    }
    all.truncate(length);
    all
}

/// What lies on the disk of an account: final files, and what uploads left behind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Disk {
    pub files: u64,
    pub size: u64,
    pub partials: u64,
    pub partial_size: u64,
}

impl Disk {
    pub fn of(root: &Path) -> Self {
        let mut disk = Self::default();
        for (path, content) in read_tree(root) {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap();
            if name.starts_with(b".entrepot-") {
                disk.partials += 1;
                disk.partial_size += content.len() as u64;
            } else {
                disk.files += 1;
                disk.size += content.len() as u64;
            }
        }
        disk
    }
}

/// Every regular file below `root`: relative path and content.
pub fn read_tree(root: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut tree = BTreeMap::new();
    walk(root, b"", &mut tree);
    tree
}

fn walk(folder: &Path, prefix: &[u8], tree: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let mut path = prefix.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(entry.file_name().as_bytes());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            walk(&entry.path(), &path, tree);
        } else if kind.is_file() {
            tree.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}
