//! Accounts as logins use them: the user with its groups merged, its storages opened, its counters in the ledger.
//!
//! Loading one reads a dozen rows and compiles patterns and permissions, so accounts are kept until something they are
//! made of changes.

mod administrators;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use entrepot_config::Settings;
use entrepot_model::{EffectiveUser, NamingRules};
use entrepot_secrets::Sensitive;
use entrepot_storage::Owner;
use entrepot_store::LoginRecord;
use parking_lot::Mutex;

pub(crate) use administrators::Administrators;

use crate::{
    Core, Error, Result,
    admin::check_root,
    fs::door::Door,
    policy::Denial,
    quota::{QuotaOwner, Usage},
    session::Direction,
};

/// Accounts kept at most.
const KEPT: usize = 1000;
/// Milliseconds after which an account is read again, in case somebody else wrote to the database.
const LIFETIME: i64 = 5 * 60 * 1000;
/// `last_login` is stored at most that often, in milliseconds (ACC-070), and storages are checked as often (ACC-084).
const LOGIN_INTERVAL: i64 = 10 * 60 * 1000;

/// An account, as it was when it was loaded. Sessions keep theirs until they end.
pub(crate) struct Account {
    /// The user with its groups merged.
    pub user: Arc<EffectiveUser>,
    /// Its storages.
    pub door: Door,
    password_hash: Option<Sensitive<String>>,
    loaded_at: i64,
    /// How many changes of accounts there had been when it was read.
    generation: u64,
    last_login: AtomicI64,
    /// No upload or download succeeded yet, as far as we know (ACC-071).
    no_transfer: [AtomicBool; 2],
}

impl Account {
    /// The stored password hash.
    pub(crate) fn password_hash(&self) -> Option<&str> {
        self.password_hash.as_ref().map(|hash| hash.expose().as_str())
    }

    /// Whether the account has this key: algorithm and blob, compared without options and comment (SSH-011).
    pub(crate) fn has_public_key(&self, authorized: &str) -> bool {
        self.user.user.public_keys.iter().any(|line| key_of(line) == Some(authorized))
    }

    /// Whether its storages were checked by a login of the last ten minutes, and the account is still the same (ACC-084).
    pub(crate) fn was_checked(&self, now: i64) -> bool {
        let last = self.last_login.load(Ordering::Relaxed);
        last > 0 && (0..LOGIN_INTERVAL).contains(&(now - last)) && self.user.user.updated_at <= last
    }

    /// Whether the account had no successful transfer of that direction; true once only. The database has the last word.
    pub(crate) fn first_transfer_pending(&self, direction: Direction) -> bool {
        let pending = &self.no_transfer[usize::from(direction == Direction::Download)];
        pending.load(Ordering::Relaxed) && pending.swap(false, Ordering::Relaxed)
    }

    /// Notes a login at `now`; answers whether it is to be stored (ACC-070).
    pub(crate) fn note_login(&self, now: i64) -> bool {
        let last = self.last_login.load(Ordering::Relaxed);
        let due = !(0..LOGIN_INTERVAL).contains(&(now - last));
        if due {
            self.last_login.store(now, Ordering::Relaxed);
        }
        due
    }
}

/// `algorithm blob` of an authorized-keys line (sshd(8)): options may come first, a comment last.
fn key_of(line: &str) -> Option<&str> {
    let mut start = 0;
    let mut fields = line.split(' ').map(|field| {
        let at = start;
        start += field.len() + 1;
        (at, field)
    });
    let (at, _) = fields.find(|(_, field)| is_algorithm(field))?;
    let (blob_at, blob) = fields.next()?;
    line.get(at..blob_at + blob.len())
}

/// The comment that the key `authorized` has among these lines; empty without one (SSH-011).
pub(crate) fn comment<'a>(lines: &'a [String], authorized: &str) -> &'a str {
    let line = lines.iter().find(|line| key_of(line) == Some(authorized));
    line.and_then(|line| line.split_once(authorized)).map_or("", |(_, comment)| comment.trim())
}

fn is_algorithm(field: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-sha2-"].iter().any(|prefix| field.starts_with(prefix))
        && !field.contains(['=', '"'])
}

/// The accounts that were used lately.
#[derive(Default)]
pub(crate) struct Accounts(Mutex<State>);

#[derive(Default)]
struct State {
    accounts: HashMap<String, Arc<Account>>,
    /// Counts invalidations, so that an account read before one is not kept after it.
    generation: u64,
    /// At which of these counts accounts were deleted. One of the same name that is read later is another.
    gone: HashMap<String, u64>,
}

impl Accounts {
    /// The account of that name, after the naming rules (ACC-007). `None` if there is none.
    ///
    /// # Errors
    /// `Internal` when the database cannot be read; `Denied` when what is stored gives no account: groups that do not merge, a
    /// root in the server's own data, a storage that this build does not have.
    pub(crate) async fn load(&self, core: &Core, username: &str) -> Result<Option<Arc<Account>>> {
        let name = naming_rules(core).apply(username);
        let now = core.clock().millis();
        let generation = {
            let state = self.0.lock();
            if let Some(account) = state.accounts.get(&name)
                && (0..LIFETIME).contains(&(now - account.loaded_at))
            {
                return Ok(Some(account.clone()));
            }
            state.generation
        };
        let record = core.0.store.users().load_for_login(&name).await;
        let Some(record) = record.map_err(|error| Error::internal("reading an account", error))? else { return Ok(None) };
        let account = Arc::new(open(core, record, now, generation).await?);
        let mut state = self.0.lock();
        if state.generation == generation {
            if state.accounts.len() >= KEPT {
                state.accounts.clear();
            }
            state.accounts.insert(name, account.clone());
        }
        Ok(Some(account))
    }

    /// The user changed or is gone.
    pub(crate) fn invalidate(&self, username: &str) {
        let mut state = self.0.lock();
        state.generation += 1;
        state.accounts.remove(username);
    }

    /// The user was deleted: what still runs for it is of an account that is gone.
    pub(crate) fn retire(&self, username: &str) {
        let mut state = self.0.lock();
        state.generation += 1;
        state.accounts.remove(username);
        let generation = state.generation;
        state.gone.insert(username.to_owned(), generation);
    }

    /// Whether the account was deleted after it had been read, even if there is one of that name again.
    pub(crate) fn is_gone(&self, account: &Account) -> bool {
        self.0.lock().gone.get(&account.user.user.username).is_some_and(|gone| account.generation < *gone)
    }

    /// A group, folder, role or setting changed that many accounts are made of.
    pub(crate) fn invalidate_all(&self) {
        let mut state = self.0.lock();
        state.generation += 1;
        state.accounts.clear();
    }
}

/// How names are stored and looked up.
pub(crate) fn naming_rules(core: &Core) -> NamingRules {
    NamingRules::new(u8::try_from(core.settings().data_provider.naming_rules & 7).unwrap_or_default())
}

async fn open(core: &Core, record: LoginRecord, now: i64, generation: u64) -> Result<Account> {
    let user = EffectiveUser::merge(&record.user, &record.groups).map_err(|error| Denial::new("groups", error.to_string()))?;
    check_root(core, "home_dir", &user.user.filesystem, &user.user.home_dir)
        .await
        .map_err(|error| Denial::new("home_dir", error.to_string()))?;
    for mount in &user.mounts {
        let folder = &mount.folder;
        check_root(core, "virtual_folders", &folder.filesystem, &folder.mapped_path)
            .await
            .map_err(|error| Denial::new("virtual_folders", error.to_string()))?;
    }
    let door = Door::open(&user, core.0.storages.as_ref(), core.tasks(), umask(&core.settings()))?;
    let own = Usage { files: user.user.used_quota_files, size: user.user.used_quota_size };
    core.0.ledger.ensure(&QuotaOwner::User(user.user.username.clone()), own);
    for mount in &user.mounts {
        let folder = &mount.folder;
        let used = Usage { files: folder.used_quota_files, size: folder.used_quota_size };
        core.0.ledger.ensure(&QuotaOwner::Folder(folder.name.clone()), used);
    }
    let no_transfer = [AtomicBool::new(user.user.first_upload == 0), AtomicBool::new(user.user.first_download == 0)];
    Ok(Account {
        no_transfer,
        last_login: AtomicI64::new(user.user.last_login),
        user: Arc::new(user),
        door,
        password_hash: record.password_hash.map(Sensitive::new),
        loaded_at: now,
        generation,
    })
}

/// `common.umask`; `None` leaves that of the process (UPL-010).
pub(crate) fn umask(settings: &Settings) -> Option<u32> {
    u32::from_str_radix(settings.common.umask.trim(), 8).ok()
}

/// Owner of what the account makes (LOC-002).
pub(crate) fn owner(user: &EffectiveUser) -> Owner {
    let positive = |id: i64| u32::try_from(id).ok().filter(|&id| id > 0);
    Owner { uid: positive(user.user.uid), gid: positive(user.user.gid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_compared_without_options_and_comment() {
        // SSH-011
        assert_eq!(key_of("ssh-ed25519 AAAA me@home"), Some("ssh-ed25519 AAAA"));
        assert_eq!(key_of("ssh-ed25519 AAAA"), Some("ssh-ed25519 AAAA"));
        let restricted = r#"no-pty,command="echo ssh-rsa" ecdsa-sha2-nistp256 BBBB x"#;
        assert_eq!(key_of(restricted), Some("ecdsa-sha2-nistp256 BBBB"));
        let lines = [restricted.to_owned(), "ssh-ed25519 AAAA Ann at home ".to_owned(), "ssh-ed25519 CCCC".to_owned()];
        let told = ["ssh-ed25519 AAAA", "ecdsa-sha2-nistp256 BBBB", "ssh-ed25519 CCCC", "ssh-ed25519 DDDD"]
            .map(|key| comment(&lines, key));
        assert_eq!(told, ["Ann at home", "x", "", ""]);
        assert_eq!(key_of("ssh-ed25519"), None);
        assert_eq!(key_of(""), None);
    }
}
