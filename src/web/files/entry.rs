//! An entry of a directory, as the contract shows it, and what tells its states apart.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat};
use entrepot_core::{
    DirectoryEntry, FileKind, Metadata, Special, Timestamp,
    fs::{HashAlgorithm, Hasher},
};
use entrepot_http::Validators;
use serde::Serialize;

/// `DirEntry` of the contract (API-118).
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    mode: u32,
    last_modified: String,
    /// An extension: the exact name, percent-encoded, where it is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoded_name: Option<String>,
}

impl From<&DirectoryEntry> for Entry {
    fn from(entry: &DirectoryEntry) -> Self {
        let metadata = &entry.metadata;
        let name = String::from_utf8_lossy(&entry.name);
        let is_exact = name.as_bytes() == entry.name;
        Self {
            size: metadata.is_file().then_some(metadata.size),
            mode: mode(metadata),
            last_modified: rfc3339(metadata.modified),
            encoded_name: (!is_exact).then(|| percent_encoded(&entry.name)),
            name: name.into_owned(),
        }
    }
}

/// Kind and permissions as Go writes them (`fs.FileMode`), which is what the contract means by a mode.
pub(super) fn mode(metadata: &Metadata) -> u32 {
    const DIRECTORY: u32 = 1 << 31;
    const SYMLINK: u32 = 1 << 27;
    const DEVICE: u32 = 1 << 26;
    const PIPE: u32 = 1 << 25;
    const SOCKET: u32 = 1 << 24;
    const CHARACTERS: u32 = 1 << 21;
    const SETUID: u32 = 1 << 23;
    const SETGID: u32 = 1 << 22;
    const STICKY: u32 = 1 << 20;
    /// Not regular, and nothing more is known of it.
    const IRREGULAR: u32 = 1 << 19;
    let kind = match metadata.kind {
        FileKind::File => 0,
        FileKind::Directory => DIRECTORY,
        FileKind::Symlink => SYMLINK,
        FileKind::Other(Special::Pipe) => PIPE,
        FileKind::Other(Special::Socket) => SOCKET,
        FileKind::Other(Special::BlockDevice) => DEVICE,
        FileKind::Other(Special::CharacterDevice) => DEVICE | CHARACTERS,
        FileKind::Other(Special::Unknown) => IRREGULAR,
    };
    let special = [(0o4000, SETUID), (0o2000, SETGID), (0o1000, STICKY)];
    let special = special.into_iter().filter(|(bit, _)| metadata.mode & bit != 0).map(|(_, flag)| flag);
    special.fold(kind | metadata.mode & 0o777, |mode, flag| mode | flag)
}

pub(super) fn rfc3339(moment: Timestamp) -> String {
    DateTime::from_timestamp(moment.seconds, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Every byte but letters, digits and `-._~`.
pub(crate) fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Lower-case hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Tag and date of a file. A new upload is another file, so that not even its size and time need to differ; and a file that
/// was changed in place and got its old time back has changed.
pub(super) fn validators(metadata: &Metadata) -> Validators {
    let mut state = Hasher::new(HashAlgorithm::Sha256);
    if let Some(identity) = metadata.identity {
        state.update(&identity.device.to_le_bytes());
        state.update(&identity.inode.to_le_bytes());
    }
    state.update(&metadata.size.to_le_bytes());
    state.update(&metadata.modified.seconds.to_le_bytes());
    state.update(&metadata.modified.nanoseconds.to_le_bytes());
    state.update(&metadata.changed.seconds.to_le_bytes());
    state.update(&metadata.changed.nanoseconds.to_le_bytes());
    let is_known = metadata.modified != Timestamp::default();
    Validators {
        tag: hexadecimal(&state.finish()[..16]),
        modified: u64::try_from(metadata.modified.seconds).ok().filter(|_| is_known),
    }
}

/// What tells the states of a file apart, in letters and digits.
pub(crate) fn version(metadata: &Metadata) -> String {
    validators(metadata).tag
}

#[cfg(test)]
mod tests {
    use entrepot_core::Identity;

    use super::*;

    fn file(kind: FileKind, mode: u32) -> Metadata {
        Metadata { kind, mode, size: 5, modified: Timestamp::from_seconds(1_700_000_000), ..Metadata::virtual_directory() }
    }

    // API-118
    #[test]
    fn modes_are_those_of_go() {
        for (kind, mode_given, wanted) in [
            (FileKind::File, 0o644, 0o644),
            (FileKind::Directory, 0o755, 2_147_483_648 + 0o755),
            (FileKind::Symlink, 0o777, 134_217_728 + 0o777),
            (FileKind::File, 0o4755, (1 << 23) + 0o755),
            (FileKind::Directory, 0o3777, (1 << 31) + (1 << 22) + (1 << 20) + 0o777),
        ] {
            assert_eq!(mode(&file(kind, mode_given)), wanted, "{kind:?} {mode_given:o}");
        }
        assert_eq!(mode(&file(FileKind::File, 0o7777)) & 2_401_763_328, 0);
        for (special, wanted) in [
            (Special::Pipe, 1 << 25),
            (Special::Socket, 1 << 24),
            (Special::BlockDevice, 1 << 26),
            (Special::CharacterDevice, (1 << 26) + (1 << 21)),
            (Special::Unknown, 1 << 19),
        ] {
            assert_eq!(mode(&file(FileKind::Other(special), 0o644)), wanted + 0o644, "{special:?}");
            assert_ne!(mode(&file(FileKind::Other(special), 0o644)) & 2_401_763_328, 0, "{special:?}");
        }
    }

    // API-118
    #[test]
    fn entries_have_the_form_of_the_contract() {
        let shown =
            |name: &[u8], metadata| serde_json::to_value(Entry::from(&DirectoryEntry { name: name.to_vec(), metadata })).unwrap();
        let json = serde_json::json!({"name": "a b", "size": 5, "mode": 420, "last_modified": "2023-11-14T22:13:20Z"});
        assert_eq!(shown(b"a b", file(FileKind::File, 0o644)), json);
        assert!(shown(b"d", file(FileKind::Directory, 0o755)).get("size").is_none());
        let odd = shown(b"a\xff%", file(FileKind::File, 0o644));
        assert_eq!((&odd["name"], &odd["encoded_name"]), (&"a\u{fffd}%".into(), &"a%FF%25".into()));
    }

    #[test]
    fn tag_changes_with_everything_that_a_change_changes() {
        let one = file(FileKind::File, 0o644);
        let same = validators(&one);
        assert_eq!(validators(&Metadata { mode: 0o600, accessed: Timestamp::from_seconds(9), ..one.clone() }), same);
        let later = Timestamp { nanoseconds: 1, ..one.modified };
        let identity = Some(Identity { device: 1, inode: 2 });
        for other in [
            Metadata { size: 6, ..one.clone() },
            Metadata { modified: later, ..one.clone() },
            Metadata { changed: later, ..one.clone() },
            Metadata { identity, ..one.clone() },
        ] {
            assert_ne!(validators(&other).tag, same.tag);
        }
        assert_eq!(validators(&Metadata { modified: Timestamp::default(), ..one }).modified, None);
    }
}
