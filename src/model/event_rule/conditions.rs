//! Which events of a trigger a rule is for.

use serde::{Deserialize, Serialize};

use super::{Schedule, Trigger};
use crate::wire::is_default;

/// A glob that names or paths are compared with (EVT-017, EVT-018).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConditionPattern {
    /// Shell glob; with `**` it also crosses `/`.
    pub pattern: String,
    /// Matches what the glob does not match.
    #[serde(skip_serializing_if = "is_default")]
    pub inverse_match: bool,
    /// Compared with the path in the storage; for `fs_paths` only (EVT-021).
    #[serde(skip_serializing_if = "is_default")]
    pub match_fs_path: bool,
}

/// Further restrictions; empty members restrict nothing (EVT-016).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConditionOptions {
    /// Names of users, folders or objects, as the trigger says (EVT-029).
    #[serde(skip_serializing_if = "is_default")]
    pub names: Vec<ConditionPattern>,
    /// Groups of the user.
    #[serde(skip_serializing_if = "is_default")]
    pub group_names: Vec<ConditionPattern>,
    /// Role of the user.
    #[serde(skip_serializing_if = "is_default")]
    pub role_names: Vec<ConditionPattern>,
    /// Source path of the event (EVT-020).
    #[serde(skip_serializing_if = "is_default")]
    pub fs_paths: Vec<ConditionPattern>,
    /// Protocols of file events.
    #[serde(skip_serializing_if = "is_default")]
    pub protocols: Vec<String>,
    /// Kinds of objects of provider events.
    #[serde(skip_serializing_if = "is_default")]
    pub provider_objects: Vec<String>,
    /// Bytes, 0 none.
    #[serde(skip_serializing_if = "is_default")]
    pub min_size: i64,
    /// Bytes, 0 none.
    #[serde(skip_serializing_if = "is_default")]
    pub max_size: i64,
    /// Outcomes of file events: 1 OK, 2 failed, 3 quota exceeded.
    #[serde(skip_serializing_if = "is_default")]
    pub event_statuses: Vec<i64>,
    /// For several nodes; stored as false (EVT-028).
    #[serde(skip_serializing_if = "is_default")]
    pub concurrent_execution: bool,
}

/// Which events of the trigger; members of other triggers are emptied on save (EVT-010).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventConditions {
    /// For [`Trigger::Filesystem`].
    #[serde(skip_serializing_if = "is_default")]
    pub fs_events: Vec<String>,
    /// For [`Trigger::Provider`].
    #[serde(skip_serializing_if = "is_default")]
    pub provider_events: Vec<String>,
    /// For [`Trigger::Schedule`].
    #[serde(skip_serializing_if = "is_default")]
    pub schedules: Vec<Schedule>,
    /// For [`Trigger::IdpLogin`]: 0 any, 1 user, 2 admin.
    #[serde(skip_serializing_if = "is_default")]
    pub idp_login_event: i64,
    /// Further restrictions.
    #[serde(skip_serializing_if = "is_default")]
    pub options: ConditionOptions,
}

impl EventConditions {
    /// Empties what does not belong to the trigger (EVT-010, EVT-023, EVT-024, EVT-026, EVT-028, EVT-030).
    pub fn clear_unselected(&mut self, trigger: Trigger) {
        let old = std::mem::take(self);
        let options = old.options;
        // Who: for every trigger that has to do with users.
        let people = |options: ConditionOptions| ConditionOptions {
            names: options.names,
            group_names: options.group_names,
            role_names: options.role_names,
            ..ConditionOptions::default()
        };
        match trigger {
            Trigger::Filesystem => {
                self.fs_events = old.fs_events;
                self.options = ConditionOptions { provider_objects: Vec::new(), concurrent_execution: false, ..options };
            }
            Trigger::Provider => {
                self.provider_events = old.provider_events;
                let provider_objects = options.provider_objects.clone();
                self.options = ConditionOptions { provider_objects, ..people(options) };
            }
            Trigger::Schedule => {
                self.schedules = old.schedules;
                self.options = people(options);
            }
            Trigger::OnDemand => self.options = people(options),
            Trigger::IdpLogin => {
                self.idp_login_event = old.idp_login_event;
                self.options = ConditionOptions { names: options.names, ..ConditionOptions::default() };
            }
            Trigger::IpBlocked | Trigger::Certificate => {}
        }
    }
}
