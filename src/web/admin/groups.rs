//! Groups.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, folders, groups},
};
use entrepot_model::{AdminPermission as P, Group};

use super::{
    account::{MOUNTS, of_group},
    cells,
    fields::{Card, Field, Kind, Lists},
    object::{Object, Rights},
};
use crate::frame::{Form, Look, look::Html};

const BASICS: [Field; 2] = [Field::new("description", Kind::Area), Field::new("user_settings.expires_in", Kind::Number("days"))];
const FILES: [Field; 2] =
    [Field::new("user_settings.permissions", Kind::Permissions), Field::new("virtual_folders", Kind::Rows(&MOUNTS))];
const SHARES: [Field; 2] = [
    Field::new("user_settings.filters.share_policy.mode", Kind::Numbers(&[(0, "none"), (1, "suggested"), (2, "enforced")]))
        .named("share_mode"),
    Field::new("user_settings.filters.share_policy.permissions", Kind::Bits(&[(1, "read"), (2, "edit"), (4, "delete")]))
        .named("share_permissions"),
];

const CARDS: [Card; 10] = [
    Card { id: "basics", icon: "people", fields: &BASICS },
    Card { id: "files", icon: "folder", fields: &FILES },
    Card { id: "limits", icon: "disk", fields: &of_group::LIMITS },
    Card { id: "access", icon: "security", fields: &of_group::ACCESS },
    Card { id: "protocols", icon: "plug", fields: &of_group::PROTOCOL },
    Card { id: "web", icon: "globe", fields: &of_group::WEB },
    Card { id: "shares", icon: "share", fields: &SHARES },
    Card { id: "passwords", icon: "lock", fields: &of_group::PASSWORDS },
    Card { id: "storage", icon: "disk", fields: of_group::STORAGE },
    Card { id: "rare", icon: "wrench", fields: &of_group::RARE },
];

impl Object for Group {
    const ONE: &'static str = "group";
    const MANY: &'static str = "groups";
    const PLACE: &'static str = "people";
    const COLUMNS: &'static [&'static str] = &["users", "admins", "folders"];
    const CREATE: &'static [Field] = &[Field::new("name", Kind::Code).required(), Field::new("description", Kind::Area)];

    fn cards() -> &'static [Card] {
        &CARDS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn line(&self, _: &Look) -> (String, Vec<Html>) {
        let cells =
            vec![cells::count(self.users.len()), cells::count(self.admins.len()), cells::count(self.virtual_folders.len())];
        (self.description.lines().next().unwrap_or_default().to_owned(), cells)
    }

    fn rights(session: &AdminSession) -> Rights {
        let manage = session.may(P::ManageGroups);
        Rights { add: manage, edit: manage, delete: session.may(P::DelGroups) }
    }

    async fn lists(core: &Core, session: &AdminSession) -> Lists {
        let options = ListOptions { limit: 500, ..ListOptions::default() };
        let folders = folders::list(core, session, options).await.unwrap_or_default();
        vec![("folders", folders.into_iter().map(|folder| folder.name).collect())]
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        groups::list(core, session, options).await
    }

    async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Self> {
        groups::get(core, session, name, false).await
    }

    async fn add(self, core: &Core, session: &AdminSession) -> Result<Self> {
        groups::add(core, session, self).await
    }

    async fn update(self, core: &Core, session: &AdminSession, name: &str, _: &Form) -> Result<()> {
        groups::update(core, session, name, self).await.map(|_| ())
    }

    async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
        groups::delete(core, session, name).await
    }
}
