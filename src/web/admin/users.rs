//! Users.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, Sort, groups, users},
};
use entrepot_model::{AdminPermission as P, EffectiveUser, GroupMapping, User};
use serde_json::{Value, json};

use super::{
    account::{GROUPS, MOUNTS, of_user},
    cells::{self, Cell},
    fields::{Card, Field, Kind, Lists},
    object::{Action, Column, Filter, Object, Panel, Rights, names, one},
    user_sign_in,
};
use crate::frame::{Form, Look};

const SIGN_IN: [Field; 7] = [
    Field::new("status", Kind::Numbers(&[(1, "enabled"), (0, "disabled")])),
    Field::new("password", Kind::Password),
    Field::new("filters.require_password_change", Kind::Tick),
    Field::new("public_keys", Kind::Lines),
    Field::new("filters.tls_certs", Kind::Pems),
    Field::new("expiration_date", Kind::Moment),
    Field::new("role", Kind::Suggest("roles")),
];
const PROFILE: [Field; 4] = [
    Field::new("email", Kind::Email),
    Field::new("filters.additional_emails", Kind::Lines),
    Field::new("description", Kind::Area),
    Field::new("additional_info", Kind::Area),
];
const MEMBERSHIPS: [Field; 1] = [Field::new("groups", Kind::Rows(&GROUPS))];
const PERMISSIONS: [Field; 3] = [
    Field::new("permissions", Kind::Permissions),
    Field::new("uid", Kind::Number("plain")),
    Field::new("gid", Kind::Number("plain")),
];
const FOLDERS: [Field; 1] = [Field::new("virtual_folders", Kind::Rows(&MOUNTS))];
const PLACEHOLDERS: [Field; 1] = [Field::new("filters.custom_placeholders", Kind::Lines)];

const CARDS: [Card; 13] = [
    Card { id: "sign_in", icon: "key", fields: &SIGN_IN },
    Card { id: "profile", icon: "user", fields: &PROFILE },
    Card { id: "groups", icon: "people", fields: &MEMBERSHIPS },
    Card { id: "files", icon: "folder", fields: &PERMISSIONS },
    Card { id: "folders", icon: "folder", fields: &FOLDERS },
    Card { id: "limits", icon: "disk", fields: &of_user::LIMITS },
    Card { id: "access", icon: "security", fields: &of_user::ACCESS },
    Card { id: "protocols", icon: "plug", fields: &of_user::PROTOCOL },
    Card { id: "web", icon: "globe", fields: &of_user::WEB },
    Card { id: "passwords", icon: "lock", fields: &of_user::PASSWORDS },
    Card { id: "storage", icon: "disk", fields: of_user::STORAGE },
    Card { id: "rare", icon: "wrench", fields: &of_user::RARE },
    Card { id: "placeholders", icon: "file", fields: &PLACEHOLDERS },
];

/// Where the storage is that is hidden only if the server knows where homes are.
const STORAGE: &str = "storage";
/// Bits of `hide_user_page_sections` (ACC-247), by card.
const HIDDEN: [(i64, &[&str]); 7] = [
    (1, &["groups"]),
    (2, &[STORAGE]),
    (4, &["folders"]),
    (8, &["profile"]),
    (16, &["files", "access", "protocols", "web"]),
    (32, &["limits"]),
    (64, &["rare", "passwords", "placeholders"]),
];

impl Object for User {
    const ONE: &'static str = "user";
    const MANY: &'static str = "users";
    const PLACE: &'static str = "people";
    const COLUMNS: &'static [Column] = &[
        Column::new("email").by(Sort::Email).extra(),
        Column::new("role").by(Sort::Role).extra(),
        Column::new("groups").by(Sort::Groups),
        Column::new("storage").by_most(Sort::Used),
        Column::new("last_login").by_most(Sort::LastLogin),
        Column::new("factor").by(Sort::Factor).extra(),
        Column::new("expires").by(Sort::Expires).extra(),
        Column::new("created").by_most(Sort::Created).extra(),
        Column::new("status").by_most(Sort::Status),
    ];
    const FILTERS: &'static [Filter] =
        &[Filter::State { ends: true }, Filter::Group, Filter::Role, Filter::Folder, Filter::Factor, Filter::LastLogin];
    const HAS_STATUS: bool = true;
    const STARTS: &'static [&'static str] = &["plain", "drop", "read", "partner"];
    const IS_INVITED: bool = true;
    const CREATE: &'static [Field] = &[
        Field::new("username", Kind::Code).required(),
        Field::new("groups", Kind::Rows(&GROUPS)),
        Field::new("password", Kind::Password),
        Field::new("email", Kind::Email),
        Field::new("permissions", Kind::Permissions),
        Field::new("quota_size", Kind::Bytes),
        Field::new("max_sessions", Kind::Number("sessions")),
        Field::new("expiration_date", Kind::Moment),
        Field::new("home_dir", Kind::Code),
    ];

    fn cards() -> &'static [Card] {
        &CARDS
    }

    fn name(&self) -> &str {
        &self.username
    }

    fn line(&self, look: &Look) -> (String, Vec<Cell>) {
        let groups: Vec<&str> = self.groups.iter().map(|group| group.name.as_str()).collect();
        let cells = vec![
            cells::words(&self.email),
            cells::tag(&self.role),
            cells::tags(&groups),
            cells::quota(look, self.used_quota_size, self.quota_size),
            cells::time(look, self.last_login),
            cells::yes(look, self.filters.totp_config.enabled),
            cells::time(look, self.expiration_date),
            cells::time(look, self.created_at),
            cells::status(look, self.is_enabled(), self.expiration_date),
        ];
        let sub = if self.description.is_empty() { &self.email } else { &self.description };
        (sub.lines().next().unwrap_or_default().to_owned(), cells)
    }

    fn rights(session: &AdminSession) -> Rights {
        Rights { add: session.may(P::AddUsers), edit: session.may(P::EditUsers), delete: session.may(P::DelUsers) }
    }

    fn blank(_: &Core, start: &str) -> Value {
        let permissions: &[&str] = match start {
            "drop" => &["list", "upload"],
            "read" => &["list", "download"],
            "partner" => &["list", "download", "upload", "create_dirs"],
            _ => &["*"],
        };
        let mut user = json!({ "status": 1, "permissions": { "/": permissions } });
        if start == "partner" {
            user["quota_size"] = json!(10_000_000_000_i64);
            user["max_sessions"] = json!(4);
        }
        user
    }

    async fn panels(&self, core: &Core, session: &AdminSession, look: &Look) -> Vec<Panel> {
        vec![user_sign_in::panel(core, session, self, look).await]
    }

    async fn lists(core: &Core, session: &AdminSession) -> Lists {
        let mut lists = Lists::new();
        for name in ["groups", "folders", "roles"] {
            lists.push((name, names(core, session, name).await));
        }
        lists
    }

    fn shows(core: &Core, session: &AdminSession, card: &str) -> bool {
        let hidden = session.admin().filters.preferences.hide_user_page_sections;
        if card == STORAGE && core.settings().data_provider.users_base_dir.is_empty() {
            return true;
        }
        !HIDDEN.iter().any(|(bit, cards)| hidden & bit != 0 && cards.contains(&card))
    }

    async fn effective(&self, core: &Core, session: &AdminSession) -> Option<(Value, Vec<(String, Value)>)> {
        let mut of_user = Vec::new();
        for mapping in &self.groups {
            of_user.extend(groups::get(core, session, &mapping.name, false).await.ok());
        }
        let merged = EffectiveUser::merge(self, &of_user).ok()?;
        let settings = of_user.iter().map(|group| {
            let mut value = serde_json::to_value(&group.user_settings).unwrap_or_default();
            super::fields::put(&mut value, "virtual_folders", json!(group.virtual_folders));
            (group.name.clone(), value)
        });
        let settings = settings.collect();
        Some((serde_json::to_value(&merged.user).ok()?, settings))
    }

    fn actions(&self, session: &AdminSession, look: &Look) -> Vec<Action> {
        let at = |path: &str| format!("{}/{path}", one::<Self>(&self.username));
        let mut actions = Vec::new();
        if session.may(P::EditUsers) && self.is_enabled() {
            actions.push(Action { to: at("invite"), label: look.t.invite_action, icon: "link" });
        }
        if session.may(P::QuotaScans) {
            actions.push(Action { to: at("scan"), label: look.t.user_scan, icon: "refresh" });
        }
        if session.may(P::DisableMfa) && self.filters.totp_config.enabled {
            actions.push(Action { to: at("2fa"), label: look.t.user_disable_factor, icon: "lock" });
        }
        if session.may(P::CloseConns) {
            actions.push(Action { to: at("disconnect"), label: look.t.user_disconnect, icon: "stop" });
        }
        actions
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        users::list_with_quotas(core, session, options).await
    }

    async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
        users::count(core, session, options).await
    }

    async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Self> {
        users::get(core, session, name, false).await
    }

    async fn add(self, core: &Core, session: &AdminSession) -> Result<Self> {
        users::add(core, session, self).await
    }

    async fn check(self, core: &Core, session: &AdminSession, is_new: bool) -> Result<()> {
        users::check(core, session, self, is_new).await
    }

    async fn update(self, core: &Core, session: &AdminSession, name: &str, form: &Form) -> Result<()> {
        users::update(core, session, name, self, form.has("disconnect")).await.map(|_| ())
    }

    async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
        users::delete(core, session, name).await
    }

    async fn set_status(core: &Core, session: &AdminSession, name: &str, is_enabled: bool) -> Result<bool> {
        users::set_status(core, session, name, is_enabled).await
    }

    fn joins(session: &AdminSession) -> bool {
        session.may(P::EditUsers) && session.may(P::ViewGroups)
    }

    async fn set_group(core: &Core, session: &AdminSession, name: &str, group: &str, kind: Option<i64>) -> Result<bool> {
        match kind {
            Some(kind) => users::join_group(core, session, name, GroupMapping { name: group.to_owned(), kind }).await,
            None => users::leave_group(core, session, name, group).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACC-247
    #[test]
    fn every_hidden_section_is_a_card() {
        let hidden: Vec<&str> = HIDDEN.iter().flat_map(|(_, cards)| cards.iter().copied()).collect();
        let missing: Vec<&str> = hidden.iter().copied().filter(|name| !CARDS.iter().any(|card| card.id == *name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let shown: Vec<&str> = CARDS.iter().map(|card| card.id).filter(|card| !hidden.contains(card)).collect();
        assert_eq!(shown, ["sign_in"]);
    }
}
