//! OPENDIR, READDIR, MKDIR, RMDIR.

use std::{sync::Arc, time::SystemTime};

use bytes::BytesMut;
use entrepot_core::{DirectoryEntry, Metadata};
use entrepot_model::VirtualPath;
use parking_lot::Mutex;

use super::{
    Context, Outcome,
    attributes::{mode, wire},
    done, is_root, message,
};
use crate::{
    handles::{Handle, ListingState, OpenDirectory},
    lane::Order,
    long_name::{Line, write_long_name},
    packet::{NameReply, write_handle},
    status::Failure,
};

/// Entries in one answer (SFTP-010).
const PER_REPLY: usize = 250;

/// OPENDIR (SFTP-012).
pub async fn open_directory(context: Context, id: u32, path: VirtualPath) -> Outcome {
    let listing = context.fs.list(&path).await?;
    let state = ListingState { listing, first: context.dot_entries, left: Vec::new() };
    let directory = OpenDirectory { path, order: Arc::<Order>::default(), state: Mutex::new(Some(state)) };
    let number = context.handles.lock().insert(Handle::Directory(Arc::new(directory)))?;
    Ok(message(24, |out| write_handle(out, id, number)))
}

/// READDIR.
pub async fn read_directory(id: u32, directory: Arc<OpenDirectory>) -> Outcome {
    // An earlier READDIR that failed, or was abandoned, leaves nothing to go on with.
    let mut state = directory.state.lock().take().ok_or_else(Failure::invalid_handle)?;
    let entries = next_entries(&mut state).await?;
    let mut out = BytesMut::with_capacity(entries.len() * 160);
    state.left = write_entries(&mut out, id, entries);
    *directory.state.lock() = Some(state);
    if out.is_empty() { Err(Failure::end_of_file()) } else { Ok(out) }
}

async fn next_entries(state: &mut ListingState) -> Result<Vec<DirectoryEntry>, Failure> {
    let mut entries = std::mem::take(&mut state.left);
    if std::mem::take(&mut state.first) {
        entries.push(dot(b"."));
        if !is_root(state.listing.directory()) {
            entries.push(dot(b".."));
        }
        entries.extend(state.listing.next(PER_REPLY - entries.len()).await?);
    } else if entries.is_empty() {
        entries = state.listing.next(PER_REPLY).await?;
    }
    Ok(entries)
}

/// `.` and `..` are directories of no particular time.
fn dot(name: &[u8]) -> DirectoryEntry {
    DirectoryEntry { name: name.to_vec(), metadata: Metadata::virtual_directory() }
}

/// Writes what fits into one message and returns the rest.
fn write_entries(out: &mut BytesMut, id: u32, entries: Vec<DirectoryEntry>) -> Vec<DirectoryEntry> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default();
    let mut reply = NameReply::begin(out, id);
    let mut long_name = Vec::with_capacity(128);
    let mut entries = entries.into_iter();
    let mut rest = Vec::new();
    for entry in entries.by_ref() {
        let metadata = &entry.metadata;
        long_name.clear();
        let line = Line {
            mode: mode(metadata),
            links: metadata.links,
            uid: metadata.uid,
            gid: metadata.gid,
            size: metadata.size,
            modified: metadata.modified.seconds,
        };
        write_long_name(&mut long_name, &line, &entry.name, now);
        if !reply.push(&entry.name, &long_name, &wire(metadata)) {
            rest.push(entry);
            break;
        }
    }
    reply.finish();
    rest.extend(entries);
    rest
}

/// MKDIR (SFTP-033). Attributes of the request are not used: the mode is that of new directories.
pub async fn make_directory(context: Context, id: u32, path: VirtualPath) -> Outcome {
    done(id, context.fs.create_directory(&path).await)
}

/// RMDIR (SFTP-031, SFTP-032).
pub async fn remove_directory(context: Context, id: u32, path: VirtualPath) -> Outcome {
    done(id, context.fs.remove_directory(&path).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_beyond_one_message_are_kept_for_the_next() {
        let entries: Vec<_> = (0..2000_u32)
            .map(|n| DirectoryEntry { name: format!("{n:0200}").into_bytes(), metadata: Metadata::virtual_directory() })
            .collect();
        let (mut out, mut left, mut messages) = (BytesMut::new(), entries.clone(), 0);
        while !left.is_empty() {
            out.clear();
            let before = left.len();
            left = write_entries(&mut out, 1, left);
            assert!(left.len() < before);
            assert_eq!(left, entries[entries.len() - left.len()..]);
            messages += 1;
        }
        assert!(messages > 1);
    }
}
