//! A channel that carries SFTP: cuts its stream into requests and answers each inline or through its lane.
//!
//! Inline is the rule: a READ from the page cache, a WRITE to a local file and a STAT on a local disk need no waiting, and
//! another task would cost more than they do. Every other operation is polled once; what is not ready then goes to the
//! [`Lane`]. READs are inline only while the client takes their data: what it asks for beyond its window must not pile up
//! here (performance design, section 3).

mod requests;

use std::{pin::pin, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use entrepot_model::VirtualPath;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::{
    context::ChannelContext,
    lane::{Answer, CHUNK, Kind, Lane, MAX_UNSENT, Order, Overflow, ReadSource, Work, answer, poll_once, read_now},
    operations::{self, success},
    packet::{Assembler, Message, MessageError, Request, StatusCode, write_status, write_version},
    status::Failure,
};

/// Bytes that one callback may answer inline; the next READs go to the lane.
const CALLBACK_BUDGET: usize = 1 << 20;

/// What a WRITE that waits for a rate takes of the lane, as a multiple of its size. It gains nothing by waiting here and not
/// on the client's side, and a queue is held for as long as it takes at that rate, even when the client has gone.
const THROTTLED_WEIGHT: usize = 16;

/// How long the lane may stand still while the session waits for room in it. It never should: this is for a client that
/// shut its window and made its writes wait behind its reads.
const PATIENCE: Duration = Duration::from_secs(300);

/// The way back to the client.
pub trait Port: Send {
    /// Sends whole messages; never waits.
    fn send(&mut self, answers: Bytes);

    /// Whether the client has not taken what was sent: its window is shut, or keys are being exchanged.
    fn is_blocked(&self) -> bool;
}

/// Why a channel cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fatal {
    /// What arrives is not SFTP, or a message is too large (SFTP-004): the channel is closed.
    Protocol(&'static str),
    /// The client asks and asks and takes no answers: it is disconnected.
    Flood,
    /// The session was ended from outside: the channel is closed.
    Ended,
}

impl From<Overflow> for Fatal {
    fn from(Overflow: Overflow) -> Self {
        Self::Flood
    }
}

/// Starts the lane of a channel on first need.
pub type LaneStarter = Box<dyn Fn(&Arc<ChannelContext>) -> Lane + Send>;

/// See the module.
pub struct Channel {
    context: Arc<ChannelContext>,
    ended: CancellationToken,
    assembler: Assembler,
    is_initialised: bool,
    lane: Option<Lane>,
    start_lane: LaneStarter,
    /// Order of requests without a file: they have none, but are counted.
    free: Arc<Order>,
    /// Bytes sent since the client last took everything.
    unsent: usize,
}

/// Answers of one callback.
#[derive(Default)]
struct Answers {
    out: BytesMut,
    sent: usize,
}

impl Answers {
    fn produced(&self) -> usize {
        self.sent + self.out.len()
    }

    fn fail(&mut self, id: u32, failure: &Failure) {
        failure.write(&mut self.out, id);
    }
}

/// An operation on its way: inline if it can be, else to the lane.
struct Pending {
    answer: Answer,
    target: Target,
    /// Whether the answer may be long (READDIR).
    bulky: bool,
    /// Bytes of the request.
    size: usize,
}

/// What an operation must keep its order with.
enum Target {
    /// An open file or directory, under its handle.
    Open(u32, Arc<Order>),
    /// A file that is being closed, under the handle it had.
    Closing(u32, Arc<Order>, VirtualPath),
    /// Names.
    Paths(Vec<VirtualPath>),
}

impl Channel {
    /// A channel whose subsystem was just requested.
    pub fn new(context: ChannelContext, start_lane: LaneStarter) -> Self {
        Self {
            ended: context.session.ended(),
            context: Arc::new(context),
            assembler: Assembler::default(),
            is_initialised: false,
            lane: None,
            start_lane,
            free: Arc::default(),
            unsent: 0,
        }
    }

    /// Takes in what the client sent. It waits only for room in the lane.
    pub async fn receive<P: Port>(&mut self, input: &[u8], port: &mut P) -> Result<(), Fatal> {
        if self.ended.is_cancelled() {
            return Err(Fatal::Ended);
        }
        if self.lane.as_ref().is_some_and(Lane::is_ended) {
            return Err(Fatal::Flood);
        }
        self.context.session.touch();
        let mut answers = Answers::default();
        let mut assembler = std::mem::take(&mut self.assembler);
        let result = self.answer_all(&mut assembler, input, &mut answers, port).await;
        self.assembler = assembler;
        self.send(&mut answers, port)?;
        result
    }

    /// The client sends no more. Hands the channel to its lane, which finishes it when all is answered; without a lane
    /// there is nothing left to answer, and `false` says that the caller has to finish it.
    pub fn finish(self) -> bool {
        match self.lane {
            Some(lane) => {
                lane.drain();
                true
            }
            None => false,
        }
    }

    /// The client closed the channel: nobody waits for answers, but a CLOSE that was asked for is done.
    pub fn abandon(self) {
        if let Some(lane) = self.lane {
            lane.mute();
        }
    }

    async fn answer_all<P: Port>(
        &mut self,
        assembler: &mut Assembler,
        mut input: &[u8],
        answers: &mut Answers,
        port: &mut P,
    ) -> Result<(), Fatal> {
        while let Some(message) = assembler.next(&mut input).map_err(|_| Fatal::Protocol("message too large"))? {
            self.answer_one(message, answers, port).await?;
            if answers.out.len() >= CHUNK {
                self.send(answers, port)?;
            }
        }
        Ok(())
    }

    async fn answer_one<P: Port>(&mut self, message: &[u8], answers: &mut Answers, port: &mut P) -> Result<(), Fatal> {
        let (id, request) = match Message::decode(message) {
            Ok(Message::Init { .. }) => {
                self.is_initialised = true;
                write_version(&mut answers.out);
                return Ok(());
            }
            Ok(Message::Request { .. }) | Err(MessageError::Request { .. }) if !self.is_initialised => {
                return Err(Fatal::Protocol("a request before INIT"));
            }
            Ok(Message::Request { id, request }) => (id, request),
            Err(MessageError::Request { id, .. }) => {
                write_status(&mut answers.out, id, StatusCode::BadMessage, StatusCode::BadMessage.text());
                return Ok(());
            }
            Err(MessageError::Message) => return Err(Fatal::Protocol("malformed message")),
        };
        match request {
            Request::Read { handle, offset, length } => self.read(id, handle, offset, length, answers, port),
            Request::Write { handle, offset, data } => self.write(id, handle, offset, data, answers).await,
            other => match requests::prepare(&self.context, id, other, message.len(), &mut answers.out) {
                Ok(Some(pending)) => {
                    let may_answer = !(pending.bulky && port.is_blocked());
                    self.run(pending, may_answer, answers).await
                }
                Ok(None) => Ok(()),
                Err(failure) => {
                    answers.fail(id, &failure);
                    Ok(())
                }
            },
        }
    }

    fn read<P: Port>(
        &mut self,
        id: u32,
        handle: &[u8],
        offset: u64,
        length: u32,
        answers: &mut Answers,
        port: &P,
    ) -> Result<(), Fatal> {
        let found = self.context.handles.lock().file(handle);
        let (number, file) = match found {
            Ok(found) => found,
            Err(failure) => {
                answers.fail(id, &failure);
                return Ok(());
            }
        };
        let is_inline = file.order.is_quiet() && answers.produced() < CALLBACK_BUDGET && !port.is_blocked();
        if is_inline && read_now(&mut answers.out, file.as_ref(), id, offset, length) {
            return Ok(());
        }
        let order = file.order.clone();
        let source: Arc<dyn ReadSource> = file;
        self.lane().push_read(Some(number), &order, &source, id, offset, length)?;
        Ok(())
    }

    async fn write(&mut self, id: u32, handle: &[u8], offset: u64, data: &[u8], answers: &mut Answers) -> Result<(), Fatal> {
        let found = self.context.handles.lock().file(handle);
        let (number, file) = match found {
            Ok(found) => found,
            Err(failure) => {
                answers.fail(id, &failure);
                return Ok(());
            }
        };
        if file.order.is_quiet() {
            match file.try_write(offset, data) {
                Ok(true) => {
                    write_status(&mut answers.out, id, StatusCode::Ok, "");
                    return Ok(());
                }
                Ok(false) => {}
                Err(failure) => {
                    answers.fail(id, &failure);
                    return Ok(());
                }
            }
        }
        let weight = if file.is_throttled() { THROTTLED_WEIGHT } else { 1 };
        let permit = self.reserve(data.len() * weight).await?;
        let order = file.order.clone();
        let answer = answer(id, operations::write(id, file, offset, Bytes::copy_from_slice(data)));
        let work = Work { answer, kind: Kind::Write, bulky: false, after: Vec::new(), permit: Some(permit) };
        self.lane().push_work(Some(number), &order, work)?;
        Ok(())
    }

    /// Polls an operation once if nothing stands before it; else, or if it is not ready, the lane takes it.
    async fn run(&mut self, pending: Pending, may_answer: bool, answers: &mut Answers) -> Result<(), Fatal> {
        let Pending { mut answer, target, bulky, size } = pending;
        let after = match &target {
            Target::Paths(paths) => self.context.closing_at(paths),
            Target::Open(..) | Target::Closing(..) => Vec::new(),
        };
        let is_free = match &target {
            Target::Open(_, order) | Target::Closing(_, order, _) => order.is_quiet(),
            Target::Paths(_) => after.is_empty(),
        };
        if is_free
            && may_answer
            && let Some(reply) = poll_once(&mut answer)
        {
            answers.out.extend_from_slice(&reply);
            return Ok(());
        }
        let permit = if bulky { None } else { Some(self.reserve(size).await?) };
        let (key, order, kind) = match target {
            Target::Open(number, order) => (Some(number), order, Kind::Alone),
            Target::Closing(number, order, path) => {
                self.context.note_closing(path, order.clone());
                (Some(number), order, Kind::Alone)
            }
            Target::Paths(_) => (None, self.free.clone(), Kind::Free),
        };
        let noted = self.lane().push_work(key, &order, Work { answer, kind, bulky, after, permit });
        Ok(noted?)
    }

    /// Room in the lane for a request of `bytes`. This is what stops the client's stream: nothing more is read meanwhile.
    async fn reserve(&mut self, bytes: usize) -> Result<OwnedSemaphorePermit, Fatal> {
        let (cost, ended) = (Lane::cost(bytes), self.ended.clone());
        let lane = self.lane();
        if let Ok(permit) = lane.budget().clone().try_acquire_many_owned(cost) {
            return Ok(permit);
        }
        let _waiting = lane.wait();
        let mut permit = pin!(lane.budget().clone().acquire_many_owned(cost));
        let mut done = lane.done();
        loop {
            tokio::select! {
                permit = &mut permit => return permit.map_err(|_| Fatal::Ended),
                () = ended.cancelled() => return Err(Fatal::Ended),
                () = tokio::time::sleep(PATIENCE) => {
                    if lane.done() == done || lane.is_ended() {
                        return Err(Fatal::Flood);
                    }
                    done = lane.done();
                }
            }
        }
    }

    fn lane(&mut self) -> &Lane {
        self.lane.get_or_insert_with(|| (self.start_lane)(&self.context))
    }

    fn send<P: Port>(&mut self, answers: &mut Answers, port: &mut P) -> Result<(), Fatal> {
        let length = answers.out.len();
        if length > 0 {
            answers.sent += length;
            port.send(answers.out.split().freeze());
            self.unsent = if port.is_blocked() { self.unsent + length } else { 0 };
        }
        if self.unsent > MAX_UNSENT { Err(Fatal::Flood) } else { Ok(()) }
    }
}

/// The answer to a request that needs nothing looked up.
fn plain(out: &mut BytesMut, id: u32) {
    out.extend_from_slice(&success(id));
}
