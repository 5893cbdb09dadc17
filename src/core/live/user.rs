//! What a user sees: changes in folders that he looks at, and his transfers.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use entrepot_model::VirtualPath;

use super::{
    HEARTBEAT, News, TransferNews, TransferState,
    listener::{Heard, Listener},
    news::Change,
    streams::Account as Whose,
};
use crate::{
    Core, Operation, UserCaller,
    accounts::Account,
    error::{Error, Result},
    place::Place,
    policy,
    session::Direction,
};

/// Folders that one stream may look at.
const FOLDERS: usize = 16;

/// Something that a user sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// An entry of a folder came, changed or went.
    Change {
        /// The folder, as it was asked for.
        folder: VirtualPath,
        /// Name of the entry.
        name: Vec<u8>,
        /// It is not there any more.
        is_gone: bool,
    },
    /// One of his transfers stands otherwise than before.
    Transfer {
        /// Number of the transfer, unique while the server runs.
        id: u64,
        /// How it stands.
        state: TransferState,
        /// Its direction.
        direction: Direction,
        /// The file.
        path: String,
        /// Over which protocol.
        protocol: &'static str,
        /// Bytes moved.
        bytes: u64,
        /// When it began, in milliseconds since the epoch.
        started_at: i64,
    },
    /// Some news were lost: what is shown has to be read again.
    Resync,
    /// Nothing for a while.
    Heartbeat,
}

impl From<&TransferNews> for Seen {
    fn from(news: &TransferNews) -> Self {
        Self::Transfer {
            id: news.id,
            state: news.state,
            direction: news.direction,
            path: news.path.clone(),
            protocol: news.protocol,
            bytes: news.bytes,
            started_at: news.started_at,
        }
    }
}

/// A folder that is looked at.
struct Watched {
    folder: VirtualPath,
    resource: String,
    path: VirtualPath,
}

/// A user's stream. It ends by itself; see the module.
pub struct UserStream {
    core: Core,
    caller: UserCaller,
    account: Arc<Account>,
    listener: Listener,
    watched: Vec<Watched>,
    /// Bytes of his running transfers as they were last told.
    told: HashMap<u64, u64>,
    queue: VecDeque<Seen>,
    seconds: u32,
}

impl UserStream {
    /// Opens a stream of these folders (at most 16) and of the user's transfers; those that run are told at once.
    ///
    /// # Errors
    /// `Invalid` for too many folders; `Denied` for one that the user may not list; `TooMany` streams; `Shutdown`.
    pub fn open(core: &Core, caller: UserCaller, folders: Vec<VirtualPath>) -> Result<Self> {
        if folders.len() > FOLDERS {
            return Err(Error::invalid("folder", format!("at most {FOLDERS} folders can be looked at")));
        }
        let account = caller.login().account.clone();
        let listener = Listener::new(core, Whose::User(caller.username().to_owned()))?;
        let mut stream = Self {
            core: core.clone(),
            caller,
            account,
            listener,
            watched: Vec::new(),
            told: HashMap::new(),
            queue: VecDeque::new(),
            seconds: 0,
        };
        for folder in folders {
            policy::authorize(&stream.account.user, Operation::List, &folder)?;
            stream.watched.push(stream.watch(folder));
        }
        stream.tell_progress();
        Ok(stream)
    }

    fn watch(&self, folder: VirtualPath) -> Watched {
        let place = Place::of(&self.account.user, &folder);
        Watched { folder, resource: self.account.door.origin(place.storage).resource.clone(), path: place.path }
    }

    /// What is to be seen next; `None` = the stream has ended. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Seen> {
        loop {
            if let Some(seen) = self.queue.pop_front() {
                return Some(seen);
            }
            match self.listener.hear().await {
                Heard::News(News::Changed(change)) => self.take_change(&change),
                Heard::News(News::Transfer(news)) => self.take_transfer(&news),
                Heard::Lost => {
                    self.told.clear();
                    self.queue.push_back(Seen::Resync);
                    self.tell_progress();
                }
                Heard::Second => self.pass_second().await?,
                Heard::End => return None,
            }
        }
    }

    fn take_change(&mut self, change: &Change) {
        let (Some(parent), Some(name)) = (change.path.parent(), change.path.file_name()) else { return };
        for watched in &self.watched {
            if watched.path != parent || watched.resource != change.resource {
                continue;
            }
            // Neither folders that he may no longer list, nor names that are hidden from him.
            let Ok(path) = watched.folder.child(name) else { continue };
            let user = &self.account.user;
            let may_see = policy::decide(user, Operation::List, &watched.folder).is_allow()
                && policy::decide(user, Operation::Stat, &path).is_allow();
            if may_see {
                let (folder, name) = (watched.folder.clone(), name.to_vec());
                self.queue.push_back(Seen::Change { folder, name, is_gone: change.is_gone });
            }
        }
    }

    fn take_transfer(&mut self, news: &TransferNews) {
        if news.username != self.caller.username() {
            return;
        }
        if news.state == TransferState::Running {
            // Its progress was told already.
            if self.told.get(&news.id).is_some_and(|bytes| *bytes > news.bytes) {
                return;
            }
            self.told.insert(news.id, news.bytes);
        } else {
            self.told.remove(&news.id);
        }
        self.queue.push_back(news.into());
    }

    /// Tells how far his transfers are, those that moved since the last time.
    fn tell_progress(&mut self) {
        let username = self.caller.username().to_owned();
        let running = self.core.0.registry.transfers(|news| news.user() == username);
        for news in &running {
            if self.told.insert(news.id, news.bytes) != Some(news.bytes) {
                self.queue.push_back(news.into());
            }
        }
        self.told.retain(|id, _| running.iter().any(|news| news.id == *id));
    }

    /// `None` when the stream is to end.
    async fn pass_second(&mut self) -> Option<()> {
        if self.core.has_ended(self.caller.claims()) {
            return None;
        }
        self.tell_progress();
        self.seconds += 1;
        if self.seconds >= HEARTBEAT {
            self.seconds = 0;
            self.account = self.core.still_there(&self.caller).await?;
            let folders = std::mem::take(&mut self.watched);
            // What is mounted where may have changed.
            self.watched = folders.into_iter().map(|watched| self.watch(watched.folder)).collect();
            self.queue.push_back(Seen::Heartbeat);
        }
        Some(())
    }
}
