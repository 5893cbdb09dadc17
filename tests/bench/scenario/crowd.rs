//! Crowds: strangers who mean no good beside a transfer, and many sessions at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::memory::peak_looking;
use super::{Bench, on_one_thread, on_two_threads, share};
use crate::client::exchange::{Download, Pipeline};
use crate::client::{Client, Profile};
use crate::measure::{Clock, Goal, Quantity, Row, Sample};

const MIBI: f64 = (1 << 20) as f64;
/// Between two looks at the memory, which cost CPU themselves.
const LOOK: Duration = Duration::from_millis(500);
/// Hostile connections per second.
const HOSTILE: f64 = 1000.0;
/// How long a stranger that says nothing, or little, holds on.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two bytes of a slow stranger.
const DRIP: Duration = Duration::from_secs(1);
/// Sessions that do nothing.
const IDLE: usize = 2000;
/// Logins at a time.
const AT_A_TIME: usize = 16;
/// Sessions that download at once.
const BUSY: usize = 200;
/// What each of them downloads, again and again, until the time is over.
const PIECE: u64 = 4 << 20;
const BUSY_PIPELINE: Pipeline = Pipeline { request: 32 << 10, depth: 16 };

/// A download beside 1,000 hostile connections per second: garbage, half-open ones, and slow ones, a third each, every one
/// from another address.
pub fn hostile(bench: &mut Bench) -> Result<Vec<Row>> {
    allow_files()?;
    let length = Duration::from_secs(if bench.options.quick { 15 } else { 30 });
    let port = bench.subject.target.port;
    let alone = downloads(bench, Duration::from_secs(5))?;
    let stop = Arc::new(AtomicBool::new(false));
    let made = Arc::new(AtomicU64::new(0));
    let strangers = std::thread::spawn({
        let (stop, made) = (stop.clone(), made.clone());
        move || on_one_thread(attack(port, stop, made))
    });
    std::thread::sleep(Duration::from_secs(1));
    let (beside, peak) = peak_looking(&bench.subject, LOOK, || downloads(bench, length));
    let connections = made.load(Ordering::Relaxed) as f64 / (length.as_secs_f64() + 1.0);
    stop.store(true, Ordering::Relaxed);
    strangers.join().map_err(|_| anyhow::anyhow!("the strangers panicked"))??;
    bench.subject.settle();
    let one = |case: &str, quantity, value: Sample, peer: Vec<Sample>, goals: &[Goal]| Row {
        scenario: "hostile",
        case: case.to_owned(),
        quantity,
        subject: vec![value],
        peer,
        goals: goals.to_vec(),
    };
    let plain = |value| Sample { value, cpu: None };
    let rate = Quantity::Rate("MB/s", "s/GiB", 1.0);
    Ok(vec![
        one("down beside/alone", rate, beside?, vec![alone], &[Goal::SpeedAtLeast(0.7)]),
        one("strangers per second", Quantity::Rate("/s", "", 1.0), plain(connections), Vec::new(), &[Goal::AtLeast(900.0)]),
        one("peak", Quantity::Size("MiB"), plain(peak as f64 / MIBI), Vec::new(), &[Goal::AtMost(150.0)]),
    ])
}

/// Downloads of the big file, one after the other, for `length`: their common speed.
fn downloads(bench: &Bench, length: Duration) -> Result<Sample> {
    let (size, server) = (bench.options.size(), &bench.subject);
    let name = format!("beside-{size}");
    share(&bench.source, server, &name)?;
    on_one_thread(async {
        let client = Client::login(&server.target, &Profile::default()).await?;
        let clock = Clock::start(server)?;
        let mut bytes = 0.0;
        while clock.seconds() < length.as_secs_f64() {
            client.run(Download::new(server.remote(&name), size, Pipeline::default(), &bench.payload)).await?;
            bytes += size as f64;
        }
        let sample = clock.sample(bytes / 1e6, (1_u64 << 30) as f64 / 1e6)?;
        client.close().await?;
        Ok(sample)
    })
}

async fn attack(port: u16, stop: Arc<AtomicBool>, made: Arc<AtomicU64>) -> Result<()> {
    let start = Instant::now();
    for number in 0_u32.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep_until((start + Duration::from_secs_f64(f64::from(number) / HOSTILE)).into()).await;
        let made = made.clone();
        tokio::spawn(async move {
            // However it ends: what the server does to a stranger is its affair.
            let _ = stranger(port, number, &made).await;
        });
    }
    Ok(())
}

async fn stranger(port: u16, number: u32, made: &AtomicU64) -> std::io::Result<()> {
    let [_, b, c, d] = (number.wrapping_mul(0x9e37_79b1) | 1).to_be_bytes();
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, b.max(1), c, d.clamp(1, 254)), 0)))?;
    let mut stream = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    made.fetch_add(1, Ordering::Relaxed);
    match number % 3 {
        0 => {
            stream.write_all(&[b'x'; 600]).await?;
            hear(&mut stream).await
        }
        1 => hear(&mut stream).await,
        _ => {
            let start = Instant::now();
            let mut line = b"SSH-2.0-slow".iter().cycle();
            while start.elapsed() < PATIENCE {
                stream.write_all(&[*line.next().unwrap_or(&b'-')]).await?;
                tokio::time::sleep(DRIP).await;
            }
            Ok(())
        }
    }
}

/// Reads until the server hangs up or patience ends.
async fn hear(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut answer = [0; 256];
    let ended = async {
        while stream.read(&mut answer).await? > 0 {}
        Ok(())
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap_or(Ok(()))
}

/// 2,000 sessions that do nothing, and what one more login takes beside them.
pub fn sessions(bench: &mut Bench) -> Result<Vec<Row>> {
    allow_files()?;
    bench.subject.restart()?;
    let target = bench.subject.target.clone();
    let (memory, login) = on_two_threads(async {
        let mut clients = Vec::new();
        while clients.len() < IDLE {
            let mut logins = JoinSet::new();
            for _ in 0..AT_A_TIME.min(IDLE - clients.len()) {
                let target = target.clone();
                logins.spawn(async move { Client::login(&target, &Profile::default()).await });
            }
            while let Some(client) = logins.join_next().await {
                clients.push(client.context("login")??);
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let memory = bench.subject.account().memory() as f64 / MIBI;
        let start = Instant::now();
        Client::login(&target, &Profile::default()).await?.close().await?;
        let login = start.elapsed().as_secs_f64() * 1e3;
        for client in clients {
            client.close().await?;
        }
        Ok((memory, login))
    })?;
    bench.subject.settle();
    let row = |case: &str, quantity, value, goals: &[Goal]| Row {
        scenario: "sessions",
        case: case.to_owned(),
        quantity,
        subject: vec![Sample { value, cpu: None }],
        peer: Vec::new(),
        goals: goals.to_vec(),
    };
    let mut rows = vec![
        row("2,000 idle", Quantity::Size("MiB"), memory, &[]),
        row("one more login", Quantity::Size("ms"), login, &[Goal::AtMost(1000.0)]),
    ];
    rows.push(row("200 busy, slowest/median", Quantity::Rate("x", "", 1.0), fairness(bench)?, &[Goal::AtLeast(0.5)]));
    Ok(rows)
}

/// What the slowest of many sessions got, as a part of what the one in the middle got in the same time.
fn fairness(bench: &mut Bench) -> Result<f64> {
    let server = &bench.subject;
    let name = format!("beside-{}", bench.options.size());
    share(&bench.source, server, &name)?;
    let length = Duration::from_secs(if bench.options.quick { 10 } else { 30 });
    let path = server.remote(&name);
    let (target, payload) = (server.target.clone(), bench.payload.clone());
    let mut amounts = on_two_threads(async {
        let begin = Arc::new(Barrier::new(BUSY));
        let mut sessions = JoinSet::new();
        for _ in 0..BUSY {
            let (target, path, payload, begin) = (target.clone(), path.clone(), payload.clone(), begin.clone());
            sessions.spawn(async move {
                let profile = Profile { window: 1 << 20, ..Profile::default() };
                let client = Client::login(&target, &profile).await?;
                begin.wait().await;
                let start = Instant::now();
                let mut pieces = 0_u64;
                let mut last = start;
                while start.elapsed() < length {
                    client.run(Download::new(path.clone(), PIECE, BUSY_PIPELINE, &payload)).await?;
                    pieces += 1;
                    last = Instant::now();
                }
                client.close().await?;
                // The last piece may have gone beyond the time.
                anyhow::Ok(pieces as f64 / last.duration_since(start).as_secs_f64())
            });
        }
        let mut amounts = Vec::new();
        while let Some(amount) = sessions.join_next().await {
            amounts.push(amount.context("session")??);
        }
        Ok(amounts)
    })?;
    amounts.sort_by(f64::total_cmp);
    let (slowest, middle) = (amounts.first().copied(), amounts.get(BUSY / 2).copied());
    Ok(slowest.context("no session")? / middle.context("no session")?)
}

/// As many open files as this process may have: it holds the other end of every connection.
fn allow_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    ensure!(limit.maximum.is_none_or(|most| most >= 20_000), "the limit of open files is too low for a crowd");
    Ok(())
}
