//! Jobs: work on files that goes on when the request that started it is over, with its progress to be asked for.
//!
//! What a job does is an operation of [`UserFs`]; a job adds a name, a state, and the way to stop it. They are kept in
//! memory: after a restart of the server there are none.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use entrepot_model::VirtualPath;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::{Core, Error, Result, UserFs, fs::Progress};

/// Jobs of one account that may run at once.
const RUNNING: usize = 4;
/// Jobs of one account that are remembered.
const KEPT: usize = 50;
/// Milliseconds that one is remembered after its end.
const REMEMBERED: i64 = 15 * 60 * 1000;

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Copies to the target.
    Copy {
        /// What is copied.
        from: VirtualPath,
        /// Its new name.
        to: VirtualPath,
    },
    /// Moves to the target.
    Move {
        /// What is moved.
        from: VirtualPath,
        /// Its new name.
        to: VirtualPath,
    },
    /// Removes a file, or a directory with all that is in it.
    Remove(VirtualPath),
}

impl Work {
    /// Its name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Copy { .. } => "copy",
            Self::Move { .. } => "move",
            Self::Remove(_) => "delete",
        }
    }

    /// What it is done to, and the target if there is one.
    pub fn paths(&self) -> (&VirtualPath, Option<&VirtualPath>) {
        match self {
            Self::Copy { from, to } | Self::Move { from, to } => (from, Some(to)),
            Self::Remove(path) => (path, None),
        }
    }

    /// Does it. Cancelling `progress` ends it at the next entry; what was done until then stays.
    ///
    /// # Errors
    /// Those of the operation; `Cancelled`.
    pub async fn run(&self, fs: &UserFs, progress: &Progress) -> Result<()> {
        match self {
            Self::Copy { from, to } => fs.copy_with(from, to, progress).await,
            Self::Move { from, to } => fs.move_with(from, to, progress).await,
            Self::Remove(path) => fs.remove_tree_with(path, progress).await,
        }
    }
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// It goes on.
    Running,
    /// It did all that it was to do.
    Done,
    /// It stopped at an error.
    Failed(Error),
    /// It was told to stop.
    Cancelled,
}

/// A job as it is now.
#[derive(Debug, Clone)]
pub struct JobStatus {
    /// Unique id.
    pub id: String,
    /// What it does.
    pub work: Work,
    /// Where it stands.
    pub state: JobState,
    /// Entries that are done.
    pub entries: u64,
    /// Bytes that were copied.
    pub bytes: u64,
    /// The entry that one that failed could not go on at, where it knows.
    pub stopped_at: Option<VirtualPath>,
    /// Milliseconds since the epoch.
    pub started_at: i64,
    /// Milliseconds since the epoch.
    pub ended_at: Option<i64>,
}

struct Job {
    id: String,
    work: Work,
    progress: Progress,
    started_at: i64,
    end: Mutex<Option<(JobState, i64)>>,
}

impl Job {
    fn status(&self) -> JobStatus {
        let end = self.end.lock().clone();
        let (state, ended_at) = end.map_or((JobState::Running, None), |(state, at)| (state, Some(at)));
        JobStatus {
            id: self.id.clone(),
            work: self.work.clone(),
            state,
            entries: self.progress.entries(),
            bytes: self.progress.bytes(),
            stopped_at: self.progress.stopped_at(),
            started_at: self.started_at,
            ended_at,
        }
    }

    fn is_running(&self) -> bool {
        self.end.lock().is_none()
    }

    fn is_over_since(&self, moment: i64) -> bool {
        self.end.lock().as_ref().is_some_and(|(_, at)| *at < moment)
    }
}

/// The jobs of each account, the newest last.
#[derive(Default)]
pub(crate) struct Jobs(Mutex<HashMap<String, VecDeque<Arc<Job>>>>);

impl Jobs {
    /// Enters a job, if the account may have another one. What is over for long goes.
    fn enter(&self, username: &str, job: &Arc<Job>, now: i64) -> Result<()> {
        let mut accounts = self.0.lock();
        accounts.retain(|_, jobs| {
            jobs.retain(|job| !job.is_over_since(now - REMEMBERED));
            !jobs.is_empty()
        });
        let jobs = accounts.entry(username.to_owned()).or_default();
        if jobs.iter().filter(|job| job.is_running()).count() >= RUNNING {
            return Err(Error::TooMany);
        }
        while jobs.len() >= KEPT {
            // Those that run are fewer than are kept.
            let Some(oldest) = jobs.iter().position(|job| !job.is_running()) else { break };
            jobs.remove(oldest);
        }
        jobs.push_back(job.clone());
        Ok(())
    }

    fn of(&self, username: &str, now: i64) -> Vec<Arc<Job>> {
        let accounts = self.0.lock();
        let jobs = accounts.get(username).into_iter().flatten();
        jobs.filter(|job| !job.is_over_since(now - REMEMBERED)).cloned().collect()
    }
}

impl UserFs {
    /// Begins a job; it goes on whatever becomes of the caller. The session lives until its end.
    ///
    /// # Errors
    /// `TooMany` when the account has as many as it may have.
    pub fn start_job(&self, work: Work) -> Result<JobStatus> {
        let core = self.core().clone();
        let job = Arc::new(Job {
            id: Uuid::new_v4().simple().to_string(),
            work,
            progress: Progress::default(),
            started_at: core.clock().millis(),
            end: Mutex::default(),
        });
        core.0.jobs.enter(self.username(), &job, core.clock().millis())?;
        let status = job.status();
        core.tasks().spawn(carry_out(core.clone(), self.clone(), job));
        Ok(status)
    }

    /// The jobs of the account that run or ended lately, the oldest first.
    pub fn jobs(&self) -> Vec<JobStatus> {
        let core = self.core();
        core.0.jobs.of(self.username(), core.clock().millis()).iter().map(|job| job.status()).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound` when the account has no job of that id.
    pub fn job(&self, id: &str) -> Result<JobStatus> {
        self.find_job(id).map(|job| job.status())
    }

    /// Tells a job to end at the next entry. One that is over stays as it is.
    ///
    /// # Errors
    /// `NotFound` when the account has no job of that id.
    pub fn cancel_job(&self, id: &str) -> Result<()> {
        self.find_job(id).map(|job| job.progress.cancel())
    }

    fn find_job(&self, id: &str) -> Result<Arc<Job>> {
        let core = self.core();
        let jobs = core.0.jobs.of(self.username(), core.clock().millis());
        jobs.into_iter().find(|job| job.id == id).ok_or(Error::NotFound)
    }
}

/// A stopping server cancels it: a job that goes on at the next start would be another one.
async fn carry_out(core: Core, fs: UserFs, job: Arc<Job>) {
    let stop = core.tasks().stopping();
    let mut running = std::pin::pin!(job.work.run(&fs, &job.progress));
    let result = tokio::select! {
        result = &mut running => result,
        () = stop.cancelled() => {
            job.progress.cancel();
            running.await
        }
    };
    let state = match result {
        Ok(()) => JobState::Done,
        Err(_) if job.progress.is_cancelled() => JobState::Cancelled,
        Err(error) => JobState::Failed(error),
    };
    let (username, kind) = (fs.username(), job.work.kind());
    match &state {
        JobState::Failed(error) => tracing::info!(sender = "jobs", username, kind, job = job.id, %error, "a job failed"),
        state => tracing::debug!(sender = "jobs", username, kind, job = job.id, ?state, "a job ended"),
    }
    *job.end.lock() = Some((state, core.clock().millis()));
}
