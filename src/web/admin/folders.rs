//! Folders.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, folders},
};
use entrepot_model::{AdminPermission as P, BaseVirtualFolder};

use super::{
    account::of_folder,
    cells,
    fields::{Card, Field, Kind},
    object::{Action, Object, Rights, one},
};
use crate::frame::{Form, Look, look::Html};

const BASICS: [Field; 1] = [Field::new("description", Kind::Area)];
const CARDS: [Card; 2] =
    [Card { id: "basics", icon: "folder", fields: &BASICS }, Card { id: "storage", icon: "disk", fields: of_folder::STORAGE }];

impl Object for BaseVirtualFolder {
    const ONE: &'static str = "folder";
    const MANY: &'static str = "folders";
    const PLACE: &'static str = "folders";
    const COLUMNS: &'static [&'static str] = &["storage", "users", "groups"];
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

    fn line(&self, look: &Look) -> (String, Vec<Html>) {
        let sub = if self.description.is_empty() { &self.mapped_path } else { &self.description };
        let cells =
            vec![cells::quota(look, self.used_quota_size, 0), cells::count(self.users.len()), cells::count(self.groups.len())];
        (sub.lines().next().unwrap_or_default().to_owned(), cells)
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
