//! A quota scan: counts the files of a user or folder, and settles the result against the ledger (QTA-009, ACC-285, ACC-286).
//!
//! It reads directories with the same listing as everybody, which leaves out what belongs to the server: unfinished uploads
//! count as what quota was charged for them. While it looks, files come and go. It sees which directories change, looks at
//! these again, and gives its result to the ledger at a moment at which nothing is half done: so no upload beside it is lost
//! or counted twice.

use std::{collections::HashSet, sync::Arc, time::Duration};

use entrepot_model::{BaseVirtualFolder, EffectiveUser, VirtualPath};
use entrepot_storage::FileKind;
use tokio::time::Instant;

use super::{QuotaOwner, Usage, scans::Entry, tally::Tally};
use crate::{
    Core,
    accounts::umask,
    error::{Error, Result},
    fs::door::Door,
    operation::Operation,
    place::{Place, StorageIndex},
    policy,
    transfer::names::Watch,
};

/// Entries read at a time.
const PIECE: usize = 256;
/// Work after which the scan steps aside for as long as it took: it never takes more than half of anything.
const STRETCH: Duration = Duration::from_millis(5);
/// Longest step aside, should a storage be slow by itself.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a tree is counted again because directories in it were renamed meanwhile, or changed that were forgotten.
const ATTEMPTS: usize = 3;
/// How often changed directories are looked at again before the result is taken as it is.
const ROUNDS: usize = 50;
/// Between two such looks.
const ROUND_PAUSE: Duration = Duration::from_millis(20);

/// What is scanned.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// A user: the own storage, and the folders that count toward the user (ACC-285).
    User(String),
    /// A folder.
    Folder(Box<BaseVirtualFolder>),
}

/// Runs a scan to its end, and logs how it ended. The server's stop ends it without a result.
pub(crate) async fn run(core: Core, subject: Subject, entry: Entry) {
    core.0.metrics.quota_scan();
    let stop = core.tasks().stopping();
    let turns = core.0.scans.turns();
    let outcome = tokio::select! {
        () = stop.cancelled() => Err(Error::Shutdown),
        outcome = async {
            let _turn = turns.acquire().await.map_err(|_| Error::Shutdown)?;
            count(&core, &subject).await
        } => outcome,
    };
    drop(entry);
    let name = match &subject {
        Subject::User(name) => name.as_str(),
        Subject::Folder(folder) => folder.name.as_str(),
    };
    match outcome {
        Ok((before, now)) if before == now => {
            tracing::debug!(sender = "quota", name, files = now.files, size = now.size, "quota scanned");
        }
        Ok((before, now)) => tracing::info!(
            sender = "quota",
            name,
            files = now.files,
            size = now.size,
            drift_files = now.files.saturating_sub(before.files),
            drift_size = now.size.saturating_sub(before.size),
            "quota scanned: the figures were corrected"
        ),
        Err(Error::Shutdown) => tracing::debug!(sender = "quota", name, "quota scan ended by the stop of the server"),
        Err(error) => tracing::warn!(sender = "quota", name, %error, "quota scan failed; the figures stay as they were"),
    }
}

/// Answers what was used before, and what is.
async fn count(core: &Core, subject: &Subject) -> Result<(Usage, Usage)> {
    let tree = Tree::open(core, subject).await?;
    let names = &core.0.names;
    let watch = names.watch(tree.storages.clone());
    let mut count = Count { core, tree: &tree, tally: Tally::new(), worked: Duration::ZERO };
    for attempt in 1..=ATTEMPTS {
        count.tally.restart();
        count.walk().await?;
        let is_last = attempt == ATTEMPTS;
        if let Some(outcome) = count.settle(&watch, is_last).await? {
            return Ok(outcome);
        }
    }
    // The last attempt answers always.
    Err(Error::Busy)
}

/// The storages whose files the counter counts.
struct Tree {
    owner: QuotaOwner,
    door: Door,
    roots: Vec<Place>,
    /// Names of the storages, as changes have them.
    storages: Vec<String>,
    /// For a user: the folders that count toward it.
    folders: HashSet<String>,
}

impl Tree {
    async fn open(core: &Core, subject: &Subject) -> Result<Self> {
        match subject {
            Subject::User(name) => {
                let account = core.0.accounts.load(core, name).await?.ok_or(Error::NotFound)?;
                let door = Door::open(&account.user, core.0.storages.as_ref(), core.tasks(), umask(&core.settings()))?;
                Ok(Self::of_user(&account.user, door))
            }
            Subject::Folder(folder) => {
                let door = Door::of_folder(folder, core.0.storages.as_ref(), core.tasks(), umask(&core.settings()))?;
                let roots = vec![root(0, VirtualPath::root())];
                Ok(Self::new(QuotaOwner::Folder(folder.name.clone()), door, roots, HashSet::new()))
            }
        }
    }

    fn of_user(user: &EffectiveUser, door: Door) -> Self {
        let mut roots = vec![root(0, VirtualPath::root())];
        let mut folders = HashSet::new();
        for (index, mount) in user.mounts.iter().enumerate() {
            if mount.quota_size >= 0 && mount.quota_files >= 0 {
                continue;
            }
            let path = VirtualPath::parse(mount.subpath.as_bytes()).unwrap_or_else(|_| VirtualPath::root());
            roots.push(root(index + 1, path));
            folders.insert(mount.folder.name.clone());
        }
        Self::new(QuotaOwner::User(user.user.username.clone()), door, roots, folders)
    }

    /// What lies in another root is counted with that one (ACC-285: each folder once).
    fn new(owner: QuotaOwner, door: Door, mut roots: Vec<Place>, folders: HashSet<String>) -> Self {
        roots.sort_by_key(|place| place.path.depth());
        let mut kept: Vec<Place> = Vec::new();
        for place in roots {
            let is_inside =
                |outer: &Place| door.same_resource(outer.storage, place.storage) && place.path.starts_with(&outer.path);
            if !kept.iter().any(is_inside) {
                kept.push(place);
            }
        }
        let storages = kept.iter().map(|place| door.origin(place.storage).resource.clone()).collect();
        Self { owner, door, roots: kept, storages, folders }
    }

    /// The place of a directory in which something changed; `None` if it does not count.
    fn place_of(&self, storage: &str, path: &VirtualPath) -> Option<Place> {
        let is_its = |root: &&Place| self.door.origin(root.storage).resource == storage && path.starts_with(&root.path);
        Some(self.roots.iter().find(is_its)?.at(path.clone()))
    }
}

fn root(index: usize, path: VirtualPath) -> Place {
    Place { storage: StorageIndex(index), folder: None, virtual_path: path.clone(), path }
}

/// A count that goes on.
struct Count<'a> {
    core: &'a Core,
    tree: &'a Tree,
    tally: Tally,
    worked: Duration,
}

impl Count<'_> {
    async fn walk(&mut self) -> Result<()> {
        let mut pending = self.tree.roots.clone();
        while let Some(directory) = pending.pop() {
            let usage = self.look(&directory, Some(&mut pending)).await?;
            self.tally.enter((directory.storage, directory.path.as_bytes()), usage);
        }
        Ok(())
    }

    /// Counts the files of one directory; those in it go to `found`.
    async fn look(&mut self, directory: &Place, mut found: Option<&mut Vec<Place>>) -> Result<Usage> {
        let granted = policy::own_work(Operation::List, directory.clone());
        let storage = &self.tree.door.origin(directory.storage).resource;
        let mut usage = Usage::default();
        let started = Instant::now();
        let mut listing = match self.tree.door.list(&granted).await {
            Ok(listing) => Some(listing),
            // Not made yet, or gone meanwhile.
            Err(Error::NotFound | Error::NotDirectory) => None,
            Err(error) => return Err(error),
        };
        self.worked += started.elapsed();
        while let Some(stream) = listing.as_mut() {
            let started = Instant::now();
            let entries = stream.next(PIECE).await?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let Ok(path) = directory.path.child(&entry.name) else { continue };
                match entry.metadata.kind {
                    FileKind::File => {
                        // What a handle wrote beyond that is settled when it is closed.
                        let size = self.core.0.names.accounted(storage, &path).unwrap_or(entry.metadata.size);
                        usage = usage.plus(Usage { files: 1, size: i64::try_from(size).unwrap_or(i64::MAX) });
                    }
                    FileKind::Directory => found.iter_mut().for_each(|found| found.push(directory.at(path.clone()))),
                    // ACC-278
                    FileKind::Symlink | FileKind::Other(_) => {}
                }
            }
            self.worked += started.elapsed();
            self.step_aside().await;
        }
        Ok(usage)
    }

    async fn step_aside(&mut self) {
        if self.worked >= STRETCH {
            tokio::time::sleep(self.worked.min(PAUSE)).await;
            self.worked = Duration::ZERO;
        } else {
            tokio::task::yield_now().await;
        }
    }

    /// Gives the result to the ledger; `None` if all must be counted again.
    async fn settle(&mut self, watch: &Watch<'_>, is_last: bool) -> Result<Option<(Usage, Usage)>> {
        for round in 1..=ROUNDS {
            let mut is_stale = watch.take_stale();
            for (storage, path) in watch.take() {
                if let Some(place) = self.tree.place_of(&storage, &path) {
                    let usage = self.look(&place, None).await?;
                    is_stale |= !self.tally.correct((place.storage, place.path.as_bytes()), usage);
                }
            }
            if is_stale {
                if !is_last {
                    return Ok(None);
                }
                tracing::info!(sender = "quota", owner = ?self.tree.owner, "quota scan: folders were renamed all the time, the result may be off by what they hold");
            }
            let outsiders = self.outsiders().await?;
            let stored = stored(self.core, &self.tree.owner).await?;
            if let Some(outcome) = watch.when_quiet(|| self.hand_over(stored, &outsiders)) {
                return outcome.map(Some);
            }
            if round < ROUNDS {
                tokio::time::sleep(ROUND_PAUSE).await;
            } else {
                tracing::info!(sender = "quota", owner = ?self.tree.owner, "quota scan: files change all the time, the result may be off by some of them");
                return self.hand_over(stored, &outsiders).map(Some);
            }
        }
        Ok(None)
    }

    /// Accounts with partials in this folder whose use of it counts toward themselves.
    async fn outsiders(&self) -> Result<HashSet<String>> {
        let mut outsiders = HashSet::new();
        let QuotaOwner::Folder(name) = &self.tree.owner else { return Ok(outsiders) };
        for username in self.core.0.partials.owners_in(name) {
            let account = self.core.0.accounts.load(self.core, &username).await.ok().flatten();
            let counts = account.is_some_and(|account| {
                let mounts = account.user.mounts.iter().filter(|mount| mount.folder.name == *name);
                mounts.into_iter().any(|mount| mount.quota_size >= 0 && mount.quota_files >= 0)
            });
            if !counts {
                outsiders.insert(username);
            }
        }
        Ok(outsiders)
    }

    /// Nothing waits here: changes are held up.
    fn hand_over(&self, stored: Usage, outsiders: &HashSet<String>) -> Result<(Usage, Usage)> {
        let core = &self.core.0;
        let owner = &self.tree.owner;
        let partials = core.partials.charged(|intent| match owner {
            QuotaOwner::User(name) => {
                let counts = intent.folder.as_ref().is_none_or(|folder| self.tree.folders.contains(folder));
                intent.username == *name && counts
            }
            QuotaOwner::Folder(name) => intent.folder.as_ref() == Some(name) && !outsiders.contains(&intent.username),
        });
        let now = self.tally.total().plus(partials).plus(core.names.charged(owner));
        let counter: Arc<_> = core.ledger.ensure(owner, stored);
        let (before, submitted) = counter.replace(
            |_| now,
            |usage| core.store.transfers().submit_usage(owner.clone(), usage.files, usage.size, core.clock.millis()),
        );
        submitted.map_err(|error| Error::internal("storing the result of a quota scan", error))?;
        Ok((before, now))
    }
}

/// The stored figures; the counter begins with them if nobody used it yet.
pub(crate) async fn stored(core: &Core, owner: &QuotaOwner) -> Result<Usage> {
    let failed = |error| Error::internal("reading the usage of an account", error);
    let usage = match owner {
        QuotaOwner::User(name) => {
            let usage = core.0.store.users().usage(name).await.map_err(failed)?;
            usage.map(|usage| Usage { files: usage.used_quota_files, size: usage.used_quota_size })
        }
        QuotaOwner::Folder(name) => {
            let usage = core.0.store.folders().usage(name).await.map_err(failed)?;
            usage.map(|usage| Usage { files: usage.used_quota_files, size: usage.used_quota_size })
        }
    };
    usage.ok_or(Error::NotFound)
}
