//! Virtual folders: `/folders` and `/folders/{name}` (ACC-173…ACC-193, ACC-234).

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, folders},
};
use entrepot_model::BaseVirtualFolder;

use super::{
    collection::{Confidential, Managed},
    query::Parameters,
};
use crate::error::ApiError;

impl Managed for BaseVirtualFolder {
    const COLLECTION: &'static str = "folders";
    const NOUN: &'static str = "Folder";
    const CONFIDENTIAL: Confidential = Confidential::ReadAndAdd;

    fn name(&self) -> &str {
        &self.name
    }

    async fn list(core: &Core, admin: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        folders::list(core, admin, options).await
    }

    async fn get(core: &Core, admin: &AdminSession, name: &str, confidential: bool) -> Result<Self> {
        folders::get(core, admin, name, confidential).await
    }

    async fn add(self, core: &Core, admin: &AdminSession) -> Result<Self> {
        folders::add(core, admin, self).await
    }

    async fn update(
        self,
        core: &Core,
        admin: &AdminSession,
        name: &str,
        _query: &Parameters,
    ) -> std::result::Result<(), ApiError> {
        folders::update(core, admin, name, self).await?;
        Ok(())
    }

    async fn delete(core: &Core, admin: &AdminSession, name: &str) -> Result<()> {
        folders::delete(core, admin, name).await
    }
}
