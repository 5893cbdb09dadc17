//! Validation of what clients send. Objects are made uniform in place; the first fault is named, and the others go with it.

mod admin;
mod api_key;
mod certificates;
mod event_action;
mod event_rule;
mod filesystem;
mod filters;
mod folder;
mod group;
mod ip_list;
mod object_store;
mod permissions;
mod public_keys;
mod share;
mod text;
mod user;

use crate::names::NamingRules;

/// A value that is not acceptable. Its text is what the client gets (ACC-005).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Validation error: {message}")]
pub struct FieldError {
    /// Member of the object, in dotted form.
    pub field: String,
    /// What is wrong with it; names the member.
    pub message: String,
    /// What else is wrong with the object, one fault a member: clients of the API get the first, forms show all.
    pub others: Vec<FieldError>,
}

/// Faults of one object, of each member the first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Option<FieldError>);

impl Faults {
    /// Goes on after a fault.
    pub(crate) fn note(&mut self, checked: Result<(), FieldError>) {
        let Err(mut fault) = checked else { return };
        let others = std::mem::take(&mut fault.others);
        let Some(first) = &mut self.0 else {
            self.0 = Some(FieldError { others, ..fault });
            return;
        };
        for fault in std::iter::once(fault).chain(others) {
            if first.field != fault.field && first.others.iter().all(|other| other.field != fault.field) {
                first.others.push(fault);
            }
        }
    }

    /// As [`Self::note`], with what was checked.
    pub(crate) fn take<T>(&mut self, checked: Result<T, FieldError>) -> Option<T> {
        checked.map_err(|fault| self.note(Err(fault))).ok()
    }

    /// As [`Self::note`]; what was made uniform takes the place of what was sent.
    pub(crate) fn set<T>(&mut self, checked: Result<T, FieldError>, place: &mut T) {
        if let Some(value) = self.take(checked) {
            *place = value;
        }
    }

    /// The first, with all others.
    pub(crate) fn end(self) -> Result<(), FieldError> {
        self.0.map_or(Ok(()), Err)
    }
}

impl FieldError {
    /// A fault of `field`; the message is made to name it.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let last = field.rsplit('.').next().unwrap_or(&field);
        let message = if message.contains(last) { message } else { format!("{field}: {message}") };
        Self { field, message, others: Vec::new() }
    }
}

/// What validation needs to know of the server's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationRules {
    /// `data_provider.naming_rules`.
    pub names: NamingRules,
    /// `data_provider.users_base_dir`; empty for none.
    pub users_base_dir: String,
    /// Directory for what non-local storages keep on disk.
    pub temp_dir: String,
    /// An external authentication hook is configured (ACC-039).
    pub has_external_auth: bool,
    /// The object is new: secrets cannot stand for stored ones (ACC-049).
    pub is_new: bool,
    /// The umbrella model holds for every admin (ACC-364).
    pub has_legacy_admin_permissions: bool,
    /// Google credentials of other types than service accounts are accepted (GCS-013).
    pub trusts_google_credentials: bool,
    /// Programs that event actions may run (ACT-011).
    pub enabled_commands: Vec<String>,
}

impl Default for ValidationRules {
    fn default() -> Self {
        Self {
            names: NamingRules::default(),
            users_base_dir: String::new(),
            temp_dir: "/tmp".into(),
            has_external_auth: false,
            is_new: false,
            has_legacy_admin_permissions: false,
            trusts_google_credentials: false,
            enabled_commands: Vec::new(),
        }
    }
}

/// Length in bits of a big-endian number.
fn bit_length(number: &[u8]) -> usize {
    let significant = number.iter().position(|b| *b != 0).map_or(&[][..], |start| &number[start..]);
    significant.first().map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize)
}

/// Smallest RSA key that is accepted, in bits (ACC-028, ACC-029).
const MIN_RSA_BITS: usize = 2048;

#[cfg(test)]
mod tests;
