//! What waits in a lane, and what may run beside what.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::BytesMut;
use tokio::sync::OwnedSemaphorePermit;

use super::{Answer, PARALLEL, ReadSource};

/// Entries (runs of READs, bulky requests) that may wait. A client that reads ahead a whole file needs one; one above
/// this plays a game (performance design, section 3).
pub const MAX_ENTRIES: usize = 4096;

/// Bytes of answers that may wait for earlier ones; the last that began are beyond it.
const HELD: usize = 4 << 20;

/// What a lane has of one open file. While it has anything, the requests of that file go to the lane as well: so they keep
/// their order, and so do their answers.
#[derive(Debug, Default)]
pub struct Order {
    /// Jobs that wait or run.
    jobs: AtomicUsize,
    /// Jobs whose answer is not with the session yet.
    owed: AtomicUsize,
}

impl Order {
    /// Whether all that was asked of this file is done.
    pub fn is_idle(&self) -> bool {
        self.jobs.load(Ordering::Acquire) == 0
    }

    /// Whether all that was asked of this file is answered, too: an answer given now is no earlier than the others.
    pub fn is_quiet(&self) -> bool {
        self.owed.load(Ordering::Acquire) == 0
    }

    /// So many answers have reached the session.
    pub(super) fn heard(&self, answers: usize) {
        self.owed.fetch_sub(answers, Ordering::Release);
    }

    fn begin(&self) {
        self.owed.fetch_add(1, Ordering::Release);
        self.jobs.fetch_add(1, Ordering::Release);
    }
}

/// What a job does to its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Runs beside others of its kind.
    Read,
    /// Runs beside others of its kind.
    Write,
    /// Waits for all before it, and all after it wait: CLOSE, FSTAT, FSETSTAT, READDIR, …
    Alone,
    /// Belongs to no open file; runs beside everything.
    Free,
}

/// A request that is being answered by a future.
pub struct Work {
    /// The answer, polled at least once.
    pub answer: Answer,
    /// How it behaves towards others of its file.
    pub kind: Kind,
    /// Whether its answer may be long: such a one waits while the client takes nothing.
    pub bulky: bool,
    /// Begins only when these files have no jobs left: files being closed, under the name that this work is about.
    pub after: Vec<Arc<Order>>,
    /// Given back when the work is done, whether or not the answer could be sent.
    pub permit: Option<OwnedSemaphorePermit>,
}

/// READs at equal steps: what a client that reads ahead sends, in one entry.
struct ReadRun {
    source: Arc<dyn ReadSource>,
    id: u32,
    id_step: u32,
    offset: u64,
    length: u32,
    count: u32,
}

impl ReadRun {
    /// Adds a READ if it continues the run.
    fn extend(&mut self, id: u32, offset: u64, length: u32) -> bool {
        if length != self.length || self.count == u32::MAX {
            return false;
        }
        let id_step = if self.count == 1 { id.wrapping_sub(self.id) } else { self.id_step };
        let next_id = self.id.wrapping_add(id_step.wrapping_mul(self.count));
        let next_offset = u64::from(self.count).checked_mul(u64::from(length)).and_then(|ahead| self.offset.checked_add(ahead));
        if id != next_id || Some(offset) != next_offset {
            return false;
        }
        self.id_step = id_step;
        self.count += 1;
        true
    }

    /// Takes the first READ off the run.
    fn take(&mut self) -> Picked {
        let picked = Picked::Read { source: self.source.clone(), id: self.id, offset: self.offset, length: self.length };
        self.id = self.id.wrapping_add(self.id_step);
        self.offset = self.offset.saturating_add(u64::from(self.length));
        self.count -= 1;
        picked
    }
}

enum Job {
    Reads(ReadRun),
    Work(Work),
}

impl Job {
    fn kind(&self) -> Kind {
        match self {
            Self::Reads(_) => Kind::Read,
            Self::Work(work) => work.kind,
        }
    }

    fn is_bulky(&self) -> bool {
        match self {
            Self::Reads(_) => true,
            Self::Work(work) => work.bulky,
        }
    }

    fn is_held_up(&self) -> bool {
        match self {
            Self::Reads(_) => false,
            Self::Work(work) => work.after.iter().any(|order| !order.is_idle()),
        }
    }
}

/// Work that may begin now.
pub enum Picked {
    /// One READ.
    Read {
        /// The open file.
        source: Arc<dyn ReadSource>,
        /// Id of the request.
        id: u32,
        /// Where.
        offset: u64,
        /// How much.
        length: u32,
    },
    /// Anything else.
    Work(Work),
}

/// The key of an open file in the queue: its handle. `None` is the queue of requests without a file.
pub type FileKey = Option<u32>;

/// A job that began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// Whose.
    pub key: FileKey,
    number: u64,
    /// Nothing before it waits for its answer.
    pub is_next: bool,
}

struct FileQueue {
    order: Arc<Order>,
    jobs: VecDeque<Job>,
    running: usize,
    running_kind: Kind,
    /// Jobs that began so far.
    begun: u64,
    /// Jobs whose answers are out.
    answered: u64,
    /// Answers that came before those of earlier requests.
    held: BTreeMap<u64, BytesMut>,
}

impl FileQueue {
    /// Takes an answer, and gives those out whose turn it is. Answers how many; `held` counts the bytes of the others.
    ///
    /// Nothing in the drafts asks for the order of the requests, but clients go by it, for other servers work one request
    /// after the other: `scp` of OpenSSH before 9.3 cuts a file after the first answer that is early, paramiko waits for
    /// ever for one that it has taken already.
    fn answer(&mut self, ticket: Ticket, reply: BytesMut, out: &mut BytesMut, held: &mut usize) -> usize {
        if ticket.key.is_none() {
            out.extend_from_slice(&reply);
            return 1;
        }
        if ticket.number != self.answered {
            *held += reply.len();
            self.held.insert(ticket.number, reply);
            return 0;
        }
        out.extend_from_slice(&reply);
        let before = self.answered;
        self.answered += 1;
        while let Some(reply) = self.held.remove(&self.answered) {
            *held -= reply.len();
            out.extend_from_slice(&reply);
            self.answered += 1;
        }
        usize::try_from(self.answered - before).unwrap_or(usize::MAX)
    }

    /// Brings a job that may start to the front, and tells whether there is one. Jobs of a file keep their order; those
    /// without a file have none, so one that is held up lets others pass.
    ///
    /// A job whose answer has to wait for another begins only while `may_hold`: one that hangs must not fill the memory, and
    /// stops no other file.
    fn may_start(&mut self, may_send: bool, may_hold: bool) -> bool {
        let may = |job: &Job| (may_send || !job.is_bulky()) && !job.is_held_up();
        let Some(front) = self.jobs.front() else { return false };
        if front.kind() == Kind::Free {
            let first = self.jobs.iter().position(may);
            if let Some(at) = first
                && let Some(job) = self.jobs.remove(at)
            {
                self.jobs.push_front(job);
            }
            return first.is_some();
        }
        let fits = self.running == 0 || (front.kind() == self.running_kind && front.kind() != Kind::Alone);
        let ahead = self.begun - self.answered;
        fits && may(front) && (ahead == 0 || (may_hold && ahead < PARALLEL as u64))
    }
}

/// More entries than a client has use for: it is to be disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

/// The jobs of a channel that wait or run.
#[derive(Default)]
pub struct Queue {
    files: HashMap<FileKey, FileQueue>,
    /// Files with waiting jobs, each once; the first has its turn.
    turns: VecDeque<FileKey>,
    entries: usize,
    /// Bytes of answers that wait for earlier ones.
    held: usize,
}

impl Queue {
    /// Adds a READ.
    pub fn push_read(
        &mut self,
        key: FileKey,
        order: &Arc<Order>,
        source: &Arc<dyn ReadSource>,
        id: u32,
        offset: u64,
        length: u32,
    ) -> Result<(), Overflow> {
        if let Some(file) = self.files.get_mut(&key)
            && let Some(Job::Reads(run)) = file.jobs.back_mut()
            && run.extend(id, offset, length)
        {
            file.order.begin();
            return Ok(());
        }
        let run = ReadRun { source: source.clone(), id, id_step: 0, offset, length, count: 1 };
        self.push(key, order, Job::Reads(run))
    }

    /// Adds other work.
    pub fn push_work(&mut self, key: FileKey, order: &Arc<Order>, work: Work) -> Result<(), Overflow> {
        self.push(key, order, Job::Work(work))
    }

    fn push(&mut self, key: FileKey, order: &Arc<Order>, job: Job) -> Result<(), Overflow> {
        if job.is_bulky() {
            if self.entries >= MAX_ENTRIES {
                return Err(Overflow);
            }
            self.entries += 1;
        }
        let file = self.files.entry(key).or_insert_with(|| FileQueue {
            order: order.clone(),
            jobs: VecDeque::new(),
            running: 0,
            running_kind: Kind::Free,
            begun: 0,
            answered: 0,
            held: BTreeMap::new(),
        });
        if file.jobs.is_empty() {
            self.turns.push_back(key);
        }
        file.order.begin();
        file.jobs.push_back(job);
        Ok(())
    }

    /// The next job that may begin, files taking turns. `may_send` is false while the client takes no answers: bulky
    /// requests then wait, all others go on.
    pub fn pick(&mut self, may_send: bool) -> Option<(Ticket, Picked)> {
        for _ in 0..self.turns.len() {
            let key = self.turns.pop_front()?;
            let Some(file) = self.files.get_mut(&key) else { continue };
            let picked = if file.may_start(may_send, self.held < HELD) { Self::start(file, &mut self.entries) } else { None };
            if !file.jobs.is_empty() {
                self.turns.push_back(key);
            }
            if let Some(picked) = picked {
                let ticket = Ticket { key, number: file.begun, is_next: file.begun == file.answered };
                file.begun += 1;
                return Some((ticket, picked));
            }
        }
        None
    }

    fn start(file: &mut FileQueue, entries: &mut usize) -> Option<Picked> {
        let job = file.jobs.front_mut()?;
        file.running_kind = job.kind();
        file.running += 1;
        if let Job::Reads(run) = job {
            let picked = run.take();
            if run.count == 0 {
                file.jobs.pop_front();
                *entries -= 1;
            }
            return Some(picked);
        }
        match file.jobs.pop_front()? {
            Job::Work(work) => {
                *entries -= usize::from(work.bulky);
                Some(Picked::Work(work))
            }
            Job::Reads(_) => None,
        }
    }

    /// Takes the answer of a job that is done, and puts into `out` the answers of its file whose turn it is: that of a request
    /// waits for those of the requests before it. Answers how many, and of which file.
    pub fn finish(&mut self, ticket: Ticket, reply: BytesMut, out: &mut BytesMut) -> Option<(Arc<Order>, usize)> {
        let file = self.files.get_mut(&ticket.key)?;
        let answers = file.answer(ticket, reply, out, &mut self.held);
        file.running -= 1;
        file.order.jobs.fetch_sub(1, Ordering::Release);
        let order = file.order.clone();
        if file.running == 0 && file.jobs.is_empty() {
            self.files.remove(&ticket.key);
        }
        (answers > 0).then_some((order, answers))
    }

    /// Whether nothing waits or runs.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests;
