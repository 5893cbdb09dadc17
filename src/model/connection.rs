//! What is going on: connections and transfers.

use serde::{Deserialize, Serialize};

use crate::wire::is_default;

/// A running transfer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transfer {
    /// `upload` or `download`.
    pub operation_type: String,
    /// Virtual path.
    pub path: String,
    /// Unix milliseconds.
    pub start_time: i64,
    /// Bytes so far.
    pub size: i64,
}

/// An open connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionStatus {
    /// Who.
    pub username: String,
    /// Unique identifier.
    pub connection_id: String,
    /// What the client calls itself.
    #[serde(skip_serializing_if = "is_default")]
    pub client_version: String,
    /// Address and port.
    pub remote_address: String,
    /// Unix milliseconds.
    pub connection_time: i64,
    /// Unix milliseconds at which this was asked: an extension, so that ages can be told without a common clock.
    #[serde(skip_serializing_if = "is_default")]
    pub current_time: i64,
    /// Last SSH or FTP command, or WebDAV method.
    #[serde(skip_serializing_if = "is_default")]
    pub command: String,
    /// Unix milliseconds.
    pub last_activity: i64,
    /// `SFTP`, `SCP`, `SSH`, `FTP`, `DAV`, `HTTP`.
    pub protocol: String,
    /// What it moves.
    #[serde(skip_serializing_if = "is_default")]
    pub active_transfers: Vec<Transfer>,
    /// Node, in installations with several.
    #[serde(skip_serializing_if = "is_default")]
    pub node: String,
}
