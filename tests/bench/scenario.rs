//! What is measured. Each scenario runs on both servers and returns rows of the report.

mod accounts;
mod connections;
mod crowd;
mod events;
mod gates;
mod listing;
mod memory;
mod pages;
mod rest;
mod small;
mod transfer;
mod web_files;

use std::future::Future;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::client::exchange::Removal;
use crate::client::{Client, Profile};
use crate::measure::{Goal, Quantity, Row, Sample};
use crate::options::Options;
use crate::payload::Payload;
use crate::peer::Server;
use crate::peer::certificate::Certificate;

/// Everything a scenario works with.
pub struct Bench {
    /// The command line.
    pub options: Options,
    /// Content of all files.
    pub payload: Payload,
    /// A file of the big size, on the file system of the servers' folders.
    pub source: PathBuf,
    /// The server under test.
    pub subject: Server,
    /// What it is compared with.
    pub peer: Server,
    /// What it shows over HTTPS.
    pub certificate: Option<Certificate>,
}

/// A scenario: its name on the command line and what it does.
pub type Scenario = (&'static str, fn(&mut Bench) -> Result<Vec<Row>>);

/// All scenarios, in the order of the report.
pub const SCENARIOS: &[Scenario] = &[
    ("openssh", transfer::openssh),
    ("cipher-aes128-gcm", transfer::aes128_gcm),
    ("cipher-aes256-gcm", transfer::aes256_gcm),
    ("cipher-chacha20", transfer::chacha20),
    ("cipher-aes128-ctr", transfer::aes128_ctr),
    ("small", small::run),
    ("logins", connections::logins),
    ("list-10k", listing::ten_thousand),
    ("list-100k", listing::hundred_thousand),
    ("rtt50", transfer::rtt50),
    ("memory", memory::idle),
    ("ready", connections::ready),
    ("parallel-uploads", memory::parallel_uploads),
    ("closed-window", memory::closed_window),
    ("hostile", crowd::hostile),
    ("sessions", crowd::sessions),
    ("rest", rest::run),
    ("gates", gates::run),
    ("https", web_files::https_download),
    ("tus", web_files::tus),
    ("tus-breaks", web_files::tus_breaks),
    ("zip", web_files::zip),
    // They leave full databases behind.
    ("accounts", accounts::run),
    ("events", events::run),
];

/// Samples of one case: the subject's and the peer's, round by round.
type Sides = (Vec<Sample>, Vec<Sample>);

impl Bench {
    /// The certificate of the subject.
    fn certificate(&self) -> Result<&Certificate> {
        self.certificate.as_ref().context("the subject does not speak HTTPS")
    }

    /// Runs `measure` on both servers in each round, the first one alternating, and sorts what it
    /// returns by case.
    fn interleave(&self, rounds: usize, mut measure: impl FnMut(&Self, &Server) -> Result<Vec<Sample>>) -> Result<Vec<Sides>> {
        let mut cases: Vec<Sides> = Vec::new();
        for round in 0..rounds {
            for turn in 0..2 {
                let is_subject = (round + turn) % 2 == 1;
                let server = if is_subject { &self.subject } else { &self.peer };
                let samples = measure(self, server).with_context(|| server.label)?;
                server.settle();
                cases.resize_with(samples.len(), Sides::default);
                for (case, sample) in cases.iter_mut().zip(samples) {
                    if is_subject { &mut case.0 } else { &mut case.1 }.push(sample);
                }
            }
        }
        Ok(cases)
    }
}

/// Names the cases: one row for each.
fn rows(scenario: &'static str, quantity: Quantity, cases: Vec<Sides>, names: &[(&str, &[Goal])]) -> Vec<Row> {
    let named = cases.into_iter().zip(names);
    named
        .map(|((subject, peer), (case, goals))| Row {
            scenario,
            case: (*case).to_owned(),
            quantity,
            subject,
            peer,
            goals: goals.to_vec(),
        })
        .collect()
}

/// Runs client code on this thread alone, so that client and server have a core each.
fn on_one_thread<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Runs client code on two threads.
fn on_two_threads<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(future)
}

/// Removes files through the server, so that its quota and its audit know.
async fn remove(server: &Server, names: &[String]) -> Result<()> {
    let client = Client::login(&server.target, &Profile::default()).await?;
    client.run(Removal::new(names.iter().map(|name| server.remote(name)).collect())).await?;
    client.close().await
}

/// Gives the server the file under another name, without another copy of its bytes.
fn share(source: &Path, server: &Server, name: &str) -> Result<()> {
    let path = server.files.join(name);
    if !path.exists() {
        std::fs::hard_link(source, &path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
