//! Roles.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, roles},
};
use entrepot_model::{AdminPermission as P, Role};

use super::{
    cells,
    fields::{Card, Field, Kind},
    object::{Object, Rights},
};
use crate::frame::{Form, Look, look::Html};

const BASICS: [Field; 1] = [Field::new("description", Kind::Area)];
const CARDS: [Card; 1] = [Card { id: "basics", icon: "people", fields: &BASICS }];

impl Object for Role {
    const ONE: &'static str = "role";
    const MANY: &'static str = "roles";
    const PLACE: &'static str = "people";
    const COLUMNS: &'static [&'static str] = &["users", "admins"];
    const CREATE: &'static [Field] = &[Field::new("name", Kind::Code).required(), Field::new("description", Kind::Area)];

    fn cards() -> &'static [Card] {
        &CARDS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn line(&self, _: &Look) -> (String, Vec<Html>) {
        let cells = vec![cells::count(self.users.len()), cells::count(self.admins.len())];
        (self.description.lines().next().unwrap_or_default().to_owned(), cells)
    }

    fn rights(session: &AdminSession) -> Rights {
        Rights::all(session.may(P::Any))
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        roles::list(core, session, options).await
    }

    async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Self> {
        roles::get(core, session, name).await
    }

    async fn add(self, core: &Core, session: &AdminSession) -> Result<Self> {
        roles::add(core, session, self).await
    }

    async fn update(self, core: &Core, session: &AdminSession, name: &str, _: &Form) -> Result<()> {
        roles::update(core, session, name, self).await.map(|_| ())
    }

    async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
        roles::delete(core, session, name).await
    }
}
