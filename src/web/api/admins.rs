//! Administrators: `/admins` and `/admins/{username}` (ACC-233…ACC-252).

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, admins},
};
use entrepot_model::Admin;

use super::{
    collection::{Confidential, Managed},
    query::Parameters,
};
use crate::error::ApiError;

impl Managed for Admin {
    const COLLECTION: &'static str = "admins";
    const NOUN: &'static str = "Admin";
    const CONFIDENTIAL: Confidential = Confidential::Read;

    fn name(&self) -> &str {
        &self.username
    }

    async fn list(core: &Core, admin: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        admins::list(core, admin, options).await
    }

    async fn get(core: &Core, admin: &AdminSession, name: &str, confidential: bool) -> Result<Self> {
        admins::get(core, admin, name, confidential).await
    }

    async fn add(self, core: &Core, admin: &AdminSession) -> Result<Self> {
        admins::add(core, admin, self).await
    }

    async fn update(
        self,
        core: &Core,
        admin: &AdminSession,
        name: &str,
        _query: &Parameters,
    ) -> std::result::Result<(), ApiError> {
        admins::update(core, admin, name, self).await?;
        Ok(())
    }

    async fn delete(core: &Core, admin: &AdminSession, name: &str) -> Result<()> {
        admins::delete(core, admin, name).await
    }
}
