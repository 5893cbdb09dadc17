use std::{sync::atomic::AtomicUsize, time::Duration};

use tokio::sync::mpsc;

use super::*;
use crate::packet::{Assembler, StatusCode, write_status};

/// A client that takes answers only while its window is open.
#[derive(Clone)]
struct Client {
    window: Arc<Semaphore>,
    taken: mpsc::UnboundedSender<Bytes>,
    finished: Arc<AtomicBool>,
}

impl AnswerSink for Client {
    fn send(&self, answers: Bytes) -> BoxFuture<'_, Result<(), ()>> {
        Box::pin(async move {
            self.window.acquire().await.map_err(drop)?.forget();
            self.taken.send(answers).map_err(drop)
        })
    }

    fn finish(&self) -> BoxFuture<'_, ()> {
        self.finished.store(true, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

struct Rig {
    lane: Lane,
    client: Client,
    answers: mpsc::UnboundedReceiver<Bytes>,
    task: tokio::task::JoinHandle<()>,
}

fn rig(window: usize) -> Rig {
    let (taken, answers) = mpsc::unbounded_channel();
    let client = Client { window: Arc::new(Semaphore::new(window)), taken, finished: Arc::default() };
    let (lane, task) = Lane::new(client.clone());
    Rig { lane, client, answers, task: tokio::spawn(task) }
}

const PLENTY: usize = 1_000_000;

/// Storage whose calls take a moment, and which counts how many are under way.
#[derive(Default)]
struct Slow {
    size: u64,
    cached: bool,
    now: AtomicUsize,
    most: AtomicUsize,
    total: AtomicUsize,
}

impl ReadSource for Slow {
    fn try_read(&self, offset: u64, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        if !self.cached {
            return Ok(None);
        }
        self.total.fetch_add(1, Ordering::SeqCst);
        let count = buffer.len().min(usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX));
        buffer[..count].fill(7);
        Ok(Some(count))
    }

    fn read(self: Arc<Self>, offset: u64, length: usize) -> BoxFuture<'static, Result<Bytes, Failure>> {
        Box::pin(async move {
            self.total.fetch_add(1, Ordering::SeqCst);
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            let count = length.min(usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX));
            Ok(Bytes::from(vec![7; count]))
        })
    }
}

/// Collects whole answers until `count` came: (type, id).
async fn collect(rig: &mut Rig, count: usize) -> Vec<(u8, u32)> {
    let mut found = Vec::new();
    while found.len() < count {
        let chunk = tokio::time::timeout(Duration::from_secs(20), rig.answers.recv()).await;
        let chunk = chunk.expect("an answer was lost").expect("the lane runs");
        let (mut input, mut assembler) = (chunk.as_ref(), Assembler::default());
        while let Some(message) = assembler.next(&mut input).expect("whole messages") {
            found.push((message[0], u32::from_be_bytes(message[1..5].try_into().expect("four bytes"))));
        }
        assert!(!assembler.is_partial(), "a message was cut");
    }
    found
}

fn status_reply(id: u32, code: StatusCode, text: &str) -> BytesMut {
    let mut out = BytesMut::new();
    write_status(&mut out, id, code, text);
    out
}

fn status(id: u32) -> BytesMut {
    status_reply(id, StatusCode::Ok, "")
}

async fn push_work(lane: &Lane, key: FileKey, order: &Arc<Order>, kind: Kind, bytes: usize, answer: Answer) {
    let permit = lane.budget().clone().acquire_many_owned(Lane::cost(bytes)).await.expect("open");
    lane.push_work(key, order, Work { answer, kind, bulky: false, after: Vec::new(), permit: Some(permit) }).expect("fits");
}

#[tokio::test]
async fn slow_reads_run_side_by_side_and_every_one_is_answered_once() {
    let mut rig = rig(PLENTY);
    let (order, slow) = (Arc::new(Order::default()), Arc::new(Slow { size: 1 << 30, ..Slow::default() }));
    let source: Arc<dyn ReadSource> = slow.clone();
    for id in 0..400 {
        rig.lane.push_read(Some(1), &order, &source, id, u64::from(id) * 1000, 1000).expect("fits");
    }
    let found = collect(&mut rig, 400).await;
    assert!(found.iter().enumerate().all(|(n, &(kind, id))| kind == 103 && id == n as u32));
    assert_eq!(slow.most.load(Ordering::SeqCst), PARALLEL);
    assert!(order.is_idle());
}

#[tokio::test]
async fn answers_keep_the_order_of_the_requests() {
    let mut rig = rig(PLENTY);
    let order = Arc::new(Order::default());
    for id in 0..40_u32 {
        let write = answer(id, async move {
            tokio::time::sleep(Duration::from_millis(u64::from(40 - id) / 4)).await;
            Ok(status(id))
        });
        push_work(&rig.lane, Some(1), &order, Kind::Write, 0, write).await;
    }
    let found = collect(&mut rig, 40).await;
    assert!(found.iter().enumerate().all(|(n, &(_, id))| id == n as u32), "{found:?}");
}

#[tokio::test]
async fn a_file_is_quiet_when_the_session_took_something_after_its_last_answer() {
    let mut rig = rig(1);
    let order = Arc::new(Order::default());
    push_work(&rig.lane, Some(1), &order, Kind::Write, 0, answer(7, async { Ok(status(7)) })).await;
    assert_eq!(collect(&mut rig, 1).await, [(101, 7)]);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(order.is_idle() && !order.is_quiet());
    rig.client.window.add_permits(1);
    assert!(rig.answers.recv().await.expect("the lane runs").is_empty(), "nothing is sent for this");
    while !order.is_quiet() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_session_that_waits_for_room_gets_it_from_behind_reads() {
    let mut rig = rig(0);
    let order = Arc::new(Order::default());
    let source: Arc<dyn ReadSource> = Arc::new(Slow { size: u64::MAX, cached: true, ..Slow::default() });
    for id in 0..10 {
        rig.lane.push_read(Some(1), &order, &source, id, u64::from(id) * 131_072, 131_072).expect("one run");
    }
    push_work(&rig.lane, Some(1), &order, Kind::Write, BUDGET, answer(10, async { Ok(status(10)) })).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!order.is_idle(), "nobody waits, nobody takes answers");
    let waiting = rig.lane.wait();
    let room = rig.lane.budget().clone().acquire_many_owned(Lane::cost(1));
    let taken = tokio::time::timeout(Duration::from_secs(20), room).await.expect("the session blocks itself").expect("open");
    drop((waiting, taken));
    rig.client.window.add_permits(PLENTY);
    assert_eq!(collect(&mut rig, 11).await.len(), 11);
}

#[tokio::test]
async fn a_shut_window_stops_reads_but_not_writes() {
    let mut rig = rig(0);
    let (order, other) = (Arc::new(Order::default()), Arc::new(Order::default()));
    let source: Arc<dyn ReadSource> = Arc::new(Slow { size: u64::MAX, cached: true, ..Slow::default() });
    for id in 0..20_000 {
        rig.lane.push_read(Some(1), &order, &source, id, u64::from(id) * 261_120, 261_120).expect("one run");
    }
    // Ten times the budget passes through, though not one answer can leave.
    let done = Arc::new(AtomicUsize::new(0));
    for n in 0..320_u32 {
        let done = done.clone();
        let write = answer(n, async move {
            tokio::task::yield_now().await;
            done.fetch_add(1, Ordering::SeqCst);
            Ok(status(n))
        });
        let pushed = push_work(&rig.lane, Some(2), &other, Kind::Write, 256 << 10, write);
        tokio::time::timeout(Duration::from_secs(20), pushed).await.expect("a shut window blocks its own session");
    }
    while done.load(Ordering::SeqCst) < 320 {
        tokio::task::yield_now().await;
    }
    assert!(rig.lane.done() < 330, "reads went on without a window");
    assert!(rig.answers.try_recv().is_err());
    rig.client.window.add_permits(PLENTY);
    assert_eq!(collect(&mut rig, 20_320).await.len(), 20_320);
}

#[tokio::test]
async fn a_slow_file_holds_up_no_other_file_and_no_path() {
    let mut rig = rig(PLENTY);
    let (slow, quick, free) = (Arc::new(Order::default()), Arc::new(Order::default()), Arc::new(Order::default()));
    push_work(&rig.lane, Some(1), &slow, Kind::Alone, 0, Box::pin(std::future::pending())).await;
    push_work(&rig.lane, Some(1), &slow, Kind::Write, 0, answer(1, async { Ok(status(1)) })).await;
    push_work(&rig.lane, Some(2), &quick, Kind::Write, 0, answer(2, async { Ok(status(2)) })).await;
    push_work(&rig.lane, None, &free, Kind::Free, 0, answer(3, async { Ok(status(3)) })).await;
    let mut found = collect(&mut rig, 2).await;
    found.sort_unstable();
    assert_eq!(found, [(101, 2), (101, 3)]);
    assert!(!slow.is_idle() && quick.is_idle());
}

#[tokio::test]
async fn a_job_that_panics_is_answered_with_failure_and_the_lane_goes_on() {
    struct Broken;
    impl ReadSource for Broken {
        fn try_read(&self, offset: u64, _: &mut [u8]) -> Result<Option<usize>, Failure> {
            if offset == 0 { panic!("in try_read") } else { Ok(None) }
        }
        fn read(self: Arc<Self>, _: u64, _: usize) -> BoxFuture<'static, Result<Bytes, Failure>> {
            Box::pin(async { panic!("in read") })
        }
    }
    let mut rig = rig(PLENTY);
    let (order, source): (_, Arc<dyn ReadSource>) = (Arc::new(Order::default()), Arc::new(Broken));
    rig.lane.push_read(Some(1), &order, &source, 1, 0, 10).expect("fits");
    rig.lane.push_read(Some(1), &order, &source, 2, 99, 10).expect("fits");
    push_work(&rig.lane, Some(1), &order, Kind::Alone, 0, answer(3, async { panic!("in a job") })).await;
    push_work(&rig.lane, Some(1), &order, Kind::Alone, 0, answer(4, async { Ok(status(4)) })).await;
    let found = collect(&mut rig, 4).await;
    assert_eq!(found, [(101, 1), (101, 2), (101, 3), (101, 4)]);
    assert!(order.is_idle());
}

#[tokio::test]
async fn a_client_that_never_takes_answers_is_given_up() {
    let rig = rig(0);
    let order = Arc::new(Order::default());
    for n in 0.. {
        if rig.lane.is_ended() {
            break;
        }
        assert!(n < 10_000, "answers pile up without bound");
        let long = "x".repeat(8192);
        let job = answer(n, async move { Ok(status_reply(n, StatusCode::Failure, &long)) });
        push_work(&rig.lane, None, &order, Kind::Free, 0, job).await;
    }
    rig.task.await.expect("no panic");
}

// SSH-027
#[tokio::test]
async fn draining_answers_what_is_left_and_then_finishes_the_channel() {
    let mut rig = rig(PLENTY);
    let order = Arc::new(Order::default());
    let source: Arc<dyn ReadSource> = Arc::new(Slow { size: 1 << 20, ..Slow::default() });
    for id in 0..50 {
        rig.lane.push_read(Some(1), &order, &source, id, 0, 10).expect("fits");
    }
    rig.lane.drain();
    assert_eq!(collect(&mut rig, 50).await.len(), 50);
    (&mut rig.task).await.expect("no panic");
    assert!(rig.client.finished.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_muted_lane_completes_changes_and_drops_reads() {
    let rig = rig(0);
    let (order, other, done) = (Arc::new(Order::default()), Arc::new(Order::default()), Arc::new(AtomicBool::new(false)));
    let slow = Arc::new(Slow { size: u64::MAX, cached: true, ..Slow::default() });
    let source: Arc<dyn ReadSource> = slow.clone();
    for id in 0..1_000_000 {
        rig.lane.push_read(Some(1), &order, &source, id, u64::from(id) * 1000, 1000).expect("one run");
    }
    let set = done.clone();
    let close = answer(1, async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        set.store(true, Ordering::SeqCst);
        Ok(status(1))
    });
    push_work(&rig.lane, Some(2), &other, Kind::Alone, 0, close).await;
    tokio::task::yield_now().await;
    rig.lane.mute();
    tokio::time::timeout(Duration::from_secs(20), rig.task).await.expect("ends").expect("no panic");
    assert!(done.load(Ordering::SeqCst));
    assert!(slow.total.load(Ordering::SeqCst) < 2000);
}

#[tokio::test]
async fn letting_go_of_a_lane_abandons_what_runs() {
    struct SetOnDrop(Arc<AtomicBool>);
    impl Drop for SetOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let rig = rig(PLENTY);
    let (order, dropped) = (Arc::new(Order::default()), Arc::new(AtomicBool::new(false)));
    let guard = SetOnDrop(dropped.clone());
    let job = answer(1, async move {
        let _guard = guard;
        std::future::pending().await
    });
    push_work(&rig.lane, Some(1), &order, Kind::Alone, 0, job).await;
    tokio::task::yield_now().await;
    drop(rig.lane);
    tokio::time::timeout(Duration::from_secs(20), rig.task).await.expect("ends").expect("no panic");
    assert!(dropped.load(Ordering::SeqCst));
    assert!(!rig.client.finished.load(Ordering::SeqCst));
}

#[test]
fn a_cached_read_is_answered_into_the_given_buffer() {
    let slow = Slow { size: 100, cached: true, ..Slow::default() };
    let mut out = BytesMut::new();
    assert!(read_now(&mut out, &slow, 5, 90, 32_768));
    assert_eq!(out.len(), 13 + 10);
    out.clear();
    // SFTP-021
    assert!(read_now(&mut out, &slow, 5, 100, 32_768));
    assert_eq!(out, Failure::end_of_file().reply(5));
    out.clear();
    assert!(!read_now(&mut out, &Slow::default(), 5, 0, 10));
    assert!(out.is_empty());
}
