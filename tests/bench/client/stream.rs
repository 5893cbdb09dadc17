//! The socket of the fast client: big reads, and output held back while there is still input to
//! handle, so that the client costs few system calls and the server's speed is what is seen.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

const INPUT: usize = 256 << 10;
const HOLD_MAX: usize = 256 << 10;

/// A TCP stream with a read buffer and batched writes. What is held leaves before a read waits.
pub struct BatchedStream {
    socket: TcpStream,
    input: Vec<u8>,
    at: usize,
    end: usize,
    held: Vec<u8>,
    sent: usize,
}

impl BatchedStream {
    /// Wraps a connected socket and switches Nagle's algorithm off.
    pub fn new(socket: TcpStream) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self { socket, input: Vec::new(), at: 0, end: 0, held: Vec::new(), sent: 0 })
    }

    fn pending(&self) -> usize {
        self.held.len() - self.sent
    }

    fn push(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.pending() > 0 {
            let part = &self.held[self.sent..];
            match ready!(Pin::new(&mut self.socket).poll_write(context, part))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.sent += n,
            }
        }
        self.held.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for BatchedStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.at == me.end {
            me.input.resize(INPUT, 0);
            let mut buffer = ReadBuf::new(&mut me.input);
            let outcome = Pin::new(&mut me.socket).poll_read(context, &mut buffer);
            (me.at, me.end) = (0, buffer.filled().len());
            if me.end == 0 {
                // An idle connection keeps no buffer: hundreds of them are held open.
                me.input = Vec::new();
                if let Poll::Ready(Err(error)) = me.push(context) {
                    return Poll::Ready(Err(error));
                }
                return outcome;
            }
        }
        let n = out.remaining().min(me.end - me.at);
        out.put_slice(&me.input[me.at..me.at + n]);
        me.at += n;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for BatchedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        if me.pending() + bytes.len() > HOLD_MAX {
            ready!(me.push(context))?;
        }
        if me.pending() == 0 && (me.at == me.end || bytes.len() >= HOLD_MAX / 4) {
            return Pin::new(&mut me.socket).poll_write(context, bytes);
        }
        me.held.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        if me.pending() > 0 && me.pending() < HOLD_MAX && me.at < me.end {
            return Poll::Ready(Ok(()));
        }
        ready!(me.push(context))?;
        Pin::new(&mut me.socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        ready!(me.push(context))?;
        Pin::new(&mut me.socket).poll_shutdown(context)
    }
}
