//! The `store` room: the two databases of the server, and the only place with SQL.
//!
//! It owns the files `entrepot.db` (accounts, settings, unsettled transfers) and `events.db` (the audit trail):
//! their schema and its migrations, one writing thread and a few reading threads for each, and the repositories
//! that turn rows into types of the model. No type of the database engine leaves it, so that another engine can
//! stand behind the same repositories.
//!
//! It must not know protocols, sessions, storage backends or the configuration; it hashes no password, opens no
//! secret and asks no clock: whoever calls passes hashes, sealed texts and the time (Unix milliseconds, or
//! nanoseconds for events). Only `core` (use cases, accounts, transfers, audit) and `cli` (start and stop) call it.

mod accounts;
mod certificate;
mod checksums;
mod copies;
mod defender;
mod document_users;
mod engine;
mod error;
mod events;
mod homes;
mod host_keys;
mod ip_lists;
mod revoked;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod transfers;

pub use accounts::{
    Admins, ApiKeys, EventActions, EventRules, FolderUsage, Folders, Groups, Invitation, ListOptions, LoginRecord, Only, Order,
    PasswordChange, Roles, Shares, Sort, TransferDirection, UserUsage, Users,
};
pub use certificate::{ServerCertificate, StoredCertificate};
pub use checksums::{Checksums, FileState};
pub use copies::{COMPANIONS, Copies, KeptClosed, events_beside, is_companion, judge_copies};
pub use defender::{DefenderHost, DefenderHosts};
pub use document_users::DocumentUsers;
pub use error::{ObjectKind, StoreError};
pub use events::{EventKind, Events, FsEventFilter, LogEventFilter, OutboxEvent, Page, ProviderEventFilter};
pub use homes::move_homes;
pub use host_keys::{HostKeys, Place, StoredHostKey};
pub use ip_lists::{IpListPage, IpLists};
pub use revoked::RevokedTokens;
pub use settings::{Displaced, SecretKey, SecretKeys, SetAside, Settings, Setup, SetupToken, set_settings_aside};
pub use store::{Store, StoreOptions};
pub use transfers::{
    FirstTransfer, IntentEnd, QuotaChange, QuotaOwner, ResumableUpload, ResumableUploads, Settled, Settlement, TransferUsage,
    Transfers, UploadIntent, UploadState,
};
