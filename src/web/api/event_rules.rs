//! Event rules: `/eventrules`, `/eventrules/{name}` and `/eventrules/run/{name}` (EVT-001, API-114).

use actix_web::{
    http::StatusCode,
    web::{self, ServiceConfig, post},
};
use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, event_rules},
};
use entrepot_model::{EventRule, api::ApiResponse};

use super::{
    access::AdminToken,
    at,
    collection::{self, Confidential, Managed},
    query::Parameters,
};
use crate::{
    Site,
    error::{ApiError, ApiResult, json},
};

impl Managed for EventRule {
    const COLLECTION: &'static str = "eventrules";
    const NOUN: &'static str = "Event rule";
    const CONFIDENTIAL: Confidential = Confidential::ReadAndAdd;

    fn name(&self) -> &str {
        &self.name
    }

    async fn list(core: &Core, admin: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        event_rules::list(core, admin, options).await
    }

    async fn get(core: &Core, admin: &AdminSession, name: &str, confidential: bool) -> Result<Self> {
        event_rules::get(core, admin, name, confidential).await
    }

    async fn add(self, core: &Core, admin: &AdminSession) -> Result<Self> {
        event_rules::add(core, admin, self).await
    }

    async fn update(
        self,
        core: &Core,
        admin: &AdminSession,
        name: &str,
        _query: &Parameters,
    ) -> std::result::Result<(), ApiError> {
        event_rules::update(core, admin, name, self).await?;
        Ok(())
    }

    async fn delete(core: &Core, admin: &AdminSession, name: &str) -> Result<()> {
        event_rules::delete(core, admin, name).await
    }
}

/// The collection, and starting one of them.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(at("/eventrules/run/{name}").route(post().to(run))).configure(collection::routes::<EventRule>);
}

/// API-114.
async fn run(site: web::Data<Site>, AdminToken(admin): AdminToken, name: web::Path<String>) -> ApiResult {
    event_rules::run(site.core(), &admin, &name).await?;
    Ok(json(StatusCode::ACCEPTED, &ApiResponse { message: "Event rule started".to_owned(), error: String::new() }))
}
