//! Groups: `/groups` and `/groups/{name}` (ACC-194…ACC-223).

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, groups},
};
use entrepot_model::Group;

use super::{
    collection::{Confidential, Managed},
    query::Parameters,
};
use crate::error::ApiError;

impl Managed for Group {
    const COLLECTION: &'static str = "groups";
    const NOUN: &'static str = "Group";
    const CONFIDENTIAL: Confidential = Confidential::ReadAndAdd;

    fn name(&self) -> &str {
        &self.name
    }

    async fn list(core: &Core, admin: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        groups::list(core, admin, options).await
    }

    async fn get(core: &Core, admin: &AdminSession, name: &str, confidential: bool) -> Result<Self> {
        groups::get(core, admin, name, confidential).await
    }

    async fn add(self, core: &Core, admin: &AdminSession) -> Result<Self> {
        groups::add(core, admin, self).await
    }

    async fn update(
        self,
        core: &Core,
        admin: &AdminSession,
        name: &str,
        _query: &Parameters,
    ) -> std::result::Result<(), ApiError> {
        groups::update(core, admin, name, self).await?;
        Ok(())
    }

    async fn delete(core: &Core, admin: &AdminSession, name: &str) -> Result<()> {
        groups::delete(core, admin, name).await
    }
}
