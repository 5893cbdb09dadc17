//! Event actions: `/eventactions` and `/eventactions/{name}` (EVT-001…EVT-009).

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, event_actions},
};
use entrepot_model::BaseEventAction;

use super::{
    collection::{Confidential, Managed},
    query::Parameters,
};
use crate::error::ApiError;

impl Managed for BaseEventAction {
    const COLLECTION: &'static str = "eventactions";
    const NOUN: &'static str = "Event action";
    const CONFIDENTIAL: Confidential = Confidential::ReadAndAdd;

    fn name(&self) -> &str {
        &self.name
    }

    async fn list(core: &Core, admin: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        event_actions::list(core, admin, options).await
    }

    async fn get(core: &Core, admin: &AdminSession, name: &str, confidential: bool) -> Result<Self> {
        event_actions::get(core, admin, name, confidential).await
    }

    async fn add(self, core: &Core, admin: &AdminSession) -> Result<Self> {
        event_actions::add(core, admin, self).await
    }

    async fn update(
        self,
        core: &Core,
        admin: &AdminSession,
        name: &str,
        _query: &Parameters,
    ) -> std::result::Result<(), ApiError> {
        event_actions::update(core, admin, name, self).await?;
        Ok(())
    }

    async fn delete(core: &Core, admin: &AdminSession, name: &str) -> Result<()> {
        event_actions::delete(core, admin, name).await
    }
}
