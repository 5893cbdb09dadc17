//! Recorded events. Their timestamps are Unix nanoseconds (API-021).

use serde::{Deserialize, Serialize};

use crate::wire::is_default;

/// Something done to a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FsEvent {
    /// Unique identifier.
    pub id: String,
    /// Unix nanoseconds.
    pub timestamp: i64,
    /// `download`, `upload`, `first-upload`, `first-download`, `delete`, `rename`, `mkdir`, `rmdir`, `ssh_cmd`, ….
    pub action: String,
    /// Who.
    pub username: String,
    /// Visitor of a share with email authentication.
    #[serde(skip_serializing_if = "is_default")]
    pub external_username: String,
    /// Path in the storage.
    #[serde(skip_serializing_if = "is_default")]
    pub fs_path: String,
    /// Target in the storage.
    #[serde(skip_serializing_if = "is_default")]
    pub fs_target_path: String,
    /// Path the client named.
    pub virtual_path: String,
    /// Target the client named.
    #[serde(skip_serializing_if = "is_default")]
    pub virtual_target_path: String,
    /// SSH command.
    #[serde(skip_serializing_if = "is_default")]
    pub ssh_cmd: String,
    /// Bytes.
    #[serde(skip_serializing_if = "is_default")]
    pub file_size: i64,
    /// Milliseconds.
    #[serde(skip_serializing_if = "is_default")]
    pub elapsed: i64,
    /// 1 no error, 2 error, 3 quota exceeded.
    pub status: i64,
    /// `SSH`, `SFTP`, `SCP`, `FTP`, `DAV`, `HTTP`, `HTTPShare`, `DataRetention`, `EventAction`, `OIDC`.
    pub protocol: String,
    /// Address of the client.
    #[serde(skip_serializing_if = "is_default")]
    pub ip: String,
    /// Connection.
    #[serde(skip_serializing_if = "is_default")]
    pub session_id: String,
    /// Value of [`crate::FsProvider`].
    pub fs_provider: i64,
    /// Bucket or container.
    #[serde(skip_serializing_if = "is_default")]
    pub bucket: String,
    /// Endpoint of the storage.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// Flags of the open.
    #[serde(skip_serializing_if = "is_default")]
    pub open_flags: String,
    /// Role of the user.
    #[serde(skip_serializing_if = "is_default")]
    pub role: String,
    /// Node.
    #[serde(skip_serializing_if = "is_default")]
    pub instance_id: String,
}

/// Something done to an object of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProviderEvent {
    /// Unique identifier.
    pub id: String,
    /// Unix nanoseconds.
    pub timestamp: i64,
    /// `add`, `update` or `delete`.
    pub action: String,
    /// Who; `__self__` or `__system__` for none.
    pub username: String,
    /// Address of the executor.
    #[serde(skip_serializing_if = "is_default")]
    pub ip: String,
    /// `user`, `folder`, `group`, `admin`, `api_key`, `share`, `event_action`, `event_rule`, `role`, `ip_list_entry`, `configs`.
    pub object_type: String,
    /// Its name.
    pub object_name: String,
    /// Base64 of its JSON without what is confidential.
    #[serde(skip_serializing_if = "is_default")]
    pub object_data: String,
    /// Role of the object.
    #[serde(skip_serializing_if = "is_default")]
    pub role: String,
    /// Node.
    #[serde(skip_serializing_if = "is_default")]
    pub instance_id: String,
}

/// What a [`LogEvent`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i64)]
pub enum LogEventType {
    /// Login failed.
    LoginFailed = 1,
    /// Login failed, there is no such user.
    LoginNoUser = 2,
    /// The client went away without trying to log in.
    NoLoginTried = 3,
    /// No common algorithm.
    NotNegotiated = 4,
    /// Login succeeded.
    LoginOk = 5,
    /// The legal agreement of a share was accepted.
    AgreementAccepted = 6,
}

/// Something about logins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogEvent {
    /// Unique identifier.
    pub id: String,
    /// Unix nanoseconds.
    pub timestamp: i64,
    /// Value of [`LogEventType`].
    pub event: i64,
    /// As in [`FsEvent`].
    pub protocol: String,
    /// Who, as far as known.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// Address of the client.
    #[serde(skip_serializing_if = "is_default")]
    pub ip: String,
    /// Details.
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// Role of the user.
    #[serde(skip_serializing_if = "is_default")]
    pub role: String,
    /// Node.
    #[serde(skip_serializing_if = "is_default")]
    pub instance_id: String,
}
