//! The two ways of a channel that carries a command.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::lane::BoxFuture;

/// Bytes that may wait for a command. Beyond that nothing more is read from the client.
const ROOM: u32 = 1 << 20;
/// How long a client's bytes may wait for room. They never should: this is for one that sends without taking answers.
const PATIENCE: Duration = Duration::from_secs(300);

/// The client is gone, or the channel is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client is gone")]
pub struct Broken;

/// A command took nothing for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stalled;

/// The way to the client.
pub trait Output: Send + Sync + 'static {
    /// Sends data; waits while the client takes nothing.
    fn send(&self, data: Bytes) -> BoxFuture<'_, Result<(), Broken>>;

    /// Sends data that is meant for a human.
    fn complain(&self, text: Bytes) -> BoxFuture<'_, Result<(), Broken>>;
}

/// What a client sent, as the session hands it over.
pub struct Feed {
    queue: Option<mpsc::UnboundedSender<(Bytes, OwnedSemaphorePermit)>>,
    room: Arc<Semaphore>,
}

impl Feed {
    /// Hands over what arrived; waits for room. What nobody reads any more is dropped.
    pub async fn push(&self, data: &[u8]) -> Result<(), Stalled> {
        let Some(queue) = &self.queue else { return Ok(()) };
        let cost = u32::try_from(data.len()).unwrap_or(ROOM).min(ROOM);
        match tokio::time::timeout(PATIENCE, self.room.clone().acquire_many_owned(cost)).await {
            Ok(Ok(permit)) => {
                // The reader may go at any time.
                let _ = queue.send((Bytes::copy_from_slice(data), permit));
                Ok(())
            }
            Ok(Err(_)) => Ok(()),
            Err(_) => Err(Stalled),
        }
    }

    /// The client sends no more.
    pub fn end(&mut self) {
        self.queue = None;
    }
}

/// What a client sent, as a command reads it.
pub struct Input {
    queue: mpsc::UnboundedReceiver<(Bytes, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
    rest: Bytes,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Input {
    fn drop(&mut self) {
        self.room.close();
    }
}

/// A line that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineEnd {
    /// The client sends no more.
    #[error("the client sends no more")]
    End,
    /// The client ended in the middle of it.
    #[error("the line is not complete")]
    Cut,
    /// It is longer than allowed.
    #[error("the line is too long")]
    TooLong,
}

/// A pipe: the end of the session, and the end of the command.
pub fn pipe() -> (Feed, Input) {
    let (sender, queue) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(ROOM as usize));
    let feed = Feed { queue: Some(sender), room: room.clone() };
    (feed, Input { queue, room, rest: Bytes::new(), permit: None })
}

impl Input {
    /// Takes nothing more: what waits and what still arrives is dropped, so that a client that sends before it looks for an
    /// answer comes to look.
    pub fn refuse(&mut self) {
        self.room.close();
        self.queue.close();
        while self.queue.try_recv().is_ok() {}
        (self.rest, self.permit) = (Bytes::new(), None);
    }

    /// The next bytes, at most `most` of them; `None` at the end.
    pub async fn take(&mut self, most: usize) -> Option<Bytes> {
        while self.rest.is_empty() {
            self.permit = None;
            let (data, permit) = self.queue.recv().await?;
            (self.rest, self.permit) = (data, Some(permit));
        }
        Some(self.rest.split_to(most.min(self.rest.len())))
    }

    /// One byte.
    pub async fn byte(&mut self) -> Option<u8> {
        self.take(1).await.and_then(|bytes| bytes.first().copied())
    }

    /// A line without its end, of at most `most` bytes.
    pub async fn line(&mut self, most: usize) -> Result<Vec<u8>, LineEnd> {
        let mut line = Vec::new();
        loop {
            if self.rest.is_empty() {
                let end = if line.is_empty() { LineEnd::End } else { LineEnd::Cut };
                self.rest = self.take(usize::MAX).await.ok_or(end)?;
            }
            let end = self.rest.iter().position(|&byte| byte == b'\n');
            let part = self.rest.split_to(end.unwrap_or(self.rest.len()));
            if line.len() + part.len() > most {
                return Err(LineEnd::TooLong);
            }
            line.extend_from_slice(&part);
            if end.is_some() {
                let _ = self.rest.split_to(1);
                return Ok(line);
            }
        }
    }
}

/// Both ways, as a command has them.
pub struct Terminal {
    /// From the client.
    pub input: Input,
    /// To the client.
    pub output: Box<dyn Output>,
}

impl Terminal {
    /// Sends data.
    pub async fn send(&self, data: impl Into<Bytes>) -> Result<(), Broken> {
        let data = data.into();
        if data.is_empty() { Ok(()) } else { self.output.send(data).await }
    }

    /// Tells a human something.
    pub async fn complain(&self, text: &str) -> Result<(), Broken> {
        self.output.complain(Bytes::from(format!("{}\r\n", one_line(text)))).await
    }
}

/// A text without control characters: names are the client's.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_goes_in_comes_out_in_pieces_lines_and_bytes() {
        let (mut feed, mut input) = pipe();
        for piece in [&b"first li"[..], b"ne\nsec", b"ond\nrest"] {
            feed.push(piece).await.expect("room");
        }
        feed.end();
        assert_eq!(input.line(10).await.as_deref(), Ok(&b"first line"[..]));
        assert_eq!(input.byte().await, Some(b's'));
        assert_eq!(input.line(5).await.as_deref(), Ok(&b"econd"[..]));
        assert_eq!(input.take(100).await.as_deref(), Some(&b"rest"[..]));
        assert_eq!(input.take(1).await, None);
        assert_eq!(input.line(1).await, Err(LineEnd::End));
        let (mut feed, mut input) = pipe();
        feed.push(b"cut").await.expect("room");
        feed.end();
        assert_eq!(input.line(9).await, Err(LineEnd::Cut));
    }

    #[tokio::test]
    async fn a_refused_pipe_drops_what_waits_and_what_comes() {
        let (feed, mut input) = pipe();
        feed.push(&vec![0; ROOM as usize]).await.expect("room");
        let (pushed, ()) = tokio::join!(feed.push(b"more than there is room for"), async { input.refuse() });
        assert_eq!(pushed, Ok(()));
        assert_eq!(futures_util::FutureExt::now_or_never(feed.push(b"later")), Some(Ok(())));
        assert_eq!(input.take(1).await, None);
    }

    #[tokio::test]
    async fn a_long_line_is_refused_before_it_is_kept() {
        let (feed, mut input) = pipe();
        feed.push(&[b'x'; 100]).await.expect("room");
        assert_eq!(input.line(99).await, Err(LineEnd::TooLong));
    }

    #[tokio::test]
    async fn a_full_pipe_stops_its_sender_until_something_is_read() {
        let (feed, mut input) = pipe();
        let half = vec![0; ROOM as usize / 2 + 1];
        feed.push(&half).await.expect("room");
        assert!(futures_util::FutureExt::now_or_never(feed.push(&half)).is_none());
        assert_eq!(input.take(usize::MAX).await.map(|data| data.len()), Some(half.len()));
        // What was taken gives room with the next read.
        let (pushed, _) = tokio::join!(feed.push(&half), input.byte());
        assert_eq!(pushed, Ok(()));
        drop(input);
        assert_eq!(feed.push(&half).await, Ok(()));
    }
}
