//! The slow lane of a channel: everything that could not be answered at once.
//!
//! The task of an SSH session handles all channels of a connection, reads the client's window adjustments and must
//! therefore never wait for a storage, nor for the client to take an answer. What would have to wait comes here: one
//! task per channel, started on first need. It
//!
//! * runs up to [`PARALLEL`] requests at once, in the order that their files ask for ([`Queue`]);
//! * collects answers up to [`CHUNK`] for each message, and sends with backpressure: russh takes nothing from its queue
//!   while a channel has data that the client's window does not admit;
//! * gives the answers of an open file in the order of its requests;
//! * begins no READ while answers wait to be sent (but if the session itself waits for room here), but goes on with everything else: a write gives its bytes back to the
//!   budget when it is *done*, so a client with a shut window cannot block its own session;
//! * answers FAILURE for a job that panics.

mod queue;

use std::{
    future::Future,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

pub use queue::{FileKey, Kind, Order, Overflow, Work};
use queue::{Picked, Queue, Ticket};

use crate::{
    packet::{MAX_DATA, write_data},
    status::Failure,
};

/// Requests that run at once.
pub const PARALLEL: usize = 16;
/// Answers are sent in messages of about this size, in bytes.
pub const CHUNK: usize = 256 << 10;
/// Bytes of requests (data of writes above all) that may wait in a lane.
pub const BUDGET: usize = 8 << 20;
/// Answers, in bytes, that a client may leave untaken before it is disconnected. They are small ones: READs wait.
pub const MAX_UNSENT: usize = 16 << 20;

/// A future of the room.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The whole answer to a request: one message, encoded.
pub type Answer = BoxFuture<'static, BytesMut>;

/// A file that READs come from.
pub trait ReadSource: Send + Sync {
    /// Reads what needs no waiting; `None` = use [`ReadSource::read`]; 0 = end of file.
    fn try_read(&self, offset: u64, buffer: &mut [u8]) -> Result<Option<usize>, Failure>;

    /// Reads up to `length` bytes, fewer only at the end of the file.
    fn read(self: Arc<Self>, offset: u64, length: usize) -> BoxFuture<'static, Result<Bytes, Failure>>;
}

/// Where the answers of a lane go.
pub trait AnswerSink: Send + Sync + 'static {
    /// Sends whole messages; waits while the client takes nothing. When it is done, what was sent before it is with the session
    /// and cannot be overtaken by what that sends itself; nothing may be sent for this alone. `Err` = the connection is gone.
    fn send(&self, answers: Bytes) -> BoxFuture<'_, Result<(), ()>>;

    /// All answers were sent and the client sends no more requests: ends the channel.
    fn finish(&self) -> BoxFuture<'_, ()>;
}

/// Turns a request into an [`Answer`]: its failures and its panics become a STATUS.
pub fn answer<F>(id: u32, future: F) -> Answer
where
    F: Future<Output = Result<BytesMut, Failure>> + Send + 'static,
{
    Box::pin(AssertUnwindSafe(future).catch_unwind().map(move |result| match result {
        Ok(Ok(reply)) => reply,
        Ok(Err(failure)) => failure.reply(id),
        Err(_) => Failure::panicked().reply(id),
    }))
}

/// Polls once; `Some` if the answer needed no waiting.
pub fn poll_once(answer: &mut Answer) -> Option<BytesMut> {
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => Some(reply),
        Poll::Pending => None,
    }
}

/// Answers a READ into `out` if that needs no waiting, errors and end of file included. `false` = it would.
pub fn read_now(out: &mut BytesMut, source: &dyn ReadSource, id: u32, offset: u64, length: u32) -> bool {
    let wanted = usize::try_from(length).unwrap_or(MAX_DATA);
    let flow = write_data(out, id, wanted, |buffer| {
        let read = catch_unwind(AssertUnwindSafe(|| source.try_read(offset, buffer)));
        match read.unwrap_or_else(|_| Err(Failure::panicked())) {
            Ok(Some(0)) => ControlFlow::Break(Some(Failure::end_of_file())),
            Ok(Some(count)) => ControlFlow::Continue(count),
            Ok(None) => ControlFlow::Break(None),
            Err(failure) => ControlFlow::Break(Some(failure)),
        }
    });
    match flow {
        ControlFlow::Continue(_) => true,
        ControlFlow::Break(Some(failure)) => {
            failure.write(out, id);
            true
        }
        ControlFlow::Break(None) => false,
    }
}

/// The answer to a READ that has to wait.
fn read_later(source: Arc<dyn ReadSource>, id: u32, offset: u64, length: u32) -> Answer {
    let wanted = usize::try_from(length).unwrap_or(MAX_DATA).min(MAX_DATA);
    answer(id, async move {
        let data = source.read(offset, wanted).await?;
        if data.is_empty() {
            return Err(Failure::end_of_file());
        }
        let mut out = BytesMut::with_capacity(data.len() + 32);
        let _ = write_data::<()>(&mut out, id, data.len(), |buffer| {
            buffer.copy_from_slice(&data[..buffer.len()]);
            ControlFlow::Continue(buffer.len())
        });
        Ok(out)
    })
}

/// The end of a lane that the session holds. Dropping it ends the task; what runs is abandoned.
pub struct Lane(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    wake: Notify,
    budget: Arc<Semaphore>,
    /// No more requests will come: finish when all is answered.
    draining: AtomicBool,
    /// The client closed the channel: nobody takes answers any more, but what changes files goes on to its end.
    muted: AtomicBool,
    /// The session let go, or the lane gave up.
    ended: AtomicBool,
    /// Jobs done so far: whether a lane moves at all.
    done: AtomicU64,
    /// Requests that the session keeps until there is room for them.
    waiting: AtomicUsize,
}

/// The session waits for room in the lane, as long as this lives.
pub struct Waiting(Arc<Shared>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Release);
    }
}

impl Lane {
    /// A lane that sends into `sink`, and the task that runs it.
    pub fn new<S: AnswerSink>(sink: S) -> (Self, BoxFuture<'static, ()>) {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Notify::new(),
            budget: Arc::new(Semaphore::new(BUDGET)),
            draining: AtomicBool::new(false),
            muted: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            done: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
        });
        (Self(shared.clone()), Box::pin(Runner::new(shared, sink).run()))
    }

    /// The budget for what a request keeps in memory while it waits. See [`Lane::cost`].
    pub fn budget(&self) -> &Arc<Semaphore> {
        &self.0.budget
    }

    /// Tells the lane that the session waits for room, and meanwhile sends nothing.
    pub fn wait(&self) -> Waiting {
        self.0.waiting.fetch_add(1, Ordering::Release);
        self.0.wake.notify_one();
        Waiting(self.0.clone())
    }

    /// What a request of `bytes` takes from the budget: small ones cost their bookkeeping.
    pub fn cost(bytes: usize) -> u32 {
        u32::try_from((bytes + 1024).min(BUDGET)).unwrap_or(u32::MAX)
    }

    /// Jobs done since the lane began.
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// Whether the lane gave up on its client.
    pub fn is_ended(&self) -> bool {
        self.0.ended.load(Ordering::Relaxed)
    }

    /// Queues a READ.
    pub fn push_read(
        &self,
        key: FileKey,
        order: &Arc<Order>,
        source: &Arc<dyn ReadSource>,
        id: u32,
        offset: u64,
        length: u32,
    ) -> Result<(), Overflow> {
        self.0.queue.lock().push_read(key, order, source, id, offset, length)?;
        self.0.wake.notify_one();
        Ok(())
    }

    /// Queues anything else.
    pub fn push_work(&self, key: FileKey, order: &Arc<Order>, work: Work) -> Result<(), Overflow> {
        self.0.queue.lock().push_work(key, order, work)?;
        self.0.wake.notify_one();
        Ok(())
    }

    /// Tells the lane that nothing more will come: it answers what it has, then finishes the channel.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
        self.0.wake.notify_one();
    }

    /// Tells the lane that the channel is closed: READs are dropped, what changes files goes on to its end unheard.
    pub fn mute(self) {
        self.0.muted.store(true, Ordering::Release);
        self.0.draining.store(true, Ordering::Release);
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // A draining lane ends by itself.
        if !self.0.draining.load(Ordering::Acquire) {
            self.0.ended.store(true, Ordering::Release);
        }
        self.0.wake.notify_one();
    }
}

/// A finished job.
struct Done {
    ticket: Ticket,
    reply: BytesMut,
    permit: Option<OwnedSemaphorePermit>,
}

struct Runner<S> {
    shared: Arc<Shared>,
    sink: Arc<S>,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    out: BytesMut,
    sending: Option<BoxFuture<'static, Result<(), ()>>>,
    /// Whose answers are in `out`, in what is being sent, and in what was sent before that.
    told: Told,
    being_told: Told,
    was_told: Told,
}

/// Numbers of answers.
#[derive(Default)]
struct Told(Vec<(Arc<Order>, usize)>);

impl Told {
    fn add(&mut self, order: Arc<Order>, answers: usize) {
        match self.0.iter_mut().rev().find(|(known, _)| Arc::ptr_eq(known, &order)) {
            Some((_, known)) => *known += answers,
            None => self.0.push((order, answers)),
        }
    }

    /// The session has them.
    fn settle(self) {
        for (order, answers) in self.0 {
            order.heard(answers);
        }
    }
}

impl<S: AnswerSink> Runner<S> {
    fn new(shared: Arc<Shared>, sink: S) -> Self {
        Self {
            shared,
            sink: Arc::new(sink),
            running: FuturesUnordered::new(),
            out: BytesMut::new(),
            sending: None,
            told: Told::default(),
            being_told: Told::default(),
            was_told: Told::default(),
        }
    }

    async fn run(mut self) {
        let shared = self.shared.clone();
        loop {
            let muted = shared.muted.load(Ordering::Acquire);
            self.start_jobs(muted);
            if muted {
                self.out.clear();
                self.sending = None;
            }
            self.start_sending();
            if self.out.len() > MAX_UNSENT {
                shared.ended.store(true, Ordering::Release);
            }
            if shared.ended.load(Ordering::Acquire) {
                return;
            }
            // A muted lane leaves READs, and what waits behind them, where they are.
            if self.is_at_rest() && (muted || (shared.draining.load(Ordering::Acquire) && shared.queue.lock().is_empty())) {
                return self.sink.finish().await;
            }
            if self.is_at_rest() && !self.was_told.0.is_empty() {
                let sink = self.sink.clone();
                self.sending = Some(Box::pin(async move { sink.send(Bytes::new()).await }));
            }
            tokio::select! {
                sent = async { match &mut self.sending { Some(sending) => sending.await, None => std::future::pending().await } } => {
                    self.sending = None;
                    std::mem::replace(&mut self.was_told, std::mem::take(&mut self.being_told)).settle();
                    if sent.is_err() {
                        shared.ended.store(true, Ordering::Release);
                    }
                }
                Some(done) = self.running.next() => self.end_job(done),
                () = shared.wake.notified() => {}
            }
        }
    }

    fn is_at_rest(&self) -> bool {
        self.running.is_empty() && self.out.is_empty() && self.sending.is_none()
    }

    fn start_jobs(&mut self, muted: bool) {
        while self.running.len() < PARALLEL {
            // A session that waits for room takes no answers: what it waits for may stand behind READs.
            let room = if self.shared.waiting.load(Ordering::Acquire) > 0 { MAX_UNSENT / 2 } else { CHUNK };
            let picked = self.shared.queue.lock().pick(!muted && self.out.len() < room);
            let Some((ticket, picked)) = picked else { return };
            match picked {
                Picked::Read { source, id, offset, length } => {
                    let mut reply = BytesMut::new();
                    let out = if ticket.is_next { &mut self.out } else { &mut reply };
                    if read_now(out, source.as_ref(), id, offset, length) {
                        // Before the job counts as done: a CLOSE then expects to be the last holder of the file.
                        drop(source);
                        self.end_job(Done { ticket, reply, permit: None });
                    } else {
                        self.run_job(ticket, read_later(source, id, offset, length), None);
                    }
                }
                // A first poll at once: what needs no waiting happens in the order in which it was asked for.
                Picked::Work(Work { mut answer, permit, .. }) => match poll_once(&mut answer) {
                    Some(reply) => self.end_job(Done { ticket, reply, permit }),
                    None => self.run_job(ticket, answer, permit),
                },
            }
        }
    }

    fn run_job(&self, ticket: Ticket, answer: Answer, permit: Option<OwnedSemaphorePermit>) {
        self.running.push(Box::pin(answer.map(move |reply| Done { ticket, reply, permit })));
    }

    fn end_job(&mut self, done: Done) {
        let told = self.shared.queue.lock().finish(done.ticket, done.reply, &mut self.out);
        drop(done.permit);
        if let Some((order, answers)) = told {
            self.told.add(order, answers);
        }
        self.shared.done.fetch_add(1, Ordering::Relaxed);
    }

    fn start_sending(&mut self) {
        if self.sending.is_none() && !self.out.is_empty() {
            let (sink, answers) = (self.sink.clone(), self.out.split().freeze());
            self.being_told = std::mem::take(&mut self.told);
            self.sending = Some(Box::pin(async move { sink.send(answers).await }));
        }
    }
}

#[cfg(test)]
mod tests;
