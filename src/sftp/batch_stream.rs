//! The stream between the socket and russh: answers of many small requests leave in one packet.
//!
//! russh handles one SSH packet, then writes and flushes, then reads the next one. Left alone, each WRITE of 32 KiB
//! costs one `send` of 30 bytes and one wake-up of the client. This stream reads ahead (256 KiB at a time) and, while
//! it still has input to give, takes a flush for done without sending. The rule that makes it safe: **what is held
//! leaves before anything can wait.** In detail:
//!
//! 1. A flush with unread input in the buffer, below all bounds, holds. Otherwise it pushes.
//! 2. A read on an empty buffer tries the socket first: if data is there, holding goes on; if it would block, ended or
//!    failed, what is held is pushed before that is answered.
//! 3. Past a bound (bytes held, flushes held, input handled since the last push) the stream pushes before it reads,
//!    and a flush is a real one: russh's own backpressure.
//! 4. A full socket is no reason to stop reading (the wakers of both directions are set); a shutdown pushes.
//! 5. Nothing is held before a file subsystem has begun: while logging in a handler may wait long for a hook, and
//!    answers held before it would wait as well.
//!
//! It is also where a connection can be cut: russh listens to nothing during a key exchange, so a client that stalls one
//! could not be told to leave. A cancelled token fails the next read or write, whatever state the session is in.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::pool;

/// Most bytes of output held.
const HOLD_MAX: usize = 256 << 10;
/// Most flushes held.
const FLUSHES_MAX: u32 = 128;
/// Most bytes of input handled since the last push.
const READ_MAX: usize = 2 << 20;
/// A piece of output this big is not copied, if nothing is held before it.
const DIRECT: usize = HOLD_MAX / 4;
/// Capacity that the buffer of held output keeps between pushes.
const KEEP_CAPACITY: usize = 64 << 10;

/// Input that was received and not handed on: `buffer[at..end]`. Without input there is no buffer, but while reading.
#[derive(Default)]
struct Input {
    buffer: Vec<u8>,
    at: usize,
    end: usize,
}

impl Input {
    fn is_empty(&self) -> bool {
        self.at == self.end
    }

    fn hand_on(&mut self, out: &mut ReadBuf<'_>) {
        let count = out.remaining().min(self.end - self.at);
        out.put_slice(&self.buffer[self.at..self.at + count]);
        self.at += count;
    }

    fn release(&mut self) {
        pool::give(std::mem::take(&mut self.buffer));
        (self.at, self.end) = (0, 0);
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.release();
    }
}

/// Output that waits for its push: `bytes[sent..]`, and what counts against the bounds.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    sent: usize,
    flushes: u32,
    input: usize,
}

impl Held {
    fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is_below_bounds(&self) -> bool {
        self.len() < HOLD_MAX && self.flushes < FLUSHES_MAX && self.input < READ_MAX
    }

    fn clear(&mut self) {
        if self.bytes.capacity() > KEEP_CAPACITY {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
        (self.sent, self.flushes, self.input) = (0, 0, 0);
    }
}

/// See the module.
pub struct BatchStream<S> {
    io: S,
    input: Input,
    held: Held,
    batching: Arc<AtomicBool>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> BatchStream<S> {
    /// Wraps `io`. `batching` is set when a file subsystem begins; cancelling `cut` ends the connection at once.
    pub fn new(io: S, batching: Arc<AtomicBool>, cut: CancellationToken) -> Self {
        Self { io, input: Input::default(), held: Held::default(), batching, cut: Box::pin(cut.cancelled_owned()) }
    }

    fn may_hold(&self) -> bool {
        self.batching.load(Relaxed) && self.held.is_below_bounds()
    }

    /// Fails once the connection is cut; registers the waker for that.
    fn check_cut(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }

    fn push(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, &self.held.bytes[self.held.sent..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => self.held.sent += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.check_cut(cx)?;
                    return Poll::Pending;
                }
            }
        }
        self.held.clear();
        Poll::Ready(Ok(()))
    }

    /// Pushes without waiting for it: only an error counts.
    fn push_some(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.push(cx) {
            Poll::Ready(Err(error)) => Err(error),
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    /// Fills the empty input buffer from the socket; ready with nothing in it means the end.
    fn receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.held.is_empty() && !self.may_hold() {
            self.push_some(cx)?;
        }
        if self.input.buffer.is_empty() {
            self.input.buffer = pool::take();
        }
        let mut buffer = ReadBuf::new(&mut self.input.buffer);
        let received = Pin::new(&mut self.io).poll_read(cx, &mut buffer);
        (self.input.at, self.input.end) = (0, buffer.filled().len());
        if self.input.is_empty() {
            self.input.release();
            self.push_some(cx)?;
            if received.is_pending() {
                self.check_cut(cx)?;
            }
        } else if !self.held.is_empty() {
            self.held.input += self.input.end;
        }
        received
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for BatchStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.input.is_empty() {
            ready!(this.receive(cx))?;
        }
        this.input.hand_on(out);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for BatchStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.held.len() + bytes.len() > HOLD_MAX {
            ready!(this.push(cx))?;
        }
        // No copy where nothing would be held back anyway, nor of a big piece.
        if this.held.is_empty() && (this.input.is_empty() || bytes.len() >= DIRECT) {
            let written = Pin::new(&mut this.io).poll_write(cx, bytes);
            if written.is_pending() {
                this.check_cut(cx)?;
            }
            return written;
        }
        this.held.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.held.is_empty() && !this.input.is_empty() && this.may_hold() {
            this.held.flushes += 1;
            return Poll::Ready(Ok(()));
        }
        ready!(this.push(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.push(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
