//! Provider events: who changed which object (ACC-068, PVA-001…PVA-010).

use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_model::event::ProviderEvent;
use serde::Serialize;

use super::AdminSession;
use crate::Core;

/// What was done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Update,
    Delete,
}

/// An object that was changed. `object` holds nothing confidential any more.
pub(super) struct Change<'a, T> {
    pub action: Action,
    /// `user`, `admin`, `folder`, `group` or `role`.
    pub kind: &'static str,
    pub name: &'a str,
    /// Role of a user or administrator, empty for others (ACC-230, PVA-008).
    pub role: &'a str,
    pub object: &'a T,
}

/// Records a change.
pub(super) fn record<T: Serialize>(core: &Core, session: &AdminSession, change: &Change<'_, T>) {
    let action = match change.action {
        Action::Add => "add",
        Action::Update => "update",
        Action::Delete => "delete",
    };
    tracing::info!(executor = session.username(), ip = %session.ip(), action, kind = change.kind, name = change.name, "object changed");
    core.0.audit.provider(ProviderEvent {
        action: action.to_owned(),
        username: session.username().to_owned(),
        ip: if session.is_system() { String::new() } else { session.ip().to_string() },
        object_type: change.kind.to_owned(),
        object_name: change.name.to_owned(),
        object_data: STANDARD.encode(serde_json::to_vec(change.object).unwrap_or_default()),
        role: change.role.to_owned(),
        ..ProviderEvent::default()
    });
}
