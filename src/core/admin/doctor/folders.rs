//! Folders: whose they are, whether the server can use them, and how much room there is.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use entrepot_model::doctor::Finding;
use entrepot_storage::local::inspection::{FolderFacts, inspect, nearest, own_identity};

/// So little room makes uploads fail.
const FULL: u64 = 64 << 20;
/// So little room will soon.
const NEARLY_FULL: u64 = 1 << 30;
/// More folders than these are summed up.
const MOST: usize = 200;

/// A local folder with files of users.
#[derive(Debug)]
pub(super) struct Root {
    /// Whose it is, in words.
    pub whose: String,
    pub path: PathBuf,
    /// Owner of new files there: user and group.
    pub owner: (Option<u32>, Option<u32>),
}

/// The data folder.
pub(super) fn data(path: &Path) -> Vec<Finding> {
    let shown = quoted(path);
    let (uid, gid) = own_identity();
    match inspect(path) {
        Err(error) => {
            let fix = format!("chown {uid}:{gid} {shown} && chmod 700 {shown}; the folders above it need x for that account");
            vec![Finding::error("data folder", format!("the data folder {shown} cannot be looked at: {error}"), fix)]
        }
        Ok(None) => {
            vec![Finding::warning("data folder", format!("there is no data folder {shown} yet"), "start the server: it makes it")]
        }
        Ok(Some(facts)) if !facts.is_folder => {
            vec![Finding::error("data folder", format!("{shown} is no folder"), "name another with --data-dir")]
        }
        Ok(Some(facts)) => {
            let mut found = vec![access("data folder", "the data folder", path, &facts, (None, None))];
            if facts.mode & 0o007 != 0 {
                let message = format!("other users of this machine can look into the data folder {shown}");
                found.push(Finding::warning("data folder", message, format!("chmod o-rwx {shown}")));
            }
            // Root can write where it is not the owner; the account of the service could not.
            if uid == 0 && facts.uid != 0 {
                let message = format!("the data folder {shown} belongs to the account {}, and this runs as root", facts.uid);
                let fix =
                    format!("run it as that account; files that root made there: chown -R {}:{} {shown}", facts.uid, facts.gid);
                found.push(Finding::warning("data folder", message, fix));
            }
            found.push(room(path, &facts));
            found
        }
    }
}

/// The folders of users, and the disks that they lie on.
pub(super) fn roots(data: &Path, roots: Vec<Root>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut disks: HashSet<u64> = inspect(data).ok().flatten().map(|facts| facts.device).into_iter().collect();
    let (count, mut good) = (roots.len(), 0);
    for root in roots {
        match inspect(&root.path) {
            Ok(Some(facts)) => {
                let finding = access("folders", &root.whose, &root.path, &facts, root.owner);
                if finding.fix.is_empty() {
                    good += 1
                } else {
                    found.push(finding)
                }
                if disks.insert(facts.device) {
                    found.push(room(&root.path, &facts));
                }
            }
            Ok(None) if is_creatable(&root.path) => good += 1,
            Ok(None) => {
                let shown = quoted(&root.path);
                let message = format!("{}: {shown} is not there, and the server may not make it", root.whose);
                found.push(Finding::error("folders", message, format!("mkdir -p {shown} && {}", repair(&root.path, root.owner))));
            }
            Err(error) => {
                let shown = quoted(&root.path);
                let message = format!("{}: {shown} cannot be looked at: {error}", root.whose);
                let fix = format!(
                    "let the account of the server pass the folders above it (chmod o+x), then {}",
                    repair(&root.path, root.owner)
                );
                found.push(Finding::error("folders", message, fix));
            }
        }
    }
    if found.len() > MOST {
        let more = found.len() - MOST;
        found.truncate(MOST);
        found.push(Finding::warning("folders", format!("and {more} more of the kind"), "mend those above first, and look again"));
    }
    if count > 0 && good > 0 {
        found.push(Finding::ok("folders", format!("{good} of {count} folders of users can be used")));
    }
    found
}

fn is_creatable(path: &Path) -> bool {
    nearest(path).is_some_and(|above| inspect(&above).ok().flatten().is_some_and(|facts| facts.is_usable))
}

fn access(area: &str, whose: &str, path: &Path, facts: &FolderFacts, owner: (Option<u32>, Option<u32>)) -> Finding {
    let shown = quoted(path);
    if !facts.is_folder {
        return Finding::error(area, format!("{whose}: {shown} is no folder"), "name another, or move the file away");
    }
    if !facts.is_usable {
        let (uid, _) = own_identity();
        let FolderFacts { uid: of, mode, .. } = *facts;
        let message = format!("{whose}: the server (account {uid}) may not use {shown} (owner {of}, mode {mode:o})");
        return Finding::error(area, message, repair(path, owner));
    }
    Finding::ok(area, format!("{whose}: {shown} can be used"))
}

/// The exact commands.
fn repair(path: &Path, owner: (Option<u32>, Option<u32>)) -> String {
    let (own_uid, own_gid) = own_identity();
    // Only root can give files to others; else the account of the server must own what it writes.
    let (uid, gid) = if own_uid == 0 { (owner.0.unwrap_or(0), owner.1.unwrap_or(0)) } else { (own_uid, own_gid) };
    let shown = quoted(path);
    format!("chown -R {uid}:{gid} {shown} && chmod u+rwx {shown}")
}

fn room(path: &Path, facts: &FolderFacts) -> Finding {
    let (shown, free, total) = (quoted(path), amount(facts.free), amount(facts.total));
    let message = format!("{free} of {total} are free on the disk of {shown}");
    let fix = "free space there, or move what is large to another disk";
    match facts.free {
        free if free < FULL => Finding::error("disk", message, fix),
        free if free < NEARLY_FULL => Finding::warning("disk", message, fix),
        _ => Finding::ok("disk", message),
    }
}

/// As the pages say it: decimal units, one digit behind the point of gigabytes.
fn amount(bytes: u64) -> String {
    let megabytes = bytes / 1_000_000;
    if megabytes < 1000 { format!("{megabytes} MB") } else { format!("{}.{} GB", megabytes / 1000, megabytes % 1000 / 100) }
}

/// As a shell takes it.
pub(in crate::admin) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@:".contains(&byte));
    if is_plain { text.into_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use entrepot_model::doctor::Severity;

    use super::*;

    #[test]
    fn amounts_are_those_of_the_pages() {
        assert_eq!(amount(999_999_999), "999 MB");
        assert_eq!(amount(270_553_174_016), "270.5 GB");
    }

    #[test]
    fn paths_are_quoted_so_that_a_shell_takes_them() {
        assert_eq!(quoted(Path::new("/srv/data-1")), "/srv/data-1");
        assert_eq!(quoted(Path::new("/srv/it's; rm -rf")), "'/srv/it'\\''s; rm -rf'");
    }

    #[test]
    fn room_is_judged() {
        let facts =
            |free| FolderFacts { is_folder: true, uid: 0, gid: 0, mode: 0o700, is_usable: true, device: 1, free, total: 1 << 40 };
        assert_eq!(room(Path::new("/x"), &facts(1 << 20)).severity, Severity::Error);
        assert_eq!(room(Path::new("/x"), &facts(500 << 20)).severity, Severity::Warning);
        assert_eq!(room(Path::new("/x"), &facts(50 << 30)).severity, Severity::Ok);
    }

    #[test]
    fn unusable_folder_comes_with_its_chown_line() {
        let facts = FolderFacts {
            is_folder: true,
            uid: 4711,
            gid: 4711,
            mode: 0o700,
            is_usable: false,
            device: 1,
            free: 1 << 40,
            total: 1 << 40,
        };
        let (uid, gid) = own_identity();
        let finding = access("folders", "user ann", Path::new("/srv/ann"), &facts, (None, None));
        assert!(finding.message.contains("owner 4711, mode 700"), "{finding:?}");
        assert_eq!(finding.fix, format!("chown -R {uid}:{gid} /srv/ann && chmod u+rwx /srv/ann"));
    }
}
