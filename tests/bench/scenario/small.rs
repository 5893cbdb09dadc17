//! A thousand small files over one connection, one after the other.

use anyhow::Result;

use super::{Bench, on_one_thread, remove, rows};
use crate::client::exchange::{Direction, SmallFiles};
use crate::client::{Client, Profile};
use crate::measure::{Clock, Goal, Quantity, Row, Sample};
use crate::peer::Server;

const FILES: usize = 1000;
const SIZE: usize = 4 << 10;
/// One sample takes a fraction of a second, so there are more of them.
const ROUNDS_FACTOR: usize = 5;

/// Downloads and uploads.
pub fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let names: Vec<String> = (0..FILES).map(|n| format!("small-{n:04}")).collect();
    for server in [&bench.subject, &bench.peer] {
        for name in &names {
            bench.payload.write(&server.files.join(name), SIZE as u64)?;
        }
    }
    let cases = bench.interleave(bench.options.rounds() * ROUNDS_FACTOR, |bench, server| {
        let down = sample(bench, server, &names, Direction::Down)?;
        let new: Vec<String> = names.iter().map(|name| format!("new-{name}")).collect();
        let up = sample(bench, server, &new, Direction::Up)?;
        for name in &new {
            bench.payload.verify(&server.files.join(name), SIZE as u64)?;
        }
        on_one_thread(remove(server, &new))?;
        Ok(vec![down, up])
    })?;
    let quantity = Quantity::Rate("files/s", "ms/file", 1e3);
    let (down, up) = ([Goal::SpeedAtLeast(1.5)], [Goal::SpeedAtLeast(1.0)]);
    Ok(rows("small", quantity, cases, &[("down 4 KiB", &down), ("up 4 KiB", &up)]))
}

fn sample(bench: &Bench, server: &Server, names: &[String], direction: Direction) -> Result<Sample> {
    let paths = names.iter().map(|name| server.remote(name)).collect();
    let files = SmallFiles::new(paths, SIZE, direction, &bench.payload);
    let sample = on_one_thread(async {
        let client = Client::login(&server.target, &Profile::default()).await?;
        let clock = Clock::start(server)?;
        client.run(files).await?;
        let sample = clock.sample(FILES as f64, 1.0)?;
        client.close().await?;
        Ok(sample)
    })?;
    server.settle();
    Ok(sample)
}
