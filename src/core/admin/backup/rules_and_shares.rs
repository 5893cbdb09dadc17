//! Event actions, event rules and shares in backups.

use entrepot_model::{BaseEventAction, EventRule, Share};

use super::{
    Outcome, Scope,
    catalogues::after,
    object::{Load, Restorable},
};
use crate::{
    Core, Result,
    admin::{event_actions, event_rules, invalid, rules, shares, stored},
};

impl Restorable for BaseEventAction {
    const SCOPE: Scope = Scope::Actions;

    fn name(&self) -> String {
        self.name.clone()
    }

    async fn complete(core: &Core, name: Option<String>, limit: u64) -> Result<Vec<Self>> {
        core.0.store.event_actions().list(after(name, limit)).await.map_err(stored)
    }

    async fn restore(self, load: &Load) -> Result<Outcome> {
        let core = load.core();
        let mut checked = self.clone();
        let name = rules(core, true).names.apply(&self.name);
        let existed = core.0.store.event_actions().get(&name).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        event_actions::prepare_restored(core, &mut checked)?;
        if load.plan(Self::SCOPE, &name, &[]).await? {
            event_actions::restore(core, load.session(), self, false).await?;
        }
        Ok(Outcome::of(existed))
    }
}

impl Restorable for EventRule {
    const SCOPE: Scope = Scope::Rules;

    fn name(&self) -> String {
        self.name.clone()
    }

    async fn complete(core: &Core, name: Option<String>, limit: u64) -> Result<Vec<Self>> {
        core.0.store.event_rules().list(after(name, limit)).await.map_err(stored)
    }

    async fn restore(self, load: &Load) -> Result<Outcome> {
        let core = load.core();
        let mut checked = self.clone();
        let name = rules(core, true).names.apply(&self.name);
        let existed = core.0.store.event_rules().get(&name).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        checked.validate(&rules(core, true)).map_err(invalid)?;
        let actions: Vec<_> = checked.actions.iter().map(|action| (Scope::Actions, action.action.name.clone())).collect();
        if load.plan(Self::SCOPE, &name, &actions).await? {
            event_rules::restore(core, load.session(), self, false).await?;
        }
        Ok(Outcome::of(existed))
    }
}

impl Restorable for Share {
    const SCOPE: Scope = Scope::Shares;

    fn name(&self) -> String {
        self.id.clone()
    }

    async fn complete(core: &Core, id: Option<String>, limit: u64) -> Result<Vec<Self>> {
        core.0.store.shares().list(after(id, limit)).await.map_err(stored)
    }

    async fn restore(self, load: &Load) -> Result<Outcome> {
        let core = load.core();
        let mut checked = self.clone();
        let existed = core.0.store.shares().get(&self.id).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        checked.validate(&rules(core, true), None).map_err(invalid)?;
        let groups = checked.groups.iter().map(|group| (Scope::Groups, group.group_name.clone()));
        let references: Vec<_> = groups.chain([(Scope::Users, checked.username.clone())]).collect();
        if load.plan(Self::SCOPE, &checked.id, &references).await? {
            shares::restore(core, load.session(), self, false).await?;
        }
        Ok(Outcome::of(existed))
    }
}
