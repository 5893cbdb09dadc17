//! Roles: `/roles` and `/roles/{name}` (ACC-224…ACC-232).

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, roles},
};
use entrepot_model::Role;

use super::{
    collection::{Confidential, Managed},
    query::Parameters,
};
use crate::error::ApiError;

impl Managed for Role {
    const COLLECTION: &'static str = "roles";
    const NOUN: &'static str = "Role";
    const CONFIDENTIAL: Confidential = Confidential::Never;

    fn name(&self) -> &str {
        &self.name
    }

    async fn list(core: &Core, admin: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        roles::list(core, admin, options).await
    }

    async fn get(core: &Core, admin: &AdminSession, name: &str, _confidential: bool) -> Result<Self> {
        roles::get(core, admin, name).await
    }

    async fn add(self, core: &Core, admin: &AdminSession) -> Result<Self> {
        roles::add(core, admin, self).await
    }

    async fn update(
        self,
        core: &Core,
        admin: &AdminSession,
        name: &str,
        _query: &Parameters,
    ) -> std::result::Result<(), ApiError> {
        roles::update(core, admin, name, self).await?;
        Ok(())
    }

    async fn delete(core: &Core, admin: &AdminSession, name: &str) -> Result<()> {
        roles::delete(core, admin, name).await
    }
}
