//! Groups.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, Sort, groups},
};
use entrepot_model::{Admin, AdminPermission as P, Group, User};

use super::{
    account::{MOUNTS, of_group},
    cells::{self, Cell},
    fields::{Card, Field, Kind, Lists},
    object::{Column, Filter, Names, Object, Panel, Rights, may_name, names},
};
use crate::frame::{Form, Look};

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
    const COLUMNS: &'static [Column] = &[
        Column::new("users").by_most(Sort::Users),
        Column::new("admins").by_most(Sort::Admins),
        Column::new("folders").by_most(Sort::Folders),
        Column::new("created").by_most(Sort::Created).extra(),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Folder, Filter::InUse];
    const CREATE: &'static [Field] = &[Field::new("name", Kind::Code).required(), Field::new("description", Kind::Area)];

    fn cards() -> &'static [Card] {
        &CARDS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn line(&self, look: &Look) -> (String, Vec<Cell>) {
        let cells = vec![
            cells::count(self.users.len()),
            cells::count(self.admins.len()),
            cells::count(self.virtual_folders.len()),
            cells::time(look, self.created_at),
        ];
        (self.description.lines().next().unwrap_or_default().to_owned(), cells)
    }

    async fn panels(&self, _: &Core, session: &AdminSession, look: &Look) -> Vec<Panel> {
        let t = look.t;
        let own = Some(("group", self.name.as_str()));
        let mut names = Vec::new();
        if may_name(session) {
            names.push(Names::of::<User>(t.column_users, &self.users, own.filter(|_| session.may(P::ViewUsers))));
            if !self.admins.is_empty() {
                names.push(Names::of::<Admin>(t.column_admins, &self.admins, own.filter(|_| session.may(P::Any))));
            }
        }
        vec![Panel { icon: "people", title: t.members_title, names, ..Panel::default() }]
    }

    fn rights(session: &AdminSession) -> Rights {
        let manage = session.may(P::ManageGroups);
        Rights { add: manage, edit: manage, delete: session.may(P::DelGroups) }
    }

    async fn lists(core: &Core, session: &AdminSession) -> Lists {
        vec![("folders", names(core, session, "folders").await)]
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        groups::list(core, session, options).await
    }

    async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
        groups::count(core, session, options).await
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
