//! Logging in, and being ready to be logged in to.

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use super::{Bench, on_two_threads, rows};
use crate::client::{Client, Profile, Target};
use crate::measure::{Clock, Goal, Quantity, Row, Sample};

const AT_A_TIME: usize = 4;
const STARTS: usize = 5;

/// Connections per second, from the TCP connection to the agreed SFTP version and the goodbye, with
/// an Ed25519 key, four at a time.
pub fn logins(bench: &mut Bench) -> Result<Vec<Row>> {
    let total = bench.options.logins();
    let cases = bench.interleave(bench.options.rounds(), |_, server| {
        let clock = Clock::start(server)?;
        on_two_threads(log_in(server.target.clone(), total / AT_A_TIME))?;
        let seconds = clock.seconds();
        // The end of a connection belongs to its costs.
        server.settle();
        Ok(vec![clock.sample_at(seconds, total as f64, 1.0)?])
    })?;
    let quantity = Quantity::Rate("logins/s", "ms/login", 1e3);
    Ok(rows("logins", quantity, cases, &[("public key", &[Goal::AtLeast(200.0)])]))
}

async fn log_in(target: Target, each: usize) -> Result<()> {
    let mut workers = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let target = target.clone();
        workers.spawn(async move {
            for _ in 0..each {
                Client::login(&target, &Profile::default()).await?.close().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(outcome) = workers.join_next().await {
        outcome.context("worker")??;
    }
    Ok(())
}

/// From the start of the program, on existing data, until it greets an SSH client.
pub fn ready(bench: &mut Bench) -> Result<Vec<Row>> {
    let mut sides = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        for (server, samples) in [(&mut bench.subject, &mut sides.0), (&mut bench.peer, &mut sides.1)] {
            let value = server.restart()?.as_secs_f64() * 1e3;
            samples.push(Sample { value, cpu: None });
        }
    }
    let goals = [Goal::AtMost(300.0)];
    Ok(rows("ready", Quantity::Size("ms"), vec![sides], &[("start", &goals)]))
}
