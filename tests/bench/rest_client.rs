//! A client for many requests: HTTP/1.1 over kept connections, one request in flight on each, so that the server's speed is
//! what is seen and the time of each answer is known.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Longest header line and longest body that an answer may have.
const LINE_MAX: u64 = 16 << 10;
const BODY_MAX: usize = 1 << 20;

/// How hard the server is asked.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// The next request as soon as the answer is there.
    Closed,
    /// So many requests per second over all connections, whether answers come or not; time is counted from when a request
    /// was due, so that a server that stalls is not forgiven the requests that had to wait.
    PerSecond(f64),
}

/// Makes the n-th request, as bytes.
pub type Maker = std::sync::Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Time of each answer.
    pub times: Vec<Duration>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

impl Outcome {
    /// The time that `part` of all answers (0 to 1) did not exceed, in milliseconds.
    pub fn quantile(&mut self, part: f64) -> f64 {
        self.times.sort_unstable();
        let last = self.times.len().saturating_sub(1);
        self.times.get((last as f64 * part).round() as usize).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

/// A request with a bearer token and, perhaps, a JSON body.
pub fn request(port: u16, method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends requests over `connections` connections for `length`; every answer must have the status `expected`.
pub async fn run(port: u16, connections: u64, length: Duration, pace: Pace, expected: u16, make: Maker) -> Result<Outcome> {
    let start = Instant::now();
    let mut workers = JoinSet::new();
    for number in 0..connections {
        let make = make.clone();
        workers.spawn(async move { work(port, number, connections, start, length, pace, expected, make).await });
    }
    let mut outcome = Outcome::default();
    while let Some(times) = workers.join_next().await {
        outcome.times.extend(times.context("worker")??);
    }
    outcome.elapsed = start.elapsed();
    Ok(outcome)
}

#[allow(clippy::too_many_arguments, reason = "one call, above")]
async fn work(
    port: u16,
    number: u64,
    connections: u64,
    start: Instant,
    length: Duration,
    pace: Pace,
    expected: u16,
    make: Maker,
) -> Result<Vec<Duration>> {
    let socket = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.set_nodelay(true)?;
    let mut socket = BufReader::new(socket);
    let mut times = Vec::new();
    for turn in 0.. {
        let index = turn * connections + number;
        let due = match pace {
            Pace::Closed => Instant::now(),
            Pace::PerSecond(rate) => start + Duration::from_secs_f64(index as f64 / rate),
        };
        if due.duration_since(start) >= length {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        socket.write_all(&make(index)).await?;
        let status = answer(&mut socket).await?;
        ensure!(status == expected, "status {status} instead of {expected}");
        times.push(due.elapsed());
    }
    Ok(times)
}

/// Reads an answer to its end; its status.
async fn answer(socket: &mut BufReader<TcpStream>) -> Result<u16> {
    let status = line(socket).await?.split(' ').nth(1).context("no status")?.parse()?;
    let (mut length, mut is_chunked) = (0, false);
    loop {
        let header = line(socket).await?.to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        is_chunked |= header.starts_with("transfer-encoding:") && header.ends_with("chunked");
    }
    if is_chunked {
        loop {
            let size = usize::from_str_radix(line(socket).await?.trim(), 16)?;
            skip(socket, size).await?;
            line(socket).await?;
            if size == 0 {
                break;
            }
        }
    } else {
        skip(socket, length).await?;
    }
    Ok(status)
}

async fn line(socket: &mut BufReader<TcpStream>) -> Result<String> {
    let mut text = String::new();
    if socket.take(LINE_MAX).read_line(&mut text).await? == 0 {
        bail!("the connection was closed");
    }
    Ok(text.trim_end().to_owned())
}

async fn skip(socket: &mut BufReader<TcpStream>, length: usize) -> Result<()> {
    ensure!(length <= BODY_MAX, "an answer of {length} bytes");
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_times() {
        let times = [5, 1, 3, 2, 4].map(Duration::from_millis).to_vec();
        let mut outcome = Outcome { times, elapsed: Duration::ZERO };
        assert!((outcome.quantile(0.5) - 3.0).abs() < 1e-9 && (outcome.quantile(1.0) - 5.0).abs() < 1e-9);
    }
}
