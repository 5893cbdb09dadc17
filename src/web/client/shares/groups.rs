//! Groups in the form of a share: whose members find it in their own list, and what they may do with it (UI-178, UI-179).

use entrepot_core::{Result, shares};
use entrepot_model::{
    Share,
    share::{ShareGroupBinding, share_permission},
};

use super::form::Fields;
use crate::frame::{ClientPage, Look};

/// A group, and what is ticked.
pub(super) struct GroupRow {
    /// Its number in the form.
    pub(super) number: usize,
    pub(super) name: String,
    /// Number of the bit, text, ticked.
    pub(super) ticks: Vec<(i64, &'static str, bool)>,
    /// Nobody changes it here: a policy says so, or the share is somebody else's.
    pub(super) is_fixed: bool,
}

fn row(look: &Look, (number, name): (usize, &str), permissions: i64, is_fixed: bool) -> GroupRow {
    let t = look.t;
    let bits = [
        (share_permission::VIEW, t.share_group_see),
        (share_permission::EDIT, t.common_edit),
        (share_permission::DELETE, t.common_delete),
    ];
    let ticks = bits.into_iter().map(|(bit, text)| (bit, text, permissions & bit != 0)).collect();
    GroupRow { number, name: name.to_owned(), ticks, is_fixed }
}

fn given(bindings: &[ShareGroupBinding], name: &str) -> i64 {
    bindings.iter().find(|binding| binding.group_name == name).map_or(0, |binding| binding.permissions)
}

/// The groups that may be chosen, or those of a share of `foreign` hands, which stay as they are. A new share begins with what
/// the policies suggest.
pub(super) async fn rows(page: &ClientPage, fields: &Fields, foreign: Option<&Share>) -> Result<Vec<GroupRow>> {
    if let Some(share) = foreign {
        return Ok(share
            .groups
            .iter()
            .enumerate()
            .map(|(number, group)| row(&page.look, (number, &group.group_name), group.permissions, true))
            .collect());
    }
    let choices = shares::group_choices(page.core(), &page.caller).await?;
    let rows = choices.into_iter().enumerate().map(|(number, choice)| {
        let permissions = match &fields.groups {
            Some(typed) if !choice.is_enforced => given(typed, &choice.name),
            _ => choice.permissions,
        };
        row(&page.look, (number, &choice.name), permissions, choice.is_enforced)
    });
    Ok(rows.collect())
}
