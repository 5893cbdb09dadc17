//! What quotas and limits of size say.

use entrepot_model::{
    EffectiveUser, Protocol, VirtualPath,
    verdict::{Check, Stage},
};

use super::{check, noted};
use crate::{
    Core, Denial, Direction, Error, Operation,
    place::Place,
    quota::{QuotaOwner, Usage},
    transfer::{allowance_of, quota_of},
};

/// What the quotas say that count at the path, with what running transfers have reserved; `None` for what needs none.
pub(super) fn judge(
    core: &Core,
    user: &EffectiveUser,
    protocol: Protocol,
    operation: Operation,
    path: &VirtualPath,
) -> Option<Check> {
    use Operation as O;
    let (direction, grows) = match operation {
        O::Upload | O::Overwrite => (Some(Direction::Upload), true),
        O::Copy | O::Truncate => (None, true),
        O::Download | O::Hash => (Some(Direction::Download), false),
        _ => return None,
    };
    if let Some(direction) = direction
        && allowance_of(core, &user.user, direction).is_err()
    {
        let rule = match direction {
            _ if user.user.total_data_transfer > 0 => "total_data_transfer",
            Direction::Upload => "upload_data_transfer",
            Direction::Download => "download_data_transfer",
        };
        return Some(check(Stage::Quota, Err(Denial::new(rule, "all of it is used up"))));
    }
    if !grows {
        return Some(check(Stage::Quota, Ok(())));
    }
    let mut check = room(core, user, operation, path);
    let largest = largest(core, user, protocol, operation);
    if check.allowed && !largest.is_empty() {
        let notes = [std::mem::take(&mut check.note), largest];
        check.note = notes.into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join("; ");
    }
    Some(check)
}

fn room(core: &Core, user: &EffectiveUser, operation: Operation, path: &VirtualPath) -> Check {
    use Operation as O;
    let (owner, limits) = quota_of(core, user, &Place::of(user, path));
    let counter = core.0.ledger.ensure(&owner, Usage::default());
    // What is there already is no new file.
    let files = i64::from(!matches!(operation, O::Overwrite | O::Truncate));
    let (used, room) = counter.has_room(limits, files);
    let whose = match &owner {
        QuotaOwner::User(_) => String::new(),
        QuotaOwner::Folder(name) => format!(" in the folder {name}"),
    };
    let bytes = format!("{} of {} bytes are used{whose}", used.size, limits.size);
    match room {
        Ok(()) => check(Stage::Quota, Ok(())),
        Err(Error::FileQuota) => {
            let detail = format!("{} of {} files are there{whose}", used.files, limits.files);
            check(Stage::Quota, Err(Denial::new("quota_files", detail)))
        }
        // Its bytes are given back (ACC-281).
        Err(_) if operation == O::Overwrite => {
            noted(Stage::Quota, format!("{bytes}: only what needs no more room than the file it replaces"))
        }
        Err(_) if operation == O::Truncate => noted(Stage::Quota, format!("{bytes}: only to a size that the file has already")),
        Err(_) => check(Stage::Quota, Err(Denial::new("quota_size", bytes))),
    }
}

/// The limits of the size of one file, which nobody was asked about.
fn largest(core: &Core, user: &EffectiveUser, protocol: Protocol, operation: Operation) -> String {
    let own = user.user.filters.base.max_upload_file_size;
    let settings = core.settings();
    let is_body = protocol == Protocol::Http && matches!(operation, Operation::Upload | Operation::Overwrite);
    let request = if is_body { settings.httpd.max_upload_file_size } else { 0 };
    let limits = [("max_upload_file_size", own, "the file"), ("httpd.max_upload_file_size", request, "one request")];
    let told = limits.into_iter().filter(|(_, most, _)| *most > 0);
    let told = told.map(|(rule, most, what)| format!("only if {what} has at most {most} bytes ({rule})"));
    told.collect::<Vec<_>>().join("; ")
}
