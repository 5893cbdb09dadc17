//! Folders.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, Sort, folders},
};
use entrepot_model::{AdminPermission as P, BaseVirtualFolder, Group, User};

use super::{
    account::of_folder,
    cells::{self, Cell},
    fields::{Card, Field, Kind},
    object::{Action, Column, Filter, Names, Object, Panel, Rights, may_name, one},
};
use crate::frame::{Form, Look};

const BASICS: [Field; 1] = [Field::new("description", Kind::Area)];
const CARDS: [Card; 2] =
    [Card { id: "basics", icon: "folder", fields: &BASICS }, Card { id: "storage", icon: "disk", fields: of_folder::STORAGE }];

impl Object for BaseVirtualFolder {
    const ONE: &'static str = "folder";
    const MANY: &'static str = "folders";
    const PLACE: &'static str = "folders";
    const COLUMNS: &'static [Column] = &[
        Column::new("path").extra(),
        Column::new("storage").by_most(Sort::Used),
        Column::new("users").by_most(Sort::Users),
        Column::new("groups").by_most(Sort::Groups),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Group, Filter::InUse];
    const CREATE: &'static [Field] = &[
        Field::new("name", Kind::Code).required(),
        Field::new("mapped_path", Kind::Code),
        Field::new("description", Kind::Area),
    ];

    fn cards() -> &'static [Card] {
        &CARDS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn line(&self, look: &Look) -> (String, Vec<Cell>) {
        let sub = if self.description.is_empty() { &self.mapped_path } else { &self.description };
        let cells = vec![
            cells::code(&self.mapped_path),
            cells::quota(look, self.used_quota_size, 0),
            cells::count(self.users.len()),
            cells::count(self.groups.len()),
        ];
        (sub.lines().next().unwrap_or_default().to_owned(), cells)
    }

    async fn panels(&self, _: &Core, session: &AdminSession, look: &Look) -> Vec<Panel> {
        let t = look.t;
        let own = Some(("folder", self.name.as_str()));
        let mut names = Vec::new();
        if may_name(session) {
            names.push(Names::of::<User>(t.column_users, &self.users, own.filter(|_| session.may(P::ViewUsers))));
            names.push(Names::of::<Group>(t.column_groups, &self.groups, own.filter(|_| session.may(P::ViewGroups))));
        }
        vec![Panel { icon: "people", title: t.members_mounted, names, ..Panel::default() }]
    }

    fn rights(session: &AdminSession) -> Rights {
        let manage = session.may(P::ManageFolders);
        Rights { add: manage, edit: manage, delete: session.may(P::DelFolders) }
    }

    fn actions(&self, session: &AdminSession, look: &Look) -> Vec<Action> {
        let scan = Action { to: format!("{}/scan", one::<Self>(&self.name)), label: look.t.user_scan, icon: "refresh" };
        if session.may(P::QuotaScans) { vec![scan] } else { Vec::new() }
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        folders::list(core, session, options).await
    }

    async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
        folders::count(core, session, options).await
    }

    async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Self> {
        folders::get(core, session, name, false).await
    }

    async fn add(self, core: &Core, session: &AdminSession) -> Result<Self> {
        folders::add(core, session, self).await
    }

    async fn update(self, core: &Core, session: &AdminSession, name: &str, _: &Form) -> Result<()> {
        folders::update(core, session, name, self).await.map(|_| ())
    }

    async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
        folders::delete(core, session, name).await
    }
}
