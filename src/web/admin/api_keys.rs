//! API keys. They are known by their id; the secret is shown when one is made, and never again (UI-069).

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, api_keys},
};
use entrepot_model::{AdminPermission as P, ApiKey};
use serde_json::{Value, json};

use super::{
    cells,
    fields::{Card, Field, Kind},
    object::{Object, Rights},
};
use crate::frame::{Form, Look, look::Html};

const SCOPES: [(i64, &str); 2] = [(1, "scope_admin"), (2, "scope_user")];
const FIELDS: [Field; 6] = [
    Field::new("name", Kind::Text).named("key_name").required(),
    Field::new("scope", Kind::Numbers(&SCOPES)),
    Field::new("admin", Kind::Code).named("key_admin"),
    Field::new("user", Kind::Code).named("key_user"),
    Field::new("expires_at", Kind::Moment),
    Field::new("description", Kind::Area),
];
const CARDS: [Card; 1] = [Card { id: "key", icon: "key", fields: &FIELDS }];

impl Object for ApiKey {
    const ONE: &'static str = "apikey";
    const MANY: &'static str = "apikeys";
    const PLACE: &'static str = "people";
    const COLUMNS: &'static [&'static str] = &["scope", "account", "expires", "last_use"];
    const CREATE: &'static [Field] = &FIELDS;

    fn cards() -> &'static [Card] {
        &CARDS
    }

    /// Two keys may have the same name; the id tells them apart.
    #[allow(clippy::misnamed_getters)]
    fn name(&self) -> &str {
        &self.id
    }

    fn line(&self, look: &Look) -> (String, Vec<Html>) {
        let scope = if self.scope == 1 { look.t.option_scope_admin } else { look.t.option_scope_user };
        let cells = vec![
            cells::text(scope),
            cells::code(self.account().unwrap_or_default()),
            look.time(self.expires_at),
            look.time(self.last_use_at),
        ];
        (self.name.clone(), cells)
    }

    fn rights(session: &AdminSession) -> Rights {
        Rights::all(session.may(P::Any))
    }

    fn blank(_: &Core) -> Value {
        json!({ "scope": 1 })
    }

    fn shown_once(&self) -> Option<String> {
        self.key.clone()
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        api_keys::list(core, session, options).await
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
