//! Entries of the IP lists in backups. One is named by the number of its list and its network.

use entrepot_model::{IpListEntry, IpListType};
use entrepot_store::{IpListPage, Order};

use super::{
    Outcome, Scope,
    catalogues::action,
    object::{Load, Restorable},
};
use crate::{
    Core, Error, Result,
    admin::{invalid, ip_lists, stored},
};

impl Restorable for IpListEntry {
    const SCOPE: Scope = Scope::IpLists;

    fn name(&self) -> String {
        format!("{} {}", self.list, self.ipornet)
    }

    async fn complete(core: &Core, name: Option<String>, limit: u64) -> Result<Vec<Self>> {
        let (first, mut from) = place(name.as_deref());
        let mut entries: Vec<Self> = Vec::new();
        for list in IpListType::ALL.into_iter().filter(|list| *list >= first) {
            let missing = limit.saturating_sub(entries.len() as u64);
            if missing == 0 {
                break;
            }
            let page = IpListPage { filter: String::new(), from, limit: missing, order: Order::Ascending };
            entries.extend(core.0.store.ip_lists().page(list, page).await.map_err(stored)?);
            from = String::new();
        }
        Ok(entries)
    }

    async fn restore(mut self, load: &Load) -> Result<Outcome> {
        let core = load.core();
        self.validate().map_err(invalid)?;
        let list = self.list_type().ok_or_else(|| Error::invalid("type", "unknown IP list"))?;
        let existed = core.0.store.ip_lists().get(list, &self.ipornet).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        let name = self.name();
        if load.plan(Self::SCOPE, &name, &[]).await? {
            ip_lists::put(core, load.session(), action(existed), self).await?;
        }
        Ok(Outcome::of(existed))
    }
}

/// List and network of a name; where a backup begins without one.
fn place(name: Option<&str>) -> (IpListType, String) {
    let parts = name.and_then(|name| name.split_once(' '));
    let list = parts.and_then(|(list, _)| list.parse().ok()).and_then(IpListType::from_code);
    (list.unwrap_or(IpListType::Allow), parts.map(|(_, network)| network.to_owned()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-089
    #[test]
    fn names_lead_back_to_their_place() {
        let entry = IpListEntry { list: 3, ipornet: "10.0.0.0/8".into(), ..IpListEntry::default() };
        assert_eq!(place(Some(&entry.name())), (IpListType::RateLimiterSafe, "10.0.0.0/8".to_owned()));
        assert_eq!(place(None), (IpListType::Allow, String::new()));
    }
}
