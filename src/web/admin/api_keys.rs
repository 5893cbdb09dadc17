//! API keys. They are known by their id; the secret is shown when one is made, and never again (UI-069).

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, Sort, api_keys},
};
use entrepot_model::{AdminPermission as P, ApiKey};
use serde_json::{Value, json};

use super::{
    cells::{self, Cell},
    fields::{Card, Field, Kind},
    object::{Column, Filter, Object, Rights},
};
use crate::frame::{Form, Look};

const SCOPES: [(i64, &str); 2] = [(1, "scope_admin"), (2, "scope_user")];
const FIELDS: [Field; 6] = [
    Field::new("name", Kind::Text).named("key_name").required(),
    Field::new("scope", Kind::Variants(&SCOPES)),
    Field::new("admin", Kind::Code).named("key_admin").of_variant(1),
    Field::new("user", Kind::Code).named("key_user").of_variant(2),
    Field::new("expires_at", Kind::Moment),
    Field::new("description", Kind::Area),
];
const CARDS: [Card; 1] = [Card { id: "key", icon: "key", fields: &FIELDS }];

impl Object for ApiKey {
    const ONE: &'static str = "apikey";
    const MANY: &'static str = "apikeys";
    const PLACE: &'static str = "people";
    const COLUMNS: &'static [Column] = &[
        Column::new("scope").by(Sort::Kind),
        Column::new("account").by(Sort::Users),
        Column::new("expires").by(Sort::Expires),
        Column::new("last_use").by_most(Sort::LastUse),
    ];
    const FILTERS: &'static [Filter] = &[Filter::Kind(&SCOPES)];
    const CREATE: &'static [Field] = &FIELDS;

    fn cards() -> &'static [Card] {
        &CARDS
    }

    /// Two keys may have the same name; the id tells them apart.
    #[allow(clippy::misnamed_getters)]
    fn name(&self) -> &str {
        &self.id
    }

    fn line(&self, look: &Look) -> (String, Vec<Cell>) {
        let scope = if self.scope == 1 { look.t.option_scope_admin } else { look.t.option_scope_user };
        let cells = vec![
            cells::named(scope, self.scope),
            cells::code(self.account().unwrap_or_default()),
            cells::time(look, self.expires_at),
            cells::time(look, self.last_use_at),
        ];
        (self.name.clone(), cells)
    }

    fn rights(session: &AdminSession) -> Rights {
        Rights::all(session.may(P::Any))
    }

    fn blank(_: &Core, _: &str) -> Value {
        json!({ "scope": 1 })
    }

    fn shown_once(&self) -> Option<String> {
        self.key.clone()
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        api_keys::list(core, session, options).await
    }

    async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
        api_keys::count(core, session, options).await
    }

    async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Self> {
        api_keys::get(core, session, name).await
    }

    async fn add(self, core: &Core, session: &AdminSession) -> Result<Self> {
        let new = api_keys::add(core, session, self).await?;
        Ok(Self { key: Some(new.shown), ..new.key })
    }

    async fn update(self, core: &Core, session: &AdminSession, name: &str, _: &Form) -> Result<()> {
        api_keys::update(core, session, name, self).await.map(|_| ())
    }

    async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
        api_keys::delete(core, session, name).await
    }
}
