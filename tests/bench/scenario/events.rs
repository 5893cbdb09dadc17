//! Searches among many events: how long a page takes, whatever it is filtered by.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::{Bench, pages};
use crate::measure::Row;
use crate::peer::Server;
use crate::peer::entrepot::{database, token};

const EVENTS: i64 = 1_000_000;
/// Rows of a transaction.
const PORTION: i64 = 100_000;
/// Nanoseconds between two events: all together are a month.
const STEP: i64 = 2_592_000_000;
/// Most milliseconds for a page.
const LONGEST: f64 = 100.0;
const PAGE: usize = 100;

/// Pages of 1,000,000 file system events.
pub fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?;
    let first = i64::try_from(now.as_nanos())? - EVENTS * STEP;
    bench.subject.restart_after(|server| fill(server, first))?;
    let token = token(bench.subject.http_port()?)?;
    let at = |number: i64| first + number * STEP;
    let day = format!("start_timestamp={}&end_timestamp={}&actions=delete", at(500_000), at(533_000));
    let deep = format!("actions=upload&from_id={}", id(500_000));
    let far = format!("username=user-0042&order=ASC&end_timestamp={}", at(990_000));
    let cases: [(&str, &str, usize); 13] = [
        ("newest", "", PAGE),
        ("user", "username=user-0042", PAGE),
        ("user, far back", &far, PAGE),
        ("user, actions", "username=user-0042&actions=upload,rename", PAGE),
        ("address", "ip=10.0.1.7", PAGE),
        ("protocols", "protocols=FTP,DAV,HTTP", PAGE),
        ("failures", "statuses=2,3", PAGE),
        ("role", "role=role-1", PAGE),
        ("action in a day", &day, PAGE),
        ("oldest of an action", "actions=upload&order=ASC", PAGE),
        ("page 5,000", &deep, PAGE),
        ("user who did nothing", "username=nobody&actions=upload&protocols=SFTP", 0),
        ("never together", "actions=rename&protocols=DAV", 0),
    ];
    let mut rows = Vec::new();
    for (case, filter, expected) in cases {
        let path = format!("/api/v2/events/fs?limit={PAGE}&{filter}");
        rows.extend(pages::measure(bench, "events", case, &path, &token, expected, LONGEST)?);
    }
    Ok(rows)
}

fn id(number: i64) -> String {
    format!("bench-{number:07}")
}

/// Events of a busy month: 1,000 users from 2,000 addresses, mostly transfers over SFTP, one in a hundred failed. Whether
/// they have something to do with each other is left to multiplications that spread them.
fn fill(server: &Server, first: i64) -> Result<()> {
    let mut connection = database(server, "events.db")?;
    for start in (0..EVENTS).step_by(PORTION as usize) {
        let transaction = connection.transaction()?;
        transaction.execute(
            "WITH RECURSIVE n (i) AS (VALUES (?1) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1 + ?2), \
             spread (i, a, b, c) AS (SELECT i, i * 2654435761 / 4096 % 1000003, i * 2246822519 / 4096 % 1000003, \
             i * 3266489917 / 4096 % 1000003 FROM n) \
             INSERT INTO fs_event (event_id, timestamp, action, username, external_username, fs_path, fs_target_path, \
             virtual_path, virtual_target_path, ssh_cmd, file_size, elapsed, status, protocol, ip, session_id, fs_provider, \
             bucket, endpoint, open_flags, role, instance_id) \
             SELECT printf('bench-%07d', i), ?3 + i * ?4, \
             CASE b % 20 WHEN 0 THEN 'delete' WHEN 1 THEN 'rename' WHEN 2 THEN 'mkdir' WHEN 3 THEN 'rmdir' \
             ELSE iif(b % 2, 'upload', 'download') END, \
             printf('user-%04d', a % 1000), '', printf('/srv/files/folder-%03d/file-%06d.dat', c % 200, c), '', \
             printf('/folder-%03d/file-%06d.dat', c % 200, c), '', '', c, c % 5000, iif(a % 100, 1, 2 + a % 2), \
             CASE WHEN b % 20 = 1 THEN 'SFTP' WHEN c % 10 = 0 THEN 'FTP' WHEN c % 10 = 1 THEN 'DAV' \
             WHEN c % 10 = 2 THEN 'HTTP' ELSE 'SFTP' END, \
             printf('10.0.%d.%d', c % 2000 / 250, c % 250), printf('SFTP_%x_1', i / 20), 0, '', '', '', \
             iif(a % 10, '', printf('role-%d', a / 10 % 5)), '' FROM spread",
            (start, PORTION, first, STEP),
        )?;
        transaction.commit()?;
    }
    Ok(())
}
