//! Event actions: what an event rule may do. Carrying them out is another room's work.

mod checks;
mod command;
mod email;
mod files;
mod http;
mod icap;
mod imap;
mod pgp;
mod retention;
mod secrets;

pub use checks::{
    EventReportConfig, IdpAccountCheckConfig, PasswordExpirationConfig, ShareExpirationConfig, UserInactivityConfig,
};
pub use command::CommandConfig;
pub use email::EmailConfig;
pub use files::{
    CompressConfig, CopyEntry, DecompressConfig, FilesystemActionConfig, FilesystemActionType, MetadataCheckConfig, RenameEntry,
};
pub use http::{HttpConfig, HttpPart};
pub use icap::IcapConfig;
pub use imap::{ImapConfig, OAuth2Config};
pub use pgp::{PgpConfig, PgpEntry, PgpPath};
pub use retention::RetentionConfig;

use serde::{Deserialize, Serialize};

use crate::wire::{is_default, tolerant};

/// A pair of texts: a header, a query parameter, an environment variable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyValue {
    /// Name.
    pub key: String,
    /// Value.
    pub value: String,
}

/// What an action does (ACT-).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i64)]
pub enum ActionType {
    /// Sends an HTTP request.
    Http = 1,
    /// Runs a program.
    Command = 2,
    /// Sends a mail.
    Email = 3,
    /// Writes a backup.
    Backup = 4,
    /// Counts the files of users again.
    UserQuotaReset = 5,
    /// Counts the files of folders again.
    FolderQuotaReset = 6,
    /// Sets the counters of transferred bytes to zero.
    TransferQuotaReset = 7,
    /// Deletes or archives old files.
    DataRetention = 8,
    /// Works on files.
    Filesystem = 9,
    /// Tells users whose password expires.
    PasswordExpiration = 11,
    /// Fails when an account has expired.
    UserExpiration = 12,
    /// Makes or updates the account of a login at an identity provider.
    IdpAccountCheck = 13,
    /// Disables or deletes accounts that nobody uses.
    UserInactivity = 14,
    /// Begins a new log file.
    RotateLogs = 15,
    /// Fetches attachments from a mailbox.
    Imap = 16,
    /// Has files scanned.
    Icap = 17,
    /// Tells of shares that expire, deletes those that did.
    ShareExpiration = 18,
    /// Reports recorded events.
    EventReport = 19,
}

impl ActionType {
    /// The type with this number on the wire; 10 is reserved.
    pub fn from_number(number: i64) -> Option<Self> {
        use ActionType as T;
        [
            T::Http,
            T::Command,
            T::Email,
            T::Backup,
            T::UserQuotaReset,
            T::FolderQuotaReset,
            T::TransferQuotaReset,
            T::DataRetention,
            T::Filesystem,
            T::PasswordExpiration,
            T::UserExpiration,
            T::IdpAccountCheck,
            T::UserInactivity,
            T::RotateLogs,
            T::Imap,
            T::Icap,
            T::ShareExpiration,
            T::EventReport,
        ]
        .into_iter()
        .find(|kind| *kind as i64 == number)
    }
}

/// The settings of each type; only those of the action's own type are kept on save (EVT-006).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionOptions {
    /// For [`ActionType::Http`].
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: HttpConfig,
    /// For [`ActionType::Command`].
    #[serde(skip_serializing_if = "is_default")]
    pub cmd_config: CommandConfig,
    /// For [`ActionType::Email`].
    #[serde(skip_serializing_if = "is_default")]
    pub email_config: EmailConfig,
    /// For [`ActionType::DataRetention`].
    #[serde(skip_serializing_if = "is_default")]
    pub retention_config: RetentionConfig,
    /// For [`ActionType::Filesystem`].
    #[serde(skip_serializing_if = "is_default")]
    pub fs_config: FilesystemActionConfig,
    /// For [`ActionType::PasswordExpiration`].
    #[serde(skip_serializing_if = "is_default")]
    pub pwd_expiration_config: PasswordExpirationConfig,
    /// For [`ActionType::UserInactivity`].
    #[serde(skip_serializing_if = "is_default")]
    pub user_inactivity_config: UserInactivityConfig,
    /// For [`ActionType::IdpAccountCheck`].
    #[serde(skip_serializing_if = "is_default")]
    pub idp_config: IdpAccountCheckConfig,
    /// For [`ActionType::Imap`].
    #[serde(skip_serializing_if = "is_default")]
    pub imap_config: ImapConfig,
    /// For [`ActionType::Icap`].
    #[serde(skip_serializing_if = "is_default")]
    pub icap_config: IcapConfig,
    /// For [`ActionType::ShareExpiration`].
    #[serde(skip_serializing_if = "is_default")]
    pub share_expiration_config: ShareExpirationConfig,
    /// For [`ActionType::EventReport`].
    #[serde(skip_serializing_if = "is_default")]
    pub event_report_config: EventReportConfig,
}

impl ActionOptions {
    /// Empties the settings of every type but this one (EVT-006).
    pub fn clear_unselected(&mut self, kind: ActionType) {
        let mut old = std::mem::take(self);
        match kind {
            ActionType::Http => std::mem::swap(&mut self.http_config, &mut old.http_config),
            ActionType::Command => std::mem::swap(&mut self.cmd_config, &mut old.cmd_config),
            ActionType::Email => std::mem::swap(&mut self.email_config, &mut old.email_config),
            ActionType::DataRetention => std::mem::swap(&mut self.retention_config, &mut old.retention_config),
            ActionType::Filesystem => std::mem::swap(&mut self.fs_config, &mut old.fs_config),
            ActionType::PasswordExpiration => std::mem::swap(&mut self.pwd_expiration_config, &mut old.pwd_expiration_config),
            ActionType::UserInactivity => std::mem::swap(&mut self.user_inactivity_config, &mut old.user_inactivity_config),
            ActionType::IdpAccountCheck => std::mem::swap(&mut self.idp_config, &mut old.idp_config),
            ActionType::Imap => std::mem::swap(&mut self.imap_config, &mut old.imap_config),
            ActionType::Icap => std::mem::swap(&mut self.icap_config, &mut old.icap_config),
            ActionType::ShareExpiration => std::mem::swap(&mut self.share_expiration_config, &mut old.share_expiration_config),
            ActionType::EventReport => std::mem::swap(&mut self.event_report_config, &mut old.event_report_config),
            ActionType::Backup
            | ActionType::UserQuotaReset
            | ActionType::FolderQuotaReset
            | ActionType::TransferQuotaReset
            | ActionType::UserExpiration
            | ActionType::RotateLogs => {}
        }
    }
}

/// A named action that rules refer to (EVT-001).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct BaseEventAction {
    /// Assigned by the server.
    pub id: i64,
    /// Unique and immutable.
    pub name: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Value of [`ActionType`].
    #[serde(rename = "type")]
    pub kind: i64,
    /// Settings of the type.
    pub options: ActionOptions,
    /// Rules that use it; read only (EVT-004).
    #[serde(skip_serializing_if = "is_default")]
    pub rules: Vec<String>,
}
tolerant!(BaseEventAction);

impl BaseEventAction {
    /// What it does, if the number is a known one.
    pub fn action_type(&self) -> Option<ActionType> {
        ActionType::from_number(self.kind)
    }

    /// The virtual folders that its settings name, with the names of the members.
    pub fn folders(&self) -> Vec<(&'static str, &str)> {
        let options = &self.options;
        let named = match self.action_type() {
            Some(ActionType::DataRetention) => vec![
                ("options.retention_config.archive_folder", options.retention_config.archive_folder.as_str()),
                ("options.retention_config.source_folder", &options.retention_config.source_folder),
            ],
            Some(ActionType::Filesystem) => vec![
                ("options.fs_config.folder", options.fs_config.folder.as_str()),
                ("options.fs_config.target_folder", &options.fs_config.target_folder),
            ],
            Some(ActionType::Imap) => vec![("options.imap_config.target_folder", options.imap_config.target_folder.as_str())],
            Some(ActionType::Icap) => {
                vec![("options.icap_config.quarantine_folder", options.icap_config.quarantine_folder.as_str())]
            }
            _ => Vec::new(),
        };
        named.into_iter().filter(|(_, name)| !name.is_empty()).collect()
    }

    /// Whether it reads files of the user that the event is about, to send them (EVT-035).
    pub fn sends_files(&self) -> bool {
        match self.action_type() {
            Some(ActionType::Email) => !self.options.email_config.attachments.is_empty(),
            Some(ActionType::Http) => self.options.http_config.parts.iter().any(|part| !part.filepath.is_empty()),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_types_are_those_of_the_contract() {
        // 10 is reserved
        let known: Vec<i64> = (-1..25).filter(|number| ActionType::from_number(*number).is_some()).collect();
        assert_eq!(known, [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    }

    #[test]
    fn only_the_settings_of_the_own_type_are_kept() {
        // EVT-006
        let everything = serde_json::json!({
            "http_config": {"endpoint": "e"}, "cmd_config": {"cmd": "c"}, "email_config": {"subject": "s"},
            "retention_config": {"archive_path": "/a"}, "fs_config": {"type": 1}, "pwd_expiration_config": {"threshold": 1},
            "user_inactivity_config": {"disable_threshold": 1}, "idp_config": {"mode": 1}, "imap_config": {"mailbox": "m"},
            "icap_config": {"timeout": 1}, "share_expiration_config": {"grace_period": 1}, "event_report_config": {"time_window": 1}
        });
        let count = |number: i64| {
            let mut options: ActionOptions = serde_json::from_value(everything.clone()).unwrap();
            options.clear_unselected(ActionType::from_number(number).unwrap());
            let value = serde_json::to_value(&options).unwrap();
            value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(",")
        };
        let kept = [1, 2, 3, 8, 9, 11, 13, 14, 16, 17, 18, 19].map(count);
        assert_eq!(
            kept,
            [
                "http_config",
                "cmd_config",
                "email_config",
                "retention_config",
                "fs_config",
                "pwd_expiration_config",
                "idp_config",
                "user_inactivity_config",
                "imap_config",
                "icap_config",
                "share_expiration_config",
                "event_report_config"
            ]
        );
        assert!([4, 5, 6, 7, 12, 15].map(count).iter().all(String::is_empty));
    }
}
