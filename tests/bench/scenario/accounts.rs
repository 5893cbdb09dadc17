//! Lists of many accounts: how long a page takes, and that memory does not grow with the number of accounts.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Bench, pages};
use crate::measure::{Goal, Quantity, Row, Sample};
use crate::peer::Server;
use crate::peer::entrepot::{USER, database, token};

const ACCOUNTS: u64 = 100_000;
const PAGE: u64 = 100;
/// Most milliseconds for a page.
const LONGEST: f64 = 20.0;
/// How long a server may take to come to rest.
const REST: Duration = Duration::from_secs(1);
/// Pages that are read before memory is measured.
const WARM: Duration = Duration::from_secs(2);
/// Most MiB that memory may differ: caches of the database have their bounds.
const FLAT: f64 = 16.0;

/// Pages of 100,000 users at both ends and in the middle, and the server's memory.
pub fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let port = bench.subject.http_port()?;
    bench.subject.restart()?;
    let few = memory_after(&bench.subject, "/api/v2/users?limit=100")?;
    fill(&mut bench.subject)?;
    let mut rows = Vec::new();
    let fresh = memory(&bench.subject);
    let token = token(port)?;
    for (case, offset) in [("first page", 0), ("middle page", ACCOUNTS / 2), ("last page", ACCOUNTS - PAGE)] {
        let path = format!("/api/v2/users?limit={PAGE}&offset={offset}");
        rows.extend(pages::measure(bench, "accounts", case, &path, &token, PAGE as usize, LONGEST)?);
    }
    let many = memory_after(&bench.subject, "/api/v2/users?limit=100&offset=50000")?;
    let row = |case: &str, value: f64, goals: &[Goal]| Row {
        scenario: "accounts",
        case: case.to_owned(),
        quantity: Quantity::Size("MiB"),
        subject: vec![Sample { value, cpu: None }],
        peer: Vec::new(),
        goals: goals.to_vec(),
    };
    rows.push(row("memory, few users", few, &[]));
    rows.push(row("memory, 100,000 users", fresh, &[]));
    rows.push(row("… after the pages", many, &[Goal::AtMost(few + FLAT)]));
    Ok(rows)
}

fn memory_after(server: &Server, path: &str) -> Result<f64> {
    let port = server.http_port()?;
    pages::load(port, path, &token(port)?, WARM)?;
    thread::sleep(REST);
    Ok(memory(server))
}

fn memory(server: &Server) -> f64 {
    server.account().memory() as f64 / f64::from(1 << 20)
}

/// Copies of the user of the benchmark.
fn fill(server: &mut Server) -> Result<()> {
    server.restart_after(|server| {
        let mut connection = database(server, "entrepot.db")?;
        let transaction = connection.transaction()?;
        let added = transaction.execute(
            "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?) \
             INSERT INTO user_account (name, status, role_id, email, expiration_date, created_at, updated_at, \
             last_password_change, password_hash, document) \
             SELECT printf('account-%06d', i), status, role_id, email, expiration_date, created_at, updated_at, \
             last_password_change, password_hash, document FROM n, user_account WHERE name = ?",
            (ACCOUNTS as i64, USER),
        )?;
        transaction.execute(
            "INSERT INTO user_usage (user_id) SELECT id FROM user_account WHERE id NOT IN (SELECT user_id FROM user_usage)",
            (),
        )?;
        transaction.commit()?;
        ensure!(added as u64 == ACCOUNTS, "{added} accounts were added");
        Ok(())
    })?;
    Ok(())
}
