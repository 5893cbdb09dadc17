//! Event rules (EVT-002, EVT-003, EVT-009…EVT-031, SCH-).

use super::{Faults, FieldError, ValidationRules, text};
use crate::{
    event_rule::{ConditionOptions, ConditionPattern, EventConditions, EventRule, Trigger},
    glob::Glob,
};

type Checked = Result<(), FieldError>;

/// EVT-011
const FS_EVENTS: [&str; 13] = [
    "upload",
    "download",
    "delete",
    "rename",
    "mkdir",
    "rmdir",
    "copy",
    "ssh_cmd",
    "pre-upload",
    "pre-download",
    "pre-delete",
    "first-upload",
    "first-download",
];
/// EVT-012
const PROVIDER_EVENTS: [&str; 3] = ["add", "update", "delete"];
/// EVT-023
const PROTOCOLS: [&str; 8] = ["SFTP", "SCP", "SSH", "FTP", "DAV", "HTTP", "HTTPShare", "OIDC"];
/// EVT-024
const PROVIDER_OBJECTS: [&str; 12] = [
    "user",
    "folder",
    "group",
    "admin",
    "api_key",
    "share",
    "event_action",
    "event_rule",
    "role",
    "ip_list_entry",
    "configs",
    "license",
];

impl EventRule {
    /// Checks the rule and makes it uniform, but for what depends on the types of its actions
    /// ([`EventRule::check_action_types`]): of actions only the names are looked at.
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self, rules: &ValidationRules) -> Checked {
        let mut faults = Faults::default();
        if let Some(value) = faults.take(rules.names.check("name", &self.name)) {
            self.name = value;
        }
        faults.note(text::one_of("status", self.status, 0..=1));
        faults.note(text::description("description", &self.description));
        let Some(trigger) = self.trigger() else {
            faults.note(Err(FieldError::new("trigger", format!("invalid trigger {}", self.trigger))));
            return faults.end();
        };
        self.conditions.clear_unselected(trigger);
        faults.note(check_conditions(&mut self.conditions, trigger));
        faults.note(self.check_actions(rules));
        faults.note(self.check_relations());
        faults.end()
    }

    /// EVT-003
    fn check_actions(&mut self, rules: &ValidationRules) -> Checked {
        for action in &mut self.actions {
            action.action.name = rules.names.apply(&action.action.name);
            if action.action.name.is_empty() {
                return Err(FieldError::new("actions", "actions: the name of an action is mandatory"));
            }
        }
        for (index, action) in self.actions.iter().enumerate() {
            for other in &self.actions[..index] {
                if other.action.name == action.action.name {
                    let message = format!("actions: the action {:?} is duplicated", action.action.name);
                    return Err(FieldError::new("actions", message));
                }
                if other.order == action.order {
                    let message = format!(
                        "actions: order {} of {:?} is that of {:?}, too",
                        action.order, action.action.name, other.action.name
                    );
                    return Err(FieldError::new("actions.order", message));
                }
            }
        }
        self.actions.sort_by_key(|action| action.order);
        Ok(())
    }
}

fn check_conditions(conditions: &mut EventConditions, trigger: Trigger) -> Checked {
    let required = |field: &str, is_empty: bool| {
        if is_empty { Err(FieldError::new(field, format!("{field}: at least one is required for this trigger"))) } else { Ok(()) }
    };
    match trigger {
        Trigger::Filesystem => {
            required("conditions.fs_events", conditions.fs_events.is_empty())?;
            text::known_values("conditions.fs_events", &mut conditions.fs_events, |event| FS_EVENTS.contains(&event))?;
        }
        Trigger::Provider => {
            let events = &mut conditions.provider_events;
            required("conditions.provider_events", events.is_empty())?;
            text::known_values("conditions.provider_events", events, |event| PROVIDER_EVENTS.contains(&event))?;
        }
        Trigger::Schedule => {
            required("conditions.schedules", conditions.schedules.is_empty())?;
            conditions.schedules.iter().try_for_each(|schedule| schedule.timetable().map(drop))?;
            text::dedupe(&mut conditions.schedules);
        }
        Trigger::IdpLogin => text::one_of("conditions.idp_login_event", conditions.idp_login_event, 0..=2)?,
        Trigger::IpBlocked | Trigger::Certificate | Trigger::OnDemand => {}
    }
    check_options(&mut conditions.options)
}

fn check_options(options: &mut ConditionOptions) -> Checked {
    let mut faults = Faults::default();
    for (member, list) in [
        ("names", &mut options.names),
        ("group_names", &mut options.group_names),
        ("role_names", &mut options.role_names),
        ("fs_paths", &mut options.fs_paths),
    ] {
        for pattern in list.iter_mut() {
            faults.note(check_pattern(&format!("conditions.options.{member}"), pattern, member == "fs_paths"));
        }
        text::dedupe(list);
    }
    faults.note(text::known_values("conditions.options.protocols", &mut options.protocols, |name| PROTOCOLS.contains(&name)));
    let objects = &mut options.provider_objects;
    faults.note(text::known_values("conditions.options.provider_objects", objects, |kind| PROVIDER_OBJECTS.contains(&kind)));
    faults.note(text::not_negative("conditions.options.min_size", options.min_size));
    faults.note(text::not_negative("conditions.options.max_size", options.max_size));
    // EVT-025
    if options.max_size > 0 && options.min_size > options.max_size {
        let message = "conditions.options: min_size is greater than max_size";
        faults.note(Err(FieldError::new("conditions.options.min_size", message)));
    }
    // EVT-026
    options.event_statuses.retain(|status| *status != 0);
    for status in &options.event_statuses {
        faults.note(text::one_of("conditions.options.event_statuses", *status, 1..=3));
    }
    text::dedupe(&mut options.event_statuses);
    faults.end()
}

/// EVT-017, EVT-021, EVT-022
fn check_pattern(field: &str, pattern: &mut ConditionPattern, is_path: bool) -> Checked {
    pattern.match_fs_path &= is_path;
    if pattern.match_fs_path {
        pattern.pattern = pattern.pattern.replace('\\', "/");
    }
    if pattern.pattern.is_empty() {
        return Err(FieldError::new(field, format!("{field}: a pattern is empty")));
    }
    match Glob::new(pattern.pattern.as_bytes()) {
        Ok(_) => Ok(()),
        Err(error) => Err(FieldError::new(field, format!("{field} {:?}: {error}", pattern.pattern))),
    }
}

#[cfg(test)]
mod tests;
