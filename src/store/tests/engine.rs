//! The writer: group commit, isolation of failures, order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use rusqlite::{Connection, StatementStatus};

use crate::StoreError;
use crate::engine::connection::{create_private_file, open_writer};
use crate::engine::{Database, Durability, Location};

struct Bench {
    _folder: tempfile::TempDir,
    database: Arc<Database>,
    commits: Arc<AtomicUsize>,
    synchronous: Arc<AtomicUsize>,
}

/// A database with one table of numbers, which counts its commits.
fn bench() -> Bench {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("numbers.db");
    create_private_file(&path).expect("create");
    let mut connection = open_writer(&path, false).expect("open");
    connection.execute_batch("CREATE TABLE number (place INTEGER PRIMARY KEY, value INTEGER UNIQUE) STRICT").expect("create");
    let commits = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&commits);
    connection
        .commit_hook(Some(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            false
        }))
        .expect("hook");
    let database = Database::start("bench", connection, &Location::File(path), 2, None).expect("start");
    Bench { _folder: folder, database: Arc::new(database), commits, synchronous: Arc::new(AtomicUsize::new(9)) }
}

fn put(connection: &Connection, value: i64) -> Result<(), StoreError> {
    connection.execute("INSERT INTO number (value) VALUES (?)", [value])?;
    Ok(())
}

fn values(connection: &Connection) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare("SELECT value FROM number ORDER BY place")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Holds the writer until the sender is dropped, so that what is queued meanwhile makes one batch.
fn hold(bench: &Bench) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (started, start) = mpsc::channel();
    bench
        .database
        .submit("hold", move |_| {
            started.send(()).expect("test waits");
            let _ = held.recv();
            Ok(())
        })
        .expect("submit");
    start.recv().expect("writer runs");
    release
}

#[tokio::test]
async fn queued_writes_share_one_commit_and_a_failing_one_undoes_only_itself() {
    let bench = bench();
    let release = hold(&bench);
    let before = bench.commits.load(Ordering::SeqCst);
    let mut waiting = Vec::new();
    for (place, value) in [1, 2, 2, 3].into_iter().enumerate() {
        let database = Arc::clone(&bench.database);
        let mut write = Box::pin(async move {
            let operation = move |c: &Connection| {
                // What the failing one wrote before it failed must vanish, too.
                put(c, 100 + place as i64)?;
                put(c, value)
            };
            database.write(Durability::Normal, operation).await
        });
        // The first poll queues it.
        assert!(poll_once(write.as_mut()).is_none());
        waiting.push(write);
    }
    drop(release);
    let mut outcomes = Vec::new();
    for write in waiting {
        outcomes.push(write.await.is_ok());
    }
    assert_eq!(outcomes, [true, true, false, true]);
    // One commit is that of the held operation, which was alone; the four share the other.
    assert_eq!(bench.commits.load(Ordering::SeqCst) - before, 2);
    let stored = bench.database.read(values).await.expect("read");
    let small: Vec<i64> = stored.iter().copied().filter(|value| *value < 100).collect();
    assert_eq!(small, [1, 2, 3]);
    assert_eq!(stored.len(), 6, "the failing write left something: {stored:?}");
}

/// Polls once, without a runtime's help.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test]
async fn submitted_writes_keep_their_order_and_come_before_later_ones() {
    let bench = bench();
    for value in 0..2000 {
        bench.database.submit("number", move |c| put(c, value)).expect("submit");
    }
    bench.database.write(Durability::Full, |c| put(c, 2000)).await.expect("write");
    let stored = bench.database.read(values).await.expect("read");
    assert_eq!(stored, (0..=2000).collect::<Vec<_>>());
}

// decisions 2: administration is synced, settlement is not.
#[tokio::test]
async fn durability_decides_the_sync_mode_of_the_batch() {
    let bench = bench();
    for (durability, mode) in [(Durability::Normal, 1), (Durability::Full, 2), (Durability::Normal, 1)] {
        let seen = Arc::clone(&bench.synchronous);
        bench
            .database
            .write(durability, move |c| {
                let mode: u32 = c.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
                seen.store(mode as usize, Ordering::SeqCst);
                put(c, 1).or(Ok(()))
            })
            .await
            .expect("write");
        assert_eq!(bench.synchronous.load(Ordering::SeqCst), mode, "{durability:?}");
    }
}

#[tokio::test]
async fn panicking_operation_is_undone_and_the_writer_lives_on() {
    let bench = bench();
    let outcome = bench
        .database
        .write::<(), _>(Durability::Normal, |c| {
            put(c, 1)?;
            panic!("deliberate")
        })
        .await;
    assert!(outcome.is_err());
    bench.database.write(Durability::Normal, |c| put(c, 2)).await.expect("write");
    let outcome = bench.database.read::<(), _>(|_| panic!("deliberate")).await;
    assert!(outcome.is_err());
    assert_eq!(bench.database.read(values).await.expect("read"), [2]);
}

#[tokio::test]
async fn transaction_that_the_engine_gave_up_answers_with_an_error() {
    let bench = bench();
    let outcome = bench
        .database
        .write(Durability::Normal, |c| {
            put(c, 1)?;
            // Stands for a full disk, which makes the engine roll back by itself.
            c.execute_batch("ROLLBACK")?;
            Ok(())
        })
        .await;
    assert!(outcome.is_err(), "a lost write was answered with success");
    bench.database.write(Durability::Normal, |c| put(c, 2)).await.expect("write");
    assert_eq!(bench.database.read(values).await.expect("read"), [2]);
}

#[tokio::test]
async fn readers_cannot_write() {
    let bench = bench();
    assert!(bench.database.read(|c| put(c, 1)).await.is_err());
    assert_eq!(bench.database.read(values).await.expect("read"), [0_i64; 0]);
}

#[test]
fn a_kept_statement_is_not_parsed_again_for_each_value() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("numbers.db");
    create_private_file(&path).expect("create");
    let connection = open_writer(&path, false).expect("open");
    connection.execute_batch("CREATE TABLE number (value INTEGER UNIQUE) STRICT").expect("create");
    for value in 0..20 {
        connection.execute("INSERT INTO number VALUES (?)", [value]).expect("insert");
    }
    let mut statement = connection.prepare("SELECT value FROM number WHERE value >= ? ORDER BY value LIMIT ?").expect("prepare");
    for value in 0..10_i64 {
        let rows = statement.query_map([value, value], |row| row.get::<_, i64>(0)).expect("query").count();
        assert_eq!(rows as i64, value);
    }
    assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
}
