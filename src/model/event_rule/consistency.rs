//! What fits together in a rule, once its actions are known.

use super::{EventAction, EventRule, Trigger};
use crate::{event_action::ActionType, validation::FieldError};

/// File events that can wait for an action (EVT-031).
const WAITING_EVENTS: [&str; 4] = ["upload", "pre-upload", "pre-download", "pre-delete"];

/// Why a rule cannot run although it can be stored (EVT-039).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the action {action:?} cannot run in this rule: {reason}")]
pub struct Incompatibility {
    /// Name of the action.
    pub action: String,
    /// What does not fit.
    pub reason: &'static str,
}

type Checked = Result<(), FieldError>;

fn refused(message: impl Into<String>) -> FieldError {
    FieldError::new("actions", format!("actions: {}", message.into()))
}

impl EventRule {
    /// Checks what depends on the options of the relations alone (EVT-003, EVT-031, EVT-072, EVT-073).
    pub(crate) fn check_relations(&self) -> Checked {
        if !self.actions.iter().any(|action| !action.relation_options.is_failure_action) {
            return Err(refused("at least one action that is not a failure action is required"));
        }
        for action in &self.actions {
            self.check_relation(action)?;
        }
        let is_before = |action: &EventAction| action.relation_options.execute_before_file_publish;
        let is_other = |action: &EventAction| !is_before(action) && !action.relation_options.is_failure_action;
        if self.actions.iter().any(is_before) && self.actions.iter().any(is_other) {
            let message = "execute_before_file_publish goes only with other such actions and failure actions";
            return Err(refused(message));
        }
        let has_pre_event = self.conditions.fs_events.iter().any(|event| event.starts_with("pre-"));
        if has_pre_event && !self.actions.iter().any(|action| action.relation_options.execute_sync) {
            return Err(refused("a rule with pre- events needs at least one action with execute_sync"));
        }
        Ok(())
    }

    fn check_relation(&self, action: &EventAction) -> Checked {
        let (name, options) = (&action.action.name, action.relation_options);
        if options.is_failure_action && options.execute_sync {
            return Err(refused(format!("the failure action {name:?} cannot have execute_sync")));
        }
        if options.is_failure_action && options.execute_before_file_publish {
            return Err(refused(format!("the failure action {name:?} cannot have execute_before_file_publish")));
        }
        if options.execute_sync && !self.can_wait() {
            let message = format!(
                "execute_sync of {name:?} works with logins at an identity provider and the file events {} only",
                WAITING_EVENTS.join(", ")
            );
            return Err(refused(message));
        }
        if options.execute_before_file_publish && self.conditions.fs_events != ["upload"] {
            let message = format!("execute_before_file_publish of {name:?} works with the file event upload only");
            return Err(refused(message));
        }
        Ok(())
    }

    /// Whether what triggers the rule can wait for an action.
    fn can_wait(&self) -> bool {
        match self.trigger() {
            Some(Trigger::IdpLogin) => true,
            Some(Trigger::Filesystem) => self.conditions.fs_events.iter().all(|event| WAITING_EVENTS.contains(&event.as_str())),
            _ => false,
        }
    }

    /// Checks what depends on the types of the actions: the actions must be whole (EVT-005, EVT-036).
    ///
    /// # Errors
    /// What does not fit together.
    pub fn check_action_types(&self) -> Result<(), FieldError> {
        let is_check = |action: &&EventAction| action.action.action_type() == Some(ActionType::IdpAccountCheck);
        let Some(check) = self.actions.iter().find(is_check) else { return Ok(()) };
        let name = &check.action.name;
        if self.trigger() != Some(Trigger::IdpLogin) {
            return Err(refused(format!("the account check {name:?} works with logins at an identity provider only")));
        }
        if !check.relation_options.execute_sync {
            return Err(refused(format!("the account check {name:?} must have execute_sync")));
        }
        if self.actions.iter().filter(|action| action.relation_options.execute_sync).count() > 1 {
            return Err(refused(format!("the account check {name:?} must be the only action with execute_sync")));
        }
        Ok(())
    }

    /// Whether the rule can run for some event: the actions must be whole (EVT-032…EVT-035, EVT-039).
    ///
    /// # Errors
    /// The first action that cannot.
    pub fn check_runnable(&self) -> Result<(), Incompatibility> {
        self.actions.iter().try_for_each(|action| match self.misfit(action) {
            Some(reason) => Err(Incompatibility { action: action.action.name.clone(), reason }),
            None => Ok(()),
        })
    }

    fn misfit(&self, action: &EventAction) -> Option<&'static str> {
        use ActionType as T;
        let trigger = self.trigger()?;
        let has_folder = !action.action.options.fs_config.folder.is_empty();
        let misfit = match (trigger, action.action.action_type()?) {
            (Trigger::Filesystem, T::FolderQuotaReset) => Some("a file event is not about a folder"),
            // EVT-033: work on a folder needs no user.
            (Trigger::IpBlocked | Trigger::Certificate, T::Filesystem) if has_folder => None,
            (
                Trigger::IpBlocked | Trigger::Certificate,
                T::UserQuotaReset
                | T::FolderQuotaReset
                | T::TransferQuotaReset
                | T::DataRetention
                | T::Filesystem
                | T::PasswordExpiration
                | T::UserExpiration,
            ) => Some("the event is not about a user"),
            _ => None,
        };
        misfit.or_else(|| {
            let begins_with_backup = self.actions.first().is_some_and(|first| first.action.action_type() == Some(T::Backup));
            let has_files = self.is_about_files_of_a_user() || begins_with_backup;
            (action.action.sends_files() && !has_files)
                .then_some("it sends files, and the event has no user whose files they are")
        })
    }

    /// EVT-035
    fn is_about_files_of_a_user(&self) -> bool {
        match self.trigger() {
            Some(Trigger::Filesystem) => true,
            Some(Trigger::Provider) => {
                let objects = &self.conditions.options.provider_objects;
                objects.is_empty() || objects.iter().any(|object| object == "user")
            }
            _ => false,
        }
    }
}
