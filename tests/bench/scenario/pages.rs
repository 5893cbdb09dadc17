//! Pages of lists through the REST API: one after the other on one connection, so that the time of each is its own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Bench, on_one_thread};
use crate::http::{Authorization, request};
use crate::measure::{Goal, Quantity, Row, Sample};
use crate::rest_client::{self, Outcome, Pace};

/// Asks for a page again and again; median and p99 of each round, in milliseconds. The page must hold `expected` objects.
pub fn measure(
    bench: &Bench,
    scenario: &'static str,
    case: &str,
    path: &str,
    token: &str,
    expected: usize,
    longest: f64,
) -> Result<Vec<Row>> {
    let port = bench.subject.http_port()?;
    let page = request(port, "GET", path, &Authorization::Bearer(token), None)?;
    let found = page.as_array().context("no list")?.len();
    ensure!(found == expected, "{case}: {found} objects instead of {expected}");
    let length = Duration::from_secs(if bench.options.quick { 1 } else { 3 });
    let sample = |value| Sample { value, cpu: None };
    let (mut medians, mut p99s) = (Vec::new(), Vec::new());
    for _ in 0..bench.options.rounds() {
        let mut outcome = load(port, path, token, length)?;
        medians.push(sample(outcome.quantile(0.5)));
        p99s.push(sample(outcome.quantile(0.99)));
    }
    let row = |case: String, subject| Row {
        scenario,
        case,
        quantity: Quantity::Size("ms"),
        subject,
        peer: Vec::new(),
        goals: vec![Goal::AtMost(longest)],
    };
    Ok(vec![row(case.to_owned(), medians), row(format!("{case}, p99"), p99s)])
}

/// The requests alone.
pub fn load(port: u16, path: &str, token: &str, length: Duration) -> Result<Outcome> {
    let request = rest_client::request(port, "GET", path, token, "");
    on_one_thread(rest_client::run(port, 1, length, Pace::Closed, 200, Arc::new(move |_| request.clone())))
}
