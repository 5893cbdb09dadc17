//! Event rules: when which actions run. Running them is another room's work.

mod conditions;
mod consistency;
mod schedule;

pub use conditions::{ConditionOptions, ConditionPattern, EventConditions};
pub use consistency::Incompatibility;
pub use schedule::{Moment, Schedule, Timetable};

use serde::{Deserialize, Serialize};

use crate::{
    event_action::BaseEventAction,
    wire::{is_default, tolerant},
};

/// What makes a rule run (EVT-010).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i64)]
pub enum Trigger {
    /// Something happened to a file.
    Filesystem = 1,
    /// An object was added, changed or deleted.
    Provider = 2,
    /// The time has come.
    Schedule = 3,
    /// The defender blocked an address.
    IpBlocked = 4,
    /// A certificate was renewed, or could not be.
    Certificate = 5,
    /// Somebody asks for it.
    OnDemand = 6,
    /// A login at an identity provider.
    IdpLogin = 7,
}

impl Trigger {
    /// The trigger with this number on the wire.
    pub fn from_number(number: i64) -> Option<Self> {
        use Trigger as T;
        let all = [T::Filesystem, T::Provider, T::Schedule, T::IpBlocked, T::Certificate, T::OnDemand, T::IdpLogin];
        all.into_iter().find(|trigger| *trigger as i64 == number)
    }
}

/// How an action runs in a rule (EVT-002).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RelationOptions {
    /// Only after another action of the rule failed.
    pub is_failure_action: bool,
    /// Its failure ends the rule.
    pub stop_on_failure: bool,
    /// What triggered the rule waits for it.
    pub execute_sync: bool,
    /// It runs on the temporary file of an upload.
    #[serde(skip_serializing_if = "is_default")]
    pub execute_before_file_publish: bool,
}

/// An action in a rule. Only `action.name` refers to the stored action on input (API-115).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventAction {
    /// The action.
    #[serde(flatten)]
    pub action: BaseEventAction,
    /// Actions run in ascending order.
    pub order: i64,
    /// How it runs.
    pub relation_options: RelationOptions,
}

/// A rule (EVT-001).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct EventRule {
    /// Assigned by the server.
    pub id: i64,
    /// Unique and immutable.
    pub name: String,
    /// 1 enabled, 0 disabled.
    pub status: i64,
    /// Free text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
    /// Value of [`Trigger`].
    pub trigger: i64,
    /// Which events of the trigger.
    pub conditions: EventConditions,
    /// What is done, in order.
    pub actions: Vec<EventAction>,
}
tolerant!(EventRule);

impl EventRule {
    /// What makes it run, if the number is a known one.
    pub fn trigger(&self) -> Option<Trigger> {
        Trigger::from_number(self.trigger)
    }

    /// Whether it runs at all (EVT-008).
    pub fn is_enabled(&self) -> bool {
        self.status == 1
    }

    /// Prepares it for a response (SEC-007).
    pub fn hide_confidential(&mut self) {
        self.actions.iter_mut().for_each(|action| action.action.hide_confidential());
    }
}
