//! Users: `/users` and `/users/{username}` (ACC-056…ACC-068).

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, users},
};
use entrepot_model::User;

use super::{
    collection::{Confidential, Managed},
    query::Parameters,
};
use crate::error::ApiError;

impl Managed for User {
    const COLLECTION: &'static str = "users";
    const NOUN: &'static str = "User";
    const CONFIDENTIAL: Confidential = Confidential::ReadAndAdd;

    fn name(&self) -> &str {
        &self.username
    }

    async fn list(core: &Core, admin: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        users::list(core, admin, options).await
    }

    async fn get(core: &Core, admin: &AdminSession, name: &str, confidential: bool) -> Result<Self> {
        users::get(core, admin, name, confidential).await
    }

    async fn add(self, core: &Core, admin: &AdminSession) -> Result<Self> {
        users::add(core, admin, self).await
    }

    async fn update(
        self,
        core: &Core,
        admin: &AdminSession,
        name: &str,
        query: &Parameters,
    ) -> std::result::Result<(), ApiError> {
        // A wrong value must change nothing (ACC-066).
        let disconnect = query.is_on("disconnect")?;
        users::update(core, admin, name, self, disconnect).await?;
        Ok(())
    }

    async fn delete(core: &Core, admin: &AdminSession, name: &str) -> Result<()> {
        users::delete(core, admin, name).await
    }
}
