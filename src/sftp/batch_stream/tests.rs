use std::{sync::Mutex, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

/// Counts the writes that reach the socket.
struct Counted {
    io: DuplexStream,
    writes: Arc<Mutex<Vec<usize>>>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, out)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = written {
            self.writes.lock().expect("test").push(count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

struct Rig {
    client: DuplexStream,
    server: BatchStream<Counted>,
    writes: Arc<Mutex<Vec<usize>>>,
    batching: Arc<AtomicBool>,
    cut: CancellationToken,
}

fn rig(capacity: usize, batching: bool) -> Rig {
    let (client, io) = duplex(capacity);
    let (writes, batching) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(batching)));
    let cut = CancellationToken::new();
    let server = BatchStream::new(Counted { io, writes: writes.clone() }, batching.clone(), cut.clone());
    Rig { client, server, writes, batching, cut }
}

/// A server in russh's rhythm: read one request whole, write its answer, flush, read the next one.
/// A request is a length byte and so many bytes; the answer is `A` and the first of them.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    loop {
        let length = match stream.read_u8().await {
            Ok(length) => usize::from(length),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return stream.shutdown().await,
            Err(error) => return Err(error),
        };
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        stream.write_all(&[b'A', body[0]]).await?;
        stream.flush().await?;
    }
}

#[tokio::test]
async fn answers_of_requests_that_arrive_together_leave_together() {
    let mut rig = rig(1 << 20, true);
    let requests: Vec<u8> = (0..100).flat_map(|n| [3, n, 0, 0]).collect();
    rig.client.write_all(&requests).await.expect("test");
    let server = tokio::spawn(serve(rig.server));
    let mut answers = [0; 200];
    rig.client.read_exact(&mut answers).await.expect("all answers");
    assert!(answers.chunks(2).enumerate().all(|(n, a)| a == [b'A', u8::try_from(n).expect("small")]));
    assert_eq!(*rig.writes.lock().expect("test"), [200]);
    drop(rig.client);
    server.await.expect("no panic").expect("clean end");
}

#[tokio::test]
async fn nothing_is_held_before_a_subsystem_begins() {
    let mut rig = rig(1 << 20, false);
    rig.client.write_all(&[1, 1, 1, 2, 1, 3]).await.expect("test");
    tokio::spawn(serve(rig.server));
    let mut answers = [0; 6];
    rig.client.read_exact(&mut answers).await.expect("all answers");
    assert_eq!(*rig.writes.lock().expect("test"), [2, 2, 2]);
    rig.batching.store(true, Relaxed);
}

/// The dangerous case: whole requests and a piece of the next one; the client waits for all answers before it goes on.
#[tokio::test]
async fn no_answer_waits_for_the_rest_of_a_cut_request() {
    for capacity in [7, 64, 4096, 1 << 20] {
        let mut rig = rig(capacity, true);
        tokio::spawn(serve(rig.server));
        let mut pending: Vec<u8> = Vec::new();
        for round in 0..2000_u32 {
            let whole = 1 + round % 5;
            for n in 0..whole {
                pending.extend_from_slice(&[4, n as u8, 0, 0, 0]);
            }
            let cut = [200, 9, 9, 9, 9].as_slice();
            let (piece, rest) = cut.split_at((round % 4) as usize);
            pending.extend_from_slice(piece);
            let (mut reader, mut writer) = tokio::io::split(&mut rig.client);
            let mut answers = vec![0; whole as usize * 2];
            let exchange = async { tokio::join!(writer.write_all(&pending), reader.read_exact(&mut answers)) };
            let (sent, got) = tokio::time::timeout(Duration::from_secs(20), exchange).await.expect("an answer was lost");
            sent.expect("test");
            got.expect("test");
            assert!(answers.chunks(2).enumerate().all(|(n, a)| a == [b'A', n as u8]));
            // The rest of the cut request, and its answer comes first in the next round.
            pending.clear();
            if !piece.is_empty() {
                let mut body = rest.to_vec();
                body.resize(201 - piece.len(), 9);
                let mut answer = [0; 2];
                let exchange = async { tokio::join!(writer.write_all(&body), reader.read_exact(&mut answer)) };
                let (_, got) = tokio::time::timeout(Duration::from_secs(20), exchange).await.expect("an answer was lost");
                got.expect("test");
                assert_eq!(answer, [b'A', 9]);
            }
        }
    }
}

#[tokio::test]
async fn what_is_held_leaves_before_the_end_of_input_is_told() {
    let mut rig = rig(1 << 20, true);
    rig.client.write_all(&[1, 1, 1, 2, 9]).await.expect("test");
    rig.client.shutdown().await.expect("test");
    // The last request is cut: the server fails, but the answers before it have left.
    assert!(serve(rig.server).await.is_err());
    let mut answers = Vec::new();
    rig.client.read_to_end(&mut answers).await.expect("test");
    assert_eq!(answers, [b'A', 1, b'A', 2]);
}

#[tokio::test]
async fn held_output_is_bounded_by_flushes_and_bytes() {
    let mut rig = rig(1 << 22, true);
    // 1,000 tiny requests at once: no more than 128 answers in one push.
    let requests: Vec<u8> = (0..1000).flat_map(|_| [1, 7]).collect();
    rig.client.write_all(&requests).await.expect("test");
    tokio::spawn(serve(rig.server));
    let mut answers = vec![0; 2000];
    rig.client.read_exact(&mut answers).await.expect("all answers");
    let writes = rig.writes.lock().expect("test").clone();
    assert!(writes.iter().all(|&count| count <= 2 * (FLUSHES_MAX as usize + 1)), "{writes:?}");
}

#[tokio::test]
async fn a_full_socket_does_not_stop_reading() {
    // The client sends much and reads nothing until all is sent. A server that waited for its answers to leave before
    // it reads would stand still with the client for ever; ours reads until russh itself waits on a flush.
    let mut rig = rig(1 << 16, true);
    let requests: Vec<u8> = (0..20_000).flat_map(|_| [1, 7]).collect();
    tokio::spawn(serve(rig.server));
    tokio::time::timeout(Duration::from_secs(20), rig.client.write_all(&requests))
        .await
        .expect("the server reads")
        .expect("test");
    let mut answers = vec![0; 40_000];
    rig.client.read_exact(&mut answers).await.expect("all answers");
}

#[tokio::test]
async fn an_idle_stream_has_no_buffer() {
    let mut rig = rig(1 << 16, true);
    rig.client.write_all(&[1, 2]).await.expect("test");
    let mut request = [0; 2];
    rig.server.read_exact(&mut request).await.expect("test");
    let waiting = tokio::time::timeout(Duration::from_millis(1), rig.server.read_u8()).await;
    assert!(waiting.is_err());
    assert_eq!(rig.server.input.buffer.capacity(), 0);
}

#[tokio::test]
async fn a_cut_connection_fails_a_waiting_read_and_a_waiting_write() {
    let mut reading = rig(16, true);
    let (_, ended) = tokio::join!(async { reading.cut.cancel() }, reading.server.read_u8());
    assert_eq!(ended.expect_err("cut").kind(), io::ErrorKind::ConnectionAborted);

    let mut writing = rig(16, true);
    let (_, ended) = tokio::join!(async { writing.cut.cancel() }, writing.server.write_all(&[0; 100]));
    assert_eq!(ended.expect_err("cut").kind(), io::ErrorKind::ConnectionAborted);
}
