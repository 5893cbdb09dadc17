//! Administration: one function per use case. Each checks the permission of who asks, validates, stores, makes sessions and
//! caches follow, and records a provider event. REST handlers, pages and the command line call these and nothing beneath.

pub mod admins;
pub mod api_keys;
pub mod backup;
pub mod backup_files;
pub mod certificate;
pub(crate) mod changes;
pub mod connections;
pub mod defender;
pub mod doctor;
pub mod event_actions;
pub mod event_rules;
pub mod events;
pub mod first_steps;
pub mod folders;
pub mod groups;
pub mod host_keys;
pub mod instance;
pub mod invites;
pub mod ip_lists;
pub mod log;
mod login;
pub mod own;
pub mod password_reset;
pub(crate) mod passwords;
pub mod quota;
pub mod roles;
mod roots;
pub(crate) mod sealing;
pub mod second_factor;
pub mod settings;
pub mod setup;
pub mod shares;
pub mod status;
pub mod users;
pub mod verdict;

use std::net::{IpAddr, Ipv4Addr};

use entrepot_config::Settings;
use entrepot_model::{Admin, AdminPermission, FieldError, ValidationRules};
use entrepot_secrets::Sensitive;
use entrepot_store::StoreError;

pub use entrepot_store::{IpListPage, ListOptions, Only, Order, Sort};
pub use setup::SetupRequest;

use crate::{
    Core, Error, Result,
    accounts::naming_rules,
    caller::Shown,
    policy::Denial,
    tokens::{Claims, Duties},
};
pub(crate) use roots::check_root;

/// Waits until what transfers settled is in the database: whoever was told that his file is there sees it counted. A database
/// without room is read as it is.
pub(crate) async fn settled(core: &Core) -> Result<()> {
    match core.0.store.transfers().barrier().await {
        Ok(()) | Err(StoreError::Full) => Ok(()),
        Err(error) => Err(stored(error)),
    }
}

/// Executor of changes that nobody in particular made (PVA-006).
const SYSTEM: &str = "__system__";

/// An administrator whose credentials were accepted, or the server itself. Only this room can make one.
#[derive(Debug, Clone)]
pub struct AdminSession {
    admin: Admin,
    ip: IpAddr,
    password_hash: Option<Sensitive<String>>,
    shown: Shown,
    duties: Duties,
    /// `hook.legacy_admin_perms` (ACC-364).
    is_legacy: bool,
}

impl AdminSession {
    /// `password_hash` is the one that was stored when the administrator was let in.
    pub(crate) fn new(mut admin: Admin, password_hash: Option<String>, ip: IpAddr) -> Self {
        let duties = Duties::of_admin(&admin);
        admin.hide_confidential();
        let password_hash = password_hash.map(Sensitive::new);
        Self { admin, ip: ip.to_canonical(), password_hash, shown: Shown::Nothing, duties, is_legacy: false }
    }

    /// With the model of permissions that the settings ask for.
    pub(crate) fn under(mut self, settings: &Settings) -> Self {
        self.is_legacy = settings.hook.legacy_admin_perms;
        self
    }

    /// Let in by a token, which brings the duties of its login.
    pub(crate) fn with_token(mut self, claims: Claims) -> Self {
        self.duties = self.duties.and(claims.duties.clone());
        self.shown = Shown::Token(Box::new(claims));
        self
    }

    /// Let in by the API key with this id; that asks neither for a new password nor for a second factor (SEC-084).
    pub(crate) fn with_key(mut self, id: String) -> Self {
        self.duties = Duties::default();
        self.shown = Shown::Key(id);
        self
    }

    /// The server itself, for the command line beside it and for what happens at start. It may do everything.
    pub fn system() -> Self {
        let admin = Admin { username: SYSTEM.to_owned(), status: 1, permissions: vec![AdminPermission::Any], ..Admin::default() };
        Self::new(admin, None, IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// Name of the executor, as events have it.
    pub fn username(&self) -> &str {
        &self.admin.username
    }

    /// The administrator.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Where the request came from.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// What must be done before anything else.
    pub fn duties(&self) -> &Duties {
        &self.duties
    }

    /// The token, if it was one.
    pub fn claims(&self) -> Option<&Claims> {
        self.shown.claims()
    }

    /// Id of the API key, if it was one.
    pub fn api_key(&self) -> Option<&str> {
        self.shown.key()
    }

    /// The password hash that the account had when it was let in.
    pub(crate) fn password_hash(&self) -> Option<&str> {
        self.password_hash.as_ref().map(|hash| hash.expose().as_str())
    }

    /// Whether it is the server itself.
    pub fn is_system(&self) -> bool {
        self.admin.username == SYSTEM
    }

    /// Whether the administrator may do what `permission` stands for (ACC-234).
    pub fn may(&self, permission: AdminPermission) -> bool {
        self.admin.may(permission, self.is_legacy)
    }

    /// Refuses who may not (ACC-235).
    ///
    /// # Errors
    /// `Denied`.
    pub fn require(&self, permission: AdminPermission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        let detail = format!("{} does not have {}", self.admin.username, permission.as_str());
        Err(Error::Denied(Denial::new("admin_permissions", detail)))
    }

    /// The role that the administrator is confined to (ACC-225).
    pub fn role(&self) -> Option<&str> {
        Some(self.admin.role.as_str()).filter(|role| !role.is_empty())
    }

    /// Whether an object of `role` exists for this administrator at all.
    pub(crate) fn sees_role(&self, role: &str) -> bool {
        self.role().is_none_or(|own| own == role)
    }

    /// Whether the granular permissions for groups and folders hold (ACC-223).
    fn is_granular(&self) -> bool {
        !self.is_legacy
            && !self.may(AdminPermission::Any)
            && self.admin.permissions.iter().any(|permission| permission.is_granular())
    }
}

/// What validation needs to know.
pub(crate) fn rules(core: &Core, is_new: bool) -> ValidationRules {
    let settings = core.settings();
    let base = settings.data_provider.users_base_dir.trim();
    ValidationRules {
        names: naming_rules(core),
        // Neither a base nor a home is named: the server has a folder for that, so that a user works out of the box.
        users_base_dir: if base.is_empty() { roots::homes(core).to_string_lossy().into_owned() } else { base.to_owned() },
        temp_dir: std::env::temp_dir().to_string_lossy().into_owned(),
        is_new,
        enabled_commands: enabled_commands(&settings),
        has_legacy_admin_permissions: settings.hook.legacy_admin_perms,
        ..ValidationRules::default()
    }
}

/// Programs that event actions may run: both lists count (ACT-011).
fn enabled_commands(settings: &Settings) -> Vec<String> {
    let lists = [&settings.common.event_manager.enabled_commands, &settings.hook.enabled_action_commands];
    lists.into_iter().flatten().cloned().collect()
}

/// A wrong field, as the client gets it.
pub(crate) fn invalid(error: FieldError) -> Error {
    let others = error.others.into_iter().map(|other| (other.field, other.message)).collect();
    Error::Invalid { field: error.field, message: error.message, others }
}

/// Faults that several checks found, one after the other: whoever fills a form hears of all of them at once.
#[derive(Default)]
pub(crate) struct Faults(Option<Error>);

impl Faults {
    /// Goes on after a wrong field.
    ///
    /// # Errors
    /// What is no wrong field.
    pub(crate) fn note(&mut self, checked: Result<()>) -> Result<()> {
        match (checked, &mut self.0) {
            (Ok(()), _) => {}
            (Err(error @ Error::Invalid { .. }), None) => self.0 = Some(error),
            (Err(Error::Invalid { field, message, others: more }), Some(Error::Invalid { field: first, others, .. })) => {
                for (field, message) in std::iter::once((field, message)).chain(more) {
                    if field != *first && others.iter().all(|(other, _)| *other != field) {
                        others.push((field, message));
                    }
                }
            }
            (Err(error), _) => return Err(error),
        }
        Ok(())
    }

    /// All of them, if there are any.
    pub(crate) fn end(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// What a failed save or look-up means to the client (ACC-013, ACC-060, ACC-220).
pub(crate) fn stored(error: StoreError) -> Error {
    match error {
        StoreError::NotFound { .. } => Error::NotFound,
        StoreError::Conflict { .. } | StoreError::Reference { .. } => Error::Conflict(error.to_string()),
        StoreError::InUse { .. } => Error::InUse(error.to_string()),
        StoreError::Invalid { name, error } => Error::invalid(error.field, format!("event rule {name:?}: {}", error.message)),
        StoreError::Full => Error::NoSpace,
        StoreError::Busy | StoreError::Overloaded => Error::Busy,
        StoreError::Closed => Error::Shutdown,
        other => Error::internal("administration", other),
    }
}

#[cfg(test)]
mod tests;
