//! The administration interface: how many requests it answers, how long each takes, and what a transfer feels of it.
//! There is no peer here: what the other column shows is the same download alone.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::{Bench, on_one_thread, on_two_threads, share};
use crate::client::exchange::{Download, Pipeline};
use crate::client::{Client, Profile};
use crate::measure::{Clock, Goal, Quantity, Row, Sample};
use crate::peer::entrepot::{USER, token};
use crate::rest_client::{self, Maker, Outcome, Pace};

const CONNECTIONS: u64 = 16;
/// What must be served beside a transfer.
const READS_PER_SECOND: f64 = 3000.0;
const REQUESTS: Quantity = Quantity::Rate("requests/s", "ms/req", 1e3);
/// A bcrypt hash of nothing that anybody uses: hashing a password is not what is measured.
const HASH: &str = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

/// Reading one user, adding users (each durable before it is answered), and a download beside 3,000 reads per second.
pub fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let port = bench.subject.http_port()?;
    let token = token(port)?;
    let length = Duration::from_secs(if bench.options.quick { 3 } else { 10 });
    let read = reading(port, &token);
    let mut figures = Figures::default();
    for round in 0..bench.options.rounds() {
        let clock = Clock::start(&bench.subject)?;
        let mut reads = load(port, length, Pace::Closed, 200, read.clone())?;
        figures.reads.push(rate(&clock, &reads)?);
        figures.reads_p99.push(reads.quantile(0.99));
        let clock = Clock::start(&bench.subject)?;
        let mut adds = load(port, length, Pace::Closed, 201, adding(port, &token, round))?;
        figures.adds.push(rate(&clock, &adds)?);
        figures.adds_p99.push(adds.quantile(0.99));
        figures.alone.push(download(bench)?);
        let beside = std::thread::spawn({
            let read = read.clone();
            let length = length.max(Duration::from_secs(3));
            move || load(port, length, Pace::PerSecond(READS_PER_SECOND), 200, read)
        });
        // The load must run before and after the transfer.
        std::thread::sleep(Duration::from_millis(500));
        figures.beside.push(download(bench)?);
        if let Ok(outcome) = beside.join() {
            figures.beside_p99.push(outcome?.quantile(0.99));
        }
    }
    Ok(figures.rows())
}

#[derive(Default)]
struct Figures {
    reads: Vec<Sample>,
    reads_p99: Vec<f64>,
    adds: Vec<Sample>,
    adds_p99: Vec<f64>,
    alone: Vec<Sample>,
    beside: Vec<Sample>,
    beside_p99: Vec<f64>,
}

impl Figures {
    fn rows(self) -> Vec<Row> {
        let row = |case: &str, quantity, subject: Vec<Sample>, peer, goals: &[Goal]| Row {
            scenario: "rest",
            case: case.to_owned(),
            quantity,
            subject,
            peer,
            goals: goals.to_vec(),
        };
        let times = |times: Vec<f64>| times.into_iter().map(|value| Sample { value, cpu: None }).collect();
        let milliseconds = Quantity::Size("ms");
        vec![
            row("GET user", REQUESTS, self.reads, Vec::new(), &[Goal::AtLeast(3000.0)]),
            row("GET user, p99", milliseconds, times(self.reads_p99), Vec::new(), &[Goal::AtMost(20.0)]),
            row("POST user", REQUESTS, self.adds, Vec::new(), &[Goal::AtLeast(300.0)]),
            row("POST user, p99", milliseconds, times(self.adds_p99), Vec::new(), &[Goal::AtMost(20.0)]),
            row("down beside/alone", Quantity::Rate("MB/s", "s/GiB", 1.0), self.beside, self.alone, &[Goal::SpeedAtLeast(0.8)]),
            row("GET beside, p99", milliseconds, times(self.beside_p99), Vec::new(), &[Goal::AtMost(20.0)]),
        ]
    }
}

fn load(port: u16, length: Duration, pace: Pace, expected: u16, make: Maker) -> Result<Outcome> {
    on_two_threads(rest_client::run(port, CONNECTIONS, length, pace, expected, make))
}

fn rate(clock: &Clock<'_>, outcome: &Outcome) -> Result<Sample> {
    clock.sample_at(outcome.elapsed.as_secs_f64(), outcome.times.len() as f64, 1.0)
}

fn reading(port: u16, token: &str) -> Maker {
    let request = rest_client::request(port, "GET", &format!("/api/v2/users/{USER}"), token, "");
    Arc::new(move |_| request.clone())
}

fn adding(port: u16, token: &str, round: usize) -> Maker {
    let token = token.to_owned();
    Arc::new(move |number| {
        let user = json!({
            "username": format!("rest-{round}-{number}"),
            "status": 1,
            "password": HASH,
            "permissions": { "/": ["*"] },
        });
        rest_client::request(port, "POST", "/api/v2/users", &token, &user.to_string())
    })
}

fn download(bench: &Bench) -> Result<Sample> {
    let (size, server) = (bench.options.size(), &bench.subject);
    let name = format!("beside-{size}");
    share(&bench.source, server, &name)?;
    on_one_thread(async {
        let client = Client::login(&server.target, &Profile::default()).await?;
        let download = Download::new(server.remote(&name), size, Pipeline::default(), &bench.payload);
        let clock = Clock::start(server)?;
        client.run(download).await?;
        let sample = clock.sample(size as f64 / 1e6, (1_u64 << 30) as f64 / 1e6)?;
        client.close().await?;
        Ok(sample)
    })
}
