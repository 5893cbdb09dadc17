//! Policy: the only place that says yes.
//!
//! [`decide`] is a pure function of (operation, virtual path, account). A yes becomes a [`Granted`]: the proof that the
//! storage door asks for. Nothing outside this module can make one, so nothing can reach a storage without a decision.

use std::fmt;

use entrepot_model::{EffectiveUser, PatternVerdict, Permission, VirtualPath};

use crate::{
    error::{Error, Result},
    operation::{Operation, Row, Scope},
    place::Place,
};

/// The rule that refused something. Administrators see all of it, the client only [`Denial::public`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    rule: &'static str,
    detail: String,
    hidden: bool,
    told: bool,
}

impl Denial {
    /// A refusal by `rule` (a stable name such as `permissions`), with `detail` for administrators.
    pub fn new(rule: &'static str, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into(), hidden: false, told: false }
    }

    /// A refusal whose `detail` is for the client as well: it says what would be right, and nothing that the client may not
    /// know.
    pub fn told(rule: &'static str, detail: impl Into<String>) -> Self {
        Self { told: true, ..Self::new(rule, detail) }
    }

    /// Stable name of the rule.
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// What exactly fired: the directory and its list, the pattern, the limit.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Text for the client.
    pub fn public(&self) -> &str {
        match (self.hidden, self.told) {
            (true, _) => "no such file or directory",
            (false, true) => &self.detail,
            (false, false) => "permission denied",
        }
    }

    /// The client is to believe that the name does not exist.
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

/// Answer of [`decide`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may happen.
    Allow,
    /// It may not, because of this rule.
    Deny(Denial),
    /// The path is a mount, or contains one, and this cannot be done to it (ACC-135, ACC-139).
    Unsupported(Denial),
}

impl Decision {
    /// Whether it may happen.
    pub fn is_allow(&self) -> bool {
        matches!(self, Self::Allow)
    }
}

/// Decides whether `user` may do `operation` at `path`. Pure: the same question has the same answer.
pub fn decide(user: &EffectiveUser, operation: Operation, path: &VirtualPath) -> Decision {
    let row = operation.row();
    if let Err(denial) = reserved_allow(&row, path) {
        return Decision::Deny(denial);
    }
    if let Some(decision) = mounts_forbid(user, operation, path) {
        return decision;
    }
    if let Err(denial) = patterns_allow(user, operation, &row, path) {
        return Decision::Deny(denial);
    }
    match permissions_allow(user, operation, &row, path) {
        Ok(()) => Decision::Allow,
        Err(denial) => Decision::Deny(denial),
    }
}

/// The option that takes changes away over HTTP, through shares too, whatever the permissions say (ACC-155, ACC-306).
pub(crate) fn protocol_allows(user: &EffectiveUser, protocol: &str, operation: Operation) -> Result<(), Denial> {
    if operation.row().writes && protocol.starts_with("HTTP") && user.user.filters.base.has_web_client_option("write-disabled") {
        return Err(Denial::new("write-disabled", "changes over HTTP are disabled for this account"));
    }
    Ok(())
}

/// Names of unfinished uploads belong to the server: for clients they do not exist, and cannot be made.
fn reserved_allow(row: &Row, path: &VirtualPath) -> Result<(), Denial> {
    const RESERVED: &[u8] = b".entrepot-";
    if path.components().any(|name| name.starts_with(RESERVED)) {
        let denial = Denial::new("reserved_names", format!("{path} is a name of the server's own"));
        return Err(Denial { hidden: !row.writes, ..denial });
    }
    Ok(())
}

/// `/`, mount points and what contains them stay where they are (ACC-135, ACC-141, ACC-187, SFTP-032, SFTP-036).
fn mounts_forbid(user: &EffectiveUser, operation: Operation, path: &VirtualPath) -> Option<Decision> {
    use Operation as O;
    let moves = match operation {
        O::RemoveFile | O::RemoveDirectory | O::RenameFile | O::RenameDirectory | O::CreateSymlink => true,
        O::CreateDirectory | O::Upload | O::Overwrite => false,
        O::Stat
        | O::ReadLink
        | O::List
        | O::Download
        | O::Copy
        | O::ChangeMode
        | O::ChangeOwner
        | O::ChangeTimes
        | O::Truncate
        | O::Hash => return None,
    };
    if moves && path.is_root() {
        return Some(Decision::Deny(Denial::new("root", "the root directory cannot be changed")));
    }
    if user.is_mount_point(path) {
        return Some(Decision::Deny(Denial::new("virtual_folders", format!("{path} is a virtual folder"))));
    }
    if moves && operation != O::CreateSymlink && user.contains_mounts(path) {
        return Some(Decision::Unsupported(Denial::new("virtual_folders", format!("{path} contains a virtual folder"))));
    }
    None
}

/// File patterns are asked with the name the client used (ACC-354). Hidden names are missing for readers and refused to
/// writers (ACC-166, ACC-167, SFTP-015).
fn patterns_allow(user: &EffectiveUser, operation: Operation, row: &Row, path: &VirtualPath) -> Result<(), Denial> {
    if path.is_root() || user.is_mount_point(path) {
        return Ok(());
    }
    let PatternVerdict::Denied { rule, hide } = user.patterns.check(path) else { return Ok(()) };
    let reveals_name = matches!(operation, Operation::Stat | Operation::List | Operation::ReadLink);
    if reveals_name && !hide {
        // Names refused by policy 0 stay visible (ACC-166).
        return Ok(());
    }
    let hidden = hide && !(row.writes && creates(operation));
    Err(Denial { hidden, ..Denial::new("file_patterns", rule) })
}

fn creates(operation: Operation) -> bool {
    use Operation as O;
    matches!(
        operation,
        O::Upload
            | O::Overwrite
            | O::CreateDirectory
            | O::RenameFile
            | O::RenameDirectory
            | O::Copy
            | O::CreateSymlink
            | O::Truncate
    )
}

fn permissions_allow(user: &EffectiveUser, operation: Operation, row: &Row, path: &VirtualPath) -> Result<(), Denial> {
    let parent;
    let directory = match row.scope {
        Scope::Itself => path,
        Scope::Parent => {
            parent = path.parent().unwrap_or_else(VirtualPath::root);
            &parent
        }
    };
    let (granted, entry) = user.permissions.for_directory(directory);
    for any in row.needs {
        if !granted.has_any(any) {
            let names: Vec<&str> = any.iter().map(|p| p.as_str()).collect();
            let detail =
                format!("{operation:?} needs {} on {directory}, the entry {entry} does not grant it", names.join(" or "));
            return Err(Denial::new("permissions", detail));
        }
    }
    Ok(())
}

/// Whether what lies in `directory` may get other names: a directory that is renamed takes along what is in it, unfinished
/// uploads too.
pub(crate) fn may_rename_in(user: &EffectiveUser, directory: &VirtualPath) -> Result<()> {
    let (granted, entry) = user.permissions.for_directory(directory);
    if granted.has_any(&[Permission::RenameFiles, Permission::RenameDirs]) {
        return Ok(());
    }
    let detail = format!("nothing may be renamed in {directory}, the entry {entry} does not grant it");
    Err(Denial::new("permissions", detail).into())
}

/// Whether everything that lies in the parent of `path` may get other names there, of whatever kind.
pub(crate) fn grants_every_rename(user: &EffectiveUser, path: &VirtualPath) -> bool {
    let parent = path.parent().unwrap_or_else(VirtualPath::root);
    user.permissions.for_directory(&parent).0.has(Permission::Rename)
}

/// Proof that policy allowed an operation at a place. It cannot be made elsewhere, copied or stored with another path.
#[derive(Debug)]
pub struct Granted {
    operation: Operation,
    place: Place,
    probe: bool,
}

impl Granted {
    /// What was allowed.
    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }

    /// Where.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// It allows only to look whether something is there, on the way to another decision.
    pub(crate) fn is_probe(&self) -> bool {
        self.probe
    }
}

/// [`decide`], as a proof for the door.
pub(crate) fn authorize(user: &EffectiveUser, operation: Operation, path: &VirtualPath) -> Result<Granted> {
    match decide(user, operation, path) {
        Decision::Allow => Ok(Granted { operation, place: Place::of(user, path), probe: false }),
        Decision::Deny(denial) => Err(Error::Denied(denial)),
        Decision::Unsupported(denial) => {
            tracing::debug!(%denial, "unsupported");
            Err(Error::Unsupported)
        }
    }
}

/// Leave to look what is at `path` while an operation there is being decided, never to tell the client.
/// File patterns that hide the name hold here already.
pub(crate) fn probe(user: &EffectiveUser, operation: Operation, path: &VirtualPath) -> Result<Granted> {
    reserved_allow(&operation.row(), path)?;
    patterns_allow(user, operation, &operation.row(), path)?;
    Ok(Granted { operation, place: Place::of(user, path), probe: true })
}

/// The server's own work on behalf of an account, after the client is gone: ending uploads, replaying intents.
pub(crate) fn own_work(operation: Operation, place: Place) -> Granted {
    Granted { operation, place, probe: false }
}
