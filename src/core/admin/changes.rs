//! Provider events: who changed which object (ACC-068, PVA-001…PVA-010).

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_model::event::ProviderEvent;
use serde::Serialize;

use super::AdminSession;
use crate::Core;

/// Executor of what accounts change of themselves.
const SELF: &str = "__self__";

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
    let ip = if session.is_system() { String::new() } else { session.ip().to_string() };
    put(core, session.username(), &ip, change);
}

/// Records what an account changed of itself (PVA-006).
pub(super) fn record_own<T: Serialize>(core: &Core, ip: IpAddr, change: &Change<'_, T>) {
    put(core, SELF, &ip.to_string(), change);
}

fn put<T: Serialize>(core: &Core, executor: &str, ip: &str, change: &Change<'_, T>) {
    let action = match change.action {
        Action::Add => "add",
        Action::Update => "update",
        Action::Delete => "delete",
    };
    tracing::info!(executor, ip, action, kind = change.kind, name = change.name, "object changed");
    core.0.audit.provider(ProviderEvent {
        action: action.to_owned(),
        username: executor.to_owned(),
        ip: ip.to_owned(),
        object_type: change.kind.to_owned(),
        object_name: change.name.to_owned(),
        object_data: STANDARD.encode(serde_json::to_vec(change.object).unwrap_or_default()),
        role: change.role.to_owned(),
        ..ProviderEvent::default()
    });
}
