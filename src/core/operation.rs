//! The one table of operations: what each needs, and whether it is a change, audited, and open to hooks.

use entrepot_model::Permission;

/// What a session can ask of files. A new variant without a row in [`Operation::row`] does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Metadata of an entry.
    Stat,
    /// Text of a link.
    ReadLink,
    /// Entries of a directory.
    List,
    /// Content of a file.
    Download,
    /// A new file.
    Upload,
    /// New content for an existing file, staged or in place.
    Overwrite,
    /// A new directory.
    CreateDirectory,
    /// Removing a file or link.
    RemoveFile,
    /// Removing a directory.
    RemoveDirectory,
    /// Renaming a file or link, seen from either end.
    RenameFile,
    /// Renaming a directory, seen from either end.
    RenameDirectory,
    /// Copying, seen from either end.
    Copy,
    /// Permission bits.
    ChangeMode,
    /// Owner and group.
    ChangeOwner,
    /// Times.
    ChangeTimes,
    /// Size of an existing file.
    Truncate,
    /// A new symbolic link, seen from the link and from its target.
    CreateSymlink,
    /// Checksum of a file's content.
    Hash,
}

/// The directory whose permissions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The directory that contains the path (for `/`: itself).
    Parent,
    /// The path itself.
    Itself,
}

/// What an operation needs and leaves behind.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Each group must be granted by at least one of its members.
    pub needs: &'static [&'static [Permission]],
    /// On which directory.
    pub scope: Scope,
    /// It changes something: file patterns refuse it for hidden names with a denial, not with "not found".
    pub writes: bool,
    /// Action name of the audit event; `None` = not recorded.
    pub action: Option<&'static str>,
    /// Hooks may be asked before and after.
    pub hookable: bool,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 18] = [
        Self::Stat,
        Self::ReadLink,
        Self::List,
        Self::Download,
        Self::Upload,
        Self::Overwrite,
        Self::CreateDirectory,
        Self::RemoveFile,
        Self::RemoveDirectory,
        Self::RenameFile,
        Self::RenameDirectory,
        Self::Copy,
        Self::ChangeMode,
        Self::ChangeOwner,
        Self::ChangeTimes,
        Self::Truncate,
        Self::CreateSymlink,
        Self::Hash,
    ];

    /// Its name, for questions about it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stat => "stat",
            Self::ReadLink => "read_link",
            Self::List => "list",
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Overwrite => "overwrite",
            Self::CreateDirectory => "create_directory",
            Self::RemoveFile => "remove_file",
            Self::RemoveDirectory => "remove_directory",
            Self::RenameFile => "rename_file",
            Self::RenameDirectory => "rename_directory",
            Self::Copy => "copy",
            Self::ChangeMode => "change_mode",
            Self::ChangeOwner => "change_owner",
            Self::ChangeTimes => "change_times",
            Self::Truncate => "truncate",
            Self::CreateSymlink => "create_symlink",
            Self::Hash => "hash",
        }
    }

    /// The operation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    /// Its row (ACC-122…ACC-151).
    pub const fn row(self) -> Row {
        use Permission as P;
        match self {
            Self::Stat | Self::ReadLink => reads(&[&[P::List]], Scope::Parent, None),
            Self::List => reads(&[&[P::List]], Scope::Itself, None),
            Self::Download => Row { hookable: true, ..reads(&[&[P::Download]], Scope::Parent, Some("download")) },
            Self::Hash => reads(&[&[P::List], &[P::Download]], Scope::Parent, Some("ssh_cmd")),
            Self::Upload => changes(&[&[P::Upload]], "upload"),
            Self::Overwrite => changes(&[&[P::Overwrite]], "upload"),
            Self::CreateDirectory => changes(&[&[P::CreateDirs]], "mkdir"),
            Self::RemoveFile => changes(&[&[P::Delete, P::DeleteFiles]], "delete"),
            Self::RemoveDirectory => changes(&[&[P::Delete, P::DeleteDirs]], "rmdir"),
            Self::RenameFile => changes(&[&[P::Rename, P::RenameFiles]], "rename"),
            Self::RenameDirectory => changes(&[&[P::Rename, P::RenameDirs]], "rename"),
            Self::Copy => changes(&[&[P::Copy]], "copy"),
            Self::ChangeMode => silent_change(&[&[P::Chmod]]),
            Self::ChangeOwner => silent_change(&[&[P::Chown]]),
            Self::ChangeTimes => silent_change(&[&[P::Chtimes]]),
            Self::Truncate => silent_change(&[&[P::Overwrite]]),
            Self::CreateSymlink => silent_change(&[&[P::CreateSymlinks]]),
        }
    }
}

const fn reads(needs: &'static [&'static [Permission]], scope: Scope, action: Option<&'static str>) -> Row {
    Row { needs, scope, writes: false, action, hookable: false }
}

const fn changes(needs: &'static [&'static [Permission]], action: &'static str) -> Row {
    Row { needs, scope: Scope::Parent, writes: true, action: Some(action), hookable: true }
}

const fn silent_change(needs: &'static [&'static [Permission]]) -> Row {
    Row { needs, scope: Scope::Parent, writes: true, action: None, hookable: false }
}
