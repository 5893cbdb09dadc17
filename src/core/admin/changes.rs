//! Provider events: who changed which object (ACC-068, PVA-001…PVA-010).

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_model::event::ProviderEvent;
use serde::Serialize;

use super::AdminSession;
use crate::{Core, UserCaller};

/// Executor of what accounts change of themselves.
const SELF: &str = "__self__";

/// What was done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Add,
    Update,
    Delete,
}

/// An object that was changed. `object` holds nothing confidential any more.
pub(crate) struct Change<'a, T> {
    pub action: Action,
    /// `user`, `admin`, `folder`, `group`, `role`, `share`, ….
    pub kind: &'static str,
    pub name: &'a str,
    /// Role of a user or administrator, empty for others (ACC-230, PVA-008).
    pub role: &'a str,
    pub object: &'a T,
}

/// Who made a change, as events have it.
pub(super) struct Executor {
    name: String,
    /// Unknown for what the server itself does.
    ip: Option<IpAddr>,
}

impl Executor {
    /// An administrator, or the server itself.
    pub(super) fn of(session: &AdminSession) -> Self {
        Self { name: session.username().to_owned(), ip: (!session.is_system()).then_some(session.ip()) }
    }

    /// The account that is changed, at this address (PVA-006).
    pub(super) fn itself(ip: IpAddr) -> Self {
        Self { name: SELF.to_owned(), ip: Some(ip) }
    }
}

/// Records a change by an administrator.
pub(super) fn record<T: Serialize>(core: &Core, session: &AdminSession, change: &Change<'_, T>) {
    record_by(core, &Executor::of(session), change);
}

/// As [`record`], for objects whose name opens something: the event has it, the log has `shown` instead.
pub(super) fn record_unnamed<T: Serialize>(core: &Core, session: &AdminSession, change: &Change<'_, T>, shown: &str) {
    record_shown(core, &Executor::of(session), change, shown);
}

/// Records what a user changed of something that it may change, and whose name opens something.
pub(crate) fn record_of_user<T: Serialize>(core: &Core, caller: &UserCaller, change: &Change<'_, T>, shown: &str) {
    let executor = Executor { name: caller.username().to_owned(), ip: Some(caller.ip()) };
    record_shown(core, &executor, change, shown);
}

/// Records what an account changed of itself (PVA-006).
pub(super) fn record_own<T: Serialize>(core: &Core, ip: IpAddr, change: &Change<'_, T>) {
    record_by(core, &Executor::itself(ip), change);
}

/// Records a change.
pub(super) fn record_by<T: Serialize>(core: &Core, executor: &Executor, change: &Change<'_, T>) {
    record_shown(core, executor, change, change.name);
}

fn record_shown<T: Serialize>(core: &Core, executor: &Executor, change: &Change<'_, T>, shown: &str) {
    let action = match change.action {
        Action::Add => "add",
        Action::Update => "update",
        Action::Delete => "delete",
    };
    let ip = executor.ip.map(tracing::field::display);
    tracing::info!(executor = executor.name, ip, action, kind = change.kind, name = shown, "object changed");
    core.0.audit.provider(ProviderEvent {
        action: action.to_owned(),
        username: executor.name.clone(),
        ip: executor.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        object_type: change.kind.to_owned(),
        object_name: change.name.to_owned(),
        object_data: STANDARD.encode(serde_json::to_vec(change.object).unwrap_or_default()),
        role: change.role.to_owned(),
        ..ProviderEvent::default()
    });
}
