//! API keys in backups: with the hash of the secret, never with the secret (API-096).

use entrepot_model::ApiKey;

use super::{
    Outcome, Scope,
    catalogues::after,
    object::{Load, Restorable},
};
use crate::{
    Core, Result,
    admin::{api_keys, stored},
};

impl Restorable for ApiKey {
    const SCOPE: Scope = Scope::ApiKeys;

    fn name(&self) -> String {
        self.id.clone()
    }

    async fn complete(core: &Core, name: Option<String>, limit: u64) -> Result<Vec<Self>> {
        core.0.store.api_keys().list(after(name, limit)).await.map_err(stored)
    }

    async fn restore(mut self, load: &Load) -> Result<Outcome> {
        let core = load.core();
        let existed = core.0.store.api_keys().get(&self.id).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        if load.is_dry_run() {
            api_keys::prepare_restored(core, &mut self).await?;
        }
        let accounts = [(Scope::Admins, &self.admin), (Scope::Users, &self.user)];
        let references: Vec<_> =
            accounts.into_iter().filter(|(_, name)| !name.is_empty()).map(|(scope, name)| (scope, name.clone())).collect();
        if load.plan(Self::SCOPE, &self.id, &references).await? {
            api_keys::restore(core, load.session(), self, true).await?;
        }
        Ok(Outcome::of(existed))
    }
}
