//! Resident memory: idle, with many idle connections, with many uploads, and with a client that
//! asks and never takes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use super::{Bench, Sides, on_two_threads, remove, rows, share};
use crate::client::exchange::{Flood, Pipeline, Upload};
use crate::client::{Client, Profile};
use crate::measure::{Goal, Quantity, Row, Sample};
use crate::peer::Server;

const MIBI: f64 = (1 << 20) as f64;
const IDLE_CONNECTIONS: usize = 200;
/// Of which the first ones are not measured each.
const WARM_CONNECTIONS: usize = 10;
const UPLOADS: usize = 50;
const UPLOAD_SIZE: u64 = 16 << 20;
const READS: u64 = 1000;
/// What OpenSSH's server grants, and the most that SFTP servers commonly send.
const READ_LENGTH: u32 = 255 << 10;
/// The issue says "bounded"; without a bound it is 250 MiB.
const FLOOD_BOUND_MIB: f64 = 16.0;
/// How long a server may take to come to rest.
const REST: Duration = Duration::from_secs(1);
const FLOOD_TIME: Duration = Duration::from_secs(3);

fn sample(value: f64) -> Sample {
    Sample { value, cpu: None }
}

/// Freshly started, then with idle SFTP connections.
pub fn idle(bench: &mut Bench) -> Result<Vec<Row>> {
    let mut idle = Sides::default();
    let mut full = Sides::default();
    let mut each = Sides::default();
    for is_subject in [true, false] {
        let server = if is_subject { &mut bench.subject } else { &mut bench.peer };
        let values = measure_idle(server).with_context(|| server.label)?;
        for (side, value) in [&mut idle, &mut full, &mut each].into_iter().zip(values) {
            if is_subject { &mut side.0 } else { &mut side.1 }.push(sample(value));
        }
    }
    let mibi = Quantity::Size("MiB");
    let connected = format!("{IDLE_CONNECTIONS} connections");
    let mut all = rows("memory", mibi, vec![idle, full], &[("idle", &[Goal::AtMost(25.0)]), (&connected, &[])]);
    let per_connection = [("per connection", [Goal::AtMost(64.0)].as_slice())];
    all.extend(rows("memory", Quantity::Size("KiB"), vec![each], &per_connection));
    Ok(all)
}

/// MiB idle, MiB with connections, KiB for each connection. The first ones bring code into memory that all later ones
/// share: each is measured from there.
fn measure_idle(server: &mut Server) -> Result<[f64; 3]> {
    server.restart()?;
    thread::sleep(REST);
    let idle = server.account().memory() as f64;
    let (warm, full) = on_two_threads(async {
        let mut clients = Vec::new();
        let mut warm = 0.0;
        for number in 0..IDLE_CONNECTIONS {
            if number == WARM_CONNECTIONS {
                tokio::time::sleep(REST).await;
                warm = server.account().memory() as f64;
            }
            clients.push(Client::login(&server.target, &Profile::default()).await?);
        }
        tokio::time::sleep(REST).await;
        let full = server.account().memory() as f64;
        for client in clients {
            client.close().await?;
        }
        Ok((warm, full))
    })?;
    server.settle();
    Ok([idle / MIBI, full / MIBI, (full - warm) / 1024.0 / (IDLE_CONNECTIONS - WARM_CONNECTIONS) as f64])
}

/// The highest memory while many clients upload at once.
pub fn parallel_uploads(bench: &mut Bench) -> Result<Vec<Row>> {
    let cases = bench.interleave(1, |bench, server| {
        let names: Vec<String> = (0..UPLOADS).map(|n| format!("parallel-{n:02}")).collect();
        let (outcome, peak) = peak_while(server, || on_two_threads(upload(bench, server, &names)));
        outcome?;
        for name in &names {
            bench.payload.verify(&server.files.join(name), UPLOAD_SIZE)?;
        }
        on_two_threads(remove(server, &names))?;
        Ok(vec![sample(peak as f64 / MIBI)])
    })?;
    let case = format!("{UPLOADS} x {} MiB, peak", UPLOAD_SIZE >> 20);
    let goals = [Goal::AtMost(150.0)];
    Ok(rows("parallel-uploads", Quantity::Size("MiB"), cases, &[(&case, &goals)]))
}

async fn upload(bench: &Bench, server: &Server, names: &[String]) -> Result<()> {
    let mut clients = JoinSet::new();
    for name in names {
        let target = server.target.clone();
        let (path, pipeline) = (server.remote(name), Pipeline::default());
        let upload = Upload::new(path, UPLOAD_SIZE, pipeline, &bench.payload);
        clients.spawn(async move {
            let client = Client::login(&target, &Profile::default()).await?;
            client.run(upload).await?;
            client.close().await
        });
    }
    while let Some(outcome) = clients.join_next().await {
        outcome.context("client")??;
    }
    Ok(())
}

/// The growth caused by a client that sends a thousand READs and never opens its window.
pub fn closed_window(bench: &mut Bench) -> Result<Vec<Row>> {
    let cases = bench.interleave(1, |bench, server| {
        let name = format!("download-{}", bench.options.size());
        share(&bench.source, server, &name)?;
        let before = server.account().memory();
        let profile = Profile { window: 64 << 10, ..Profile::default() };
        let flood = Flood { path: server.remote(&name), reads: READS, length: READ_LENGTH };
        let (outcome, peak) = peak_while(server, || {
            on_two_threads(async {
                let client = Client::login(&server.target, &profile).await?;
                client.run_and_stall(flood).await?;
                tokio::time::sleep(FLOOD_TIME).await;
                Ok(())
            })
        });
        outcome?;
        Ok(vec![sample(peak.saturating_sub(before) as f64 / MIBI)])
    })?;
    let case = format!("{READS} READs, growth");
    let goals = [Goal::AtMost(FLOOD_BOUND_MIB)];
    Ok(rows("closed-window", Quantity::Size("MiB"), cases, &[(&case, &goals)]))
}

/// Runs `work` and watches the server's memory; returns the highest value in bytes.
pub(super) fn peak_while<T>(server: &Server, work: impl FnOnce() -> T) -> (T, u64) {
    peak_looking(server, Duration::from_millis(5), work)
}

/// The highest memory of the server during `work`, looked at after each `pause`.
pub(super) fn peak_looking<T>(server: &Server, pause: Duration, work: impl FnOnce() -> T) -> (T, u64) {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut peak = 0;
            while !is_done.load(Ordering::Relaxed) {
                let start = Instant::now();
                peak = server.account().memory().max(peak);
                // At most half of one core for watching.
                thread::sleep(start.elapsed().max(pause));
            }
            peak
        });
        let outcome = work();
        is_done.store(true, Ordering::Relaxed);
        (outcome, watcher.join().unwrap_or(0))
    })
}
