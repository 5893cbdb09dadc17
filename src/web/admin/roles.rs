//! Roles.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, Sort, roles},
};
use entrepot_model::{Admin, AdminPermission as P, Role, User};

use super::{
    cells::{self, Cell},
    fields::{Card, Field, Kind},
    object::{Column, Filter, Names, Object, Panel, Rights},
};
use crate::frame::{Form, Look};

const BASICS: [Field; 1] = [Field::new("description", Kind::Area)];
const CARDS: [Card; 1] = [Card { id: "basics", icon: "people", fields: &BASICS }];

impl Object for Role {
    const ONE: &'static str = "role";
    const MANY: &'static str = "roles";
    const PLACE: &'static str = "people";
    const COLUMNS: &'static [Column] = &[
        Column::new("users").by_most(Sort::Users),
        Column::new("admins").by_most(Sort::Admins),
        Column::new("created").by_most(Sort::Created).extra(),
    ];
    const FILTERS: &'static [Filter] = &[Filter::InUse];
    const CREATE: &'static [Field] = &[Field::new("name", Kind::Code).required(), Field::new("description", Kind::Area)];

    fn cards() -> &'static [Card] {
        &CARDS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn line(&self, look: &Look) -> (String, Vec<Cell>) {
        let cells = vec![cells::count(self.users.len()), cells::count(self.admins.len()), cells::time(look, self.created_at)];
        (self.description.lines().next().unwrap_or_default().to_owned(), cells)
    }

    async fn panels(&self, _: &Core, _: &AdminSession, look: &Look) -> Vec<Panel> {
        let t = look.t;
        let own = Some(("role", self.name.as_str()));
        let names =
            vec![Names::of::<User>(t.column_users, &self.users, own), Names::of::<Admin>(t.column_admins, &self.admins, own)];
        vec![Panel { icon: "people", title: t.members_title, names, ..Panel::default() }]
    }

    fn rights(session: &AdminSession) -> Rights {
        Rights::all(session.may(P::Any))
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        roles::list(core, session, options).await
    }

    async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
        roles::count(core, session, options).await
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
