//! What can go wrong in the databases, in words that name the cure.

use std::fmt;
use std::path::PathBuf;

use entrepot_model::FieldError;

/// The kinds of objects that the store keeps by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A user.
    User,
    /// A group of users.
    Group,
    /// A virtual folder.
    Folder,
    /// An administrator.
    Admin,
    /// A role of administrators and users.
    Role,
    /// An API key, by id.
    ApiKey,
    /// An action of event rules.
    EventAction,
    /// An event rule.
    EventRule,
    /// A share of a user.
    Share,
    /// An entry of an IP list.
    IpListEntry,
    /// A host key, by id.
    HostKey,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Folder => "folder",
            Self::Admin => "admin",
            Self::Role => "role",
            Self::ApiKey => "API key",
            Self::EventAction => "event action",
            Self::EventRule => "event rule",
            Self::Share => "share",
            Self::IpListEntry => "IP list entry",
            Self::HostKey => "host key",
        })
    }
}

/// An error of the store. It can be cloned, because one failed commit answers a whole batch of callers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// An object of this name exists already (ACC-013).
    #[error("{kind} \"{name}\" already exists")]
    Conflict {
        /// Kind of the object.
        kind: ObjectKind,
        /// Its name.
        name: String,
    },
    /// No object has this name.
    #[error("{kind} \"{name}\" does not exist")]
    NotFound {
        /// Kind of the object.
        kind: ObjectKind,
        /// The name asked for.
        name: String,
    },
    /// The object refers to another one that does not exist (ACC-060). Nothing was saved.
    #[error("unknown {kind} \"{name}\": create it first or remove the reference")]
    Reference {
        /// Kind of the missing object.
        kind: ObjectKind,
        /// Name of the missing object.
        name: String,
    },
    /// The object cannot be deleted because others refer to it (ACC-220, ACC-231).
    #[error("{kind} \"{name}\" is in use by {}: remove the references first", Names(.by))]
    InUse {
        /// Kind of the object.
        kind: ObjectKind,
        /// Its name.
        name: String,
        /// Names of some of the objects that refer to it, in order.
        by: Vec<String>,
    },
    /// The change would leave an event rule whose actions do not fit together (EVT-005). Nothing was saved.
    #[error("event rule \"{name}\": {error}")]
    Invalid {
        /// The rule.
        name: String,
        /// What does not fit.
        error: FieldError,
    },
    /// The data folder is missing or cannot be used.
    #[error("cannot use {}: {detail}", .path.display())]
    Directory {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        detail: String,
    },
    /// The data folder lies on a network file system, whose locks cannot be trusted.
    #[error(
        "{} lies on a network file system ({file_system}), where a database gets damaged: put the data folder on a \
         local disk; files of users may stay on the network",
        .path.display()
    )]
    NetworkFileSystem {
        /// The data folder.
        path: PathBuf,
        /// Name of the file system.
        file_system: &'static str,
    },
    /// Another process uses the database.
    #[error("{} is in use by another server ({holder}): stop it first, or give this one its own data folder", .path.display())]
    Locked {
        /// The database file.
        path: PathBuf,
        /// What is known of the other process.
        holder: String,
    },
    /// The database was written by a newer version of this program (INIT-004).
    #[error(
        "{} was written by a newer version (schema {found}, this program knows up to {known}): install that version or a \
         later one, or restore the backup that was made before the upgrade",
        .path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Schema version of the file.
        found: i32,
        /// Newest schema version that this program knows.
        known: i32,
    },
    /// The file is a database of another program.
    #[error("{} belongs to another program: choose another database name; import a dump of the other program instead", .path.display())]
    Foreign {
        /// The database file.
        path: PathBuf,
    },
    /// The database file is damaged. It has not been changed.
    #[error("{} is damaged ({detail}): it was left as it is; restore a backup of it", .path.display())]
    Corrupt {
        /// The database file.
        path: PathBuf,
        /// What the check found.
        detail: String,
    },
    /// There is no database.
    #[error("{} does not exist or is empty: there is nothing to copy", .path.display())]
    Missing {
        /// The database file.
        path: PathBuf,
    },
    /// The databases are in the memory of the process.
    #[error("data_provider.driver is memory: nothing lasts, so there is nothing to copy")]
    Memory,
    /// A schema change failed; the database is as it was before.
    #[error("the upgrade of {} failed ({detail}): it is unchanged, keep using the previous version and report this", .path.display())]
    Migration {
        /// The database file.
        path: PathBuf,
        /// What failed.
        detail: String,
    },
    /// There is no space left for the database.
    #[error("no space is left for the database: free space on the disk of the data folder")]
    Full,
    /// Another write of the same transaction failed, and this one was undone with it.
    #[error("the transaction was rolled back")]
    Undone,
    /// Another process holds the database.
    #[error("the database is busy: another program has it open")]
    Busy,
    /// Too many writes wait that nobody waits for.
    #[error("too many database writes are waiting: the disk of the data folder is too slow")]
    Overloaded,
    /// The store has been shut down.
    #[error("the database is closed: the server is stopping")]
    Closed,
    /// A stored or given object does not have the expected form.
    #[error("{what} cannot be read: {detail}")]
    Document {
        /// What could not be read.
        what: String,
        /// Why.
        detail: String,
    },
    /// Any other failure of the database engine.
    #[error("database error: {detail}")]
    Database {
        /// Text of the engine.
        detail: String,
    },
}

/// The first names of a list, for messages.
struct Names<'a>(&'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        for (index, name) in self.0.iter().take(SHOWN).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "\"{name}\"")?;
        }
        if self.0.len() > SHOWN {
            f.write_str(" and others")?;
        }
        Ok(())
    }
}

impl StoreError {
    /// A document of `what` that cannot be read or written.
    pub(crate) fn document(what: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self::Document { what: what.into(), detail: detail.to_string() }
    }

    /// A failure of the engine that has no kind of its own.
    pub(crate) fn database(detail: impl fmt::Display) -> Self {
        Self::Database { detail: detail.to_string() }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::database(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACC-220: the message names the group and who uses it.
    #[test]
    fn in_use_message_names_the_object_and_the_first_users() {
        let by = ["a", "b", "c", "d", "e", "f"].map(String::from).to_vec();
        let error = StoreError::InUse { kind: ObjectKind::Group, name: "staff".into(), by };
        let text = error.to_string();
        assert!(text.starts_with("group \"staff\" is in use by \"a\", \"b\""), "{text}");
        assert!(text.contains("and others") && !text.contains("\"f\""), "{text}");
    }
}
