//! Who else has a say about a share: groups that its owner bound it to, and groups that bind it themselves (API-172…API-174,
//! API-221…API-224).

use entrepot_model::{
    EffectiveUser, Share,
    share::{ShareGroupBinding, share_permission},
};

use super::{require, stored};
use crate::{Core, Error, Result, UserCaller};

/// `mode` of a policy that binds whatever the owner says.
const ENFORCED: i64 = 2;
/// Takes the say about groups from the owner (ACC-318).
const FIXED: &str = "shares-policy-change-disabled";

/// What a user may do with a share: everything with its own, else what the groups of the user are given.
pub(super) fn permissions(share: &Share, user: &EffectiveUser) -> i64 {
    if share.username == user.user.username {
        return share_permission::ALL;
    }
    let is_member = |group: &ShareGroupBinding| user.user.groups.iter().any(|own| own.name == group.group_name);
    share.groups.iter().filter(|group| is_member(group)).fold(0, |mask, group| mask | group.permissions)
}

/// Which say the owner has in this save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// The groups of the share are what the owner wants.
    Named,
    /// The owner said nothing about groups, of a new share: suggestions apply (API-223).
    Suggested,
    /// The owner said nothing about groups, of a share that exists: it has none then (API-240).
    None,
}

/// Puts in place of the wished groups those that hold. `share.groups` was validated.
///
/// # Errors
/// `Invalid` for a group that the owner is no member of.
pub(super) async fn settle(core: &Core, owner: &EffectiveUser, share: &mut Share, wish: Wish) -> Result<()> {
    let policies = core.0.store.shares().policies(&owner.user.username).await.map_err(stored)?;
    let is_fixed = owner.user.filters.base.has_web_client_option(FIXED);
    let bindings = policies.iter().map(|(name, policy)| {
        (policy.mode == ENFORCED, ShareGroupBinding { group_name: name.clone(), permissions: policy.permissions })
    });
    let (enforced, suggested): (Vec<_>, Vec<_>) = bindings.partition(|(is_enforced, _)| *is_enforced);
    match wish {
        _ if is_fixed => share.groups.clear(),
        Wish::Named => check_membership(owner, &share.groups)?,
        Wish::Suggested => share.groups = suggested.into_iter().map(|(_, binding)| binding).collect(),
        Wish::None => share.groups.clear(),
    }
    for (_, binding) in enforced {
        match share.groups.iter_mut().find(|group| group.group_name == binding.group_name) {
            Some(group) => group.permissions = binding.permissions,
            None => share.groups.push(binding),
        }
    }
    Ok(())
}

/// A group of the caller, as a form of a share offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChoice {
    /// Name of the group.
    pub name: String,
    /// What its policy gives members: bits of [`share_permission`]; 0 where it says nothing.
    pub permissions: i64,
    /// The policy holds whatever the owner says.
    pub is_enforced: bool,
}

/// The groups that the caller may bind a share of its own to, in the order of its memberships. None where the account has no
/// say about it (ACC-318).
///
/// # Errors
/// `Denied` when the account may not share.
pub async fn group_choices(core: &Core, caller: &UserCaller) -> Result<Vec<GroupChoice>> {
    require(caller)?;
    let owner = caller.user();
    if owner.user.filters.base.has_web_client_option(FIXED) {
        return Ok(Vec::new());
    }
    let policies = core.0.store.shares().policies(caller.username()).await.map_err(stored)?;
    let choice = |name: &str| {
        let policy = policies.iter().find(|(other, _)| other == name).map(|(_, policy)| *policy).unwrap_or_default();
        GroupChoice { name: name.to_owned(), permissions: policy.permissions, is_enforced: policy.mode == ENFORCED }
    };
    Ok(owner.user.groups.iter().map(|group| choice(&group.name)).collect())
}

fn check_membership(owner: &EffectiveUser, groups: &[ShareGroupBinding]) -> Result<()> {
    let foreign = groups.iter().find(|group| !owner.user.groups.iter().any(|own| own.name == group.group_name));
    match foreign {
        Some(group) => {
            let message = format!("groups: the owner of the share does not belong to {:?}", group.group_name);
            Err(Error::invalid("groups", message))
        }
        None => Ok(()),
    }
}
