//! Roles: groups of users that some admins are confined to.

use serde::{Deserialize, Serialize};

use crate::wire::{is_default, tolerant};

/// A role (ACC-224).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct Role {
    /// Assigned by the server.
    pub id: i64,
    /// Unique and immutable.
    pub name: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
    /// Users with the role; read only.
    #[serde(skip_serializing_if = "is_default")]
    pub users: Vec<String>,
    /// Admins with the role; read only.
    #[serde(skip_serializing_if = "is_default")]
    pub admins: Vec<String>,
}
tolerant!(Role);
