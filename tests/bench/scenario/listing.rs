//! Large folders.

use std::fs::{self, File};

use anyhow::{Context, Result, ensure};

use super::{Bench, on_one_thread, rows};
use crate::client::exchange::Listing;
use crate::client::{Client, Profile};
use crate::measure::{Clock, Goal, Quantity, Row};

/// A folder of 10,000 entries.
pub fn ten_thousand(bench: &mut Bench) -> Result<Vec<Row>> {
    list(bench, "list-10k", 10_000, &[])
}

/// A folder of 100,000 entries.
pub fn hundred_thousand(bench: &mut Bench) -> Result<Vec<Row>> {
    list(bench, "list-100k", 100_000, &[Goal::TimeAtMost(0.5)])
}

fn list(bench: &mut Bench, scenario: &'static str, entries: u64, goals: &[Goal]) -> Result<Vec<Row>> {
    for server in [&bench.subject, &bench.peer] {
        let folder = server.files.join(scenario);
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        for n in 0..entries {
            File::create(folder.join(format!("entry-{n:06}.dat")))?;
        }
    }
    let rounds = bench.options.rounds() * 2;
    let cases = bench.interleave(rounds, |_, server| {
        on_one_thread(async {
            let client = Client::login(&server.target, &Profile::default()).await?;
            let clock = Clock::start(server)?;
            let found = client.run(Listing::new(server.remote(scenario))).await?;
            let sample = clock.sample(entries as f64, 1000.0)?;
            // "." and ".." are listed or not, as the server likes.
            ensure!((entries..=entries + 2).contains(&found), "{found} entries of {entries}");
            client.close().await?;
            Ok(vec![sample])
        })
    })?;
    for server in [&bench.subject, &bench.peer] {
        fs::remove_dir_all(server.files.join(scenario))?;
    }
    let quantity = Quantity::Rate("entries/s", "ms/1000", 1e3);
    Ok(rows(scenario, quantity, cases, &[("one folder", goals)]))
}
