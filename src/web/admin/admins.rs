//! Administrators.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, Sort, admins},
};
use entrepot_model::{Admin, AdminPermission as P};
use serde_json::{Value, json};

use super::{
    cells::{self, Cell},
    fields::{Card, Field, Kind, Lists},
    object::{Action, Column, Filter, Object, Rights, names, one},
};
use crate::frame::{Form, Look};

pub(super) const PERMISSIONS: [&str; 19] = [
    "*",
    "add_users",
    "edit_users",
    "del_users",
    "view_users",
    "view_conns",
    "close_conns",
    "view_status",
    "manage_folders",
    "manage_groups",
    "quota_scans",
    "manage_defender",
    "view_defender",
    "view_events",
    "disable_mfa",
    "view_groups",
    "del_groups",
    "view_folders",
    "del_folders",
];
const GROUPS: [Field; 2] = [
    Field::new("name", Kind::Suggest("groups")).named("group"),
    Field::new("options.add_to_users_as", Kind::Numbers(&[(1, "primary"), (2, "secondary"), (0, "membership")]))
        .named("group_type"),
];
const SIGN_IN: [Field; 7] = [
    Field::new("status", Kind::Numbers(&[(1, "enabled"), (0, "disabled")])),
    Field::new("password", Kind::Password),
    Field::new("filters.require_password_change", Kind::Tick),
    Field::new("filters.require_two_factor", Kind::Tick),
    Field::new("filters.disable_password_auth", Kind::Tick),
    Field::new("filters.allow_api_key_auth", Kind::Tick),
    Field::new("filters.allow_list", Kind::Lines).named("allowed_ip"),
];
const RIGHTS: [Field; 2] = [
    Field::new("permissions", Kind::Picks(&PERMISSIONS)).named("admin_permissions"),
    Field::new("role", Kind::Suggest("roles")).named("admin_role"),
];
const ABOUT: [Field; 3] =
    [Field::new("email", Kind::Email), Field::new("description", Kind::Area), Field::new("additional_info", Kind::Area)];
const USERS: [Field; 3] = [
    Field::new("groups", Kind::Rows(&GROUPS)).named("groups_for_users"),
    Field::new("filters.preferences.default_users_expiration", Kind::Number("days")),
    Field::new(
        "filters.preferences.hide_user_page_sections",
        Kind::Bits(&[
            (1, "hide_groups"),
            (2, "hide_storage"),
            (4, "hide_folders"),
            (8, "hide_profile"),
            (16, "hide_acls"),
            (32, "hide_limits"),
            (64, "hide_advanced"),
        ]),
    ),
];

const CARDS: [Card; 4] = [
    Card { id: "sign_in", icon: "key", fields: &SIGN_IN },
    Card { id: "rights", icon: "security", fields: &RIGHTS },
    Card { id: "about", icon: "user", fields: &ABOUT },
    Card { id: "new_users", icon: "people", fields: &USERS },
];

impl Object for Admin {
    const ONE: &'static str = "manager";
    const MANY: &'static str = "managers";
    const PLACE: &'static str = "people";
    const COLUMNS: &'static [Column] = &[
        Column::new("email").by(Sort::Email).extra(),
        Column::new("role").by(Sort::Role),
        Column::new("factor").by(Sort::Factor),
        Column::new("last_login").by_most(Sort::LastLogin),
        Column::new("created").by_most(Sort::Created).extra(),
        Column::new("status").by_most(Sort::Status),
    ];
    const FILTERS: &'static [Filter] =
        &[Filter::State { ends: false }, Filter::Role, Filter::Group, Filter::Factor, Filter::LastLogin];
    const HAS_STATUS: bool = true;
    const CREATE: &'static [Field] = &[
        Field::new("username", Kind::Code).required(),
        Field::new("password", Kind::Password),
        Field::new("email", Kind::Email),
        Field::new("permissions", Kind::Picks(&PERMISSIONS)).named("admin_permissions"),
        Field::new("role", Kind::Suggest("roles")).named("admin_role"),
    ];

    fn cards() -> &'static [Card] {
        &CARDS
    }

    fn name(&self) -> &str {
        &self.username
    }

    fn line(&self, look: &Look) -> (String, Vec<Cell>) {
        let cells = vec![
            cells::words(&self.email),
            cells::tag(&self.role),
            cells::yes(look, self.filters.totp_config.enabled),
            cells::time(look, self.last_login),
            cells::time(look, self.created_at),
            cells::status(look, self.is_enabled(), 0),
        ];
        let sub = if self.description.is_empty() { &self.email } else { &self.description };
        (sub.lines().next().unwrap_or_default().to_owned(), cells)
    }

    fn rights(session: &AdminSession) -> Rights {
        Rights::all(session.may(P::Any))
    }

    fn blank(_: &Core, _: &str) -> Value {
        json!({ "status": 1 })
    }

    async fn lists(core: &Core, session: &AdminSession) -> Lists {
        vec![("groups", names(core, session, "groups").await), ("roles", names(core, session, "roles").await)]
    }

    fn actions(&self, session: &AdminSession, look: &Look) -> Vec<Action> {
        let to = format!("{}/2fa", one::<Self>(&self.username));
        let disable = Action { to, label: look.t.user_disable_factor, icon: "lock" };
        if session.may(P::Any) && self.filters.totp_config.enabled { vec![disable] } else { Vec::new() }
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        admins::list(core, session, options).await
    }

    async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
        admins::count(core, session, options).await
    }

    async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Self> {
        admins::get(core, session, name, false).await
    }

    async fn add(self, core: &Core, session: &AdminSession) -> Result<Self> {
        admins::add(core, session, self).await
    }

    async fn update(self, core: &Core, session: &AdminSession, name: &str, _: &Form) -> Result<()> {
        admins::update(core, session, name, self).await.map(|_| ())
    }

    async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
        admins::delete(core, session, name).await
    }

    async fn set_status(core: &Core, session: &AdminSession, name: &str, is_enabled: bool) -> Result<bool> {
        admins::set_status(core, session, name, is_enabled).await
    }
}
