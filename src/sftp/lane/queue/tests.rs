use super::*;
use crate::{lane::BoxFuture, status::Failure};

struct Nothing;

impl ReadSource for Nothing {
    fn try_read(&self, _: u64, _: &mut [u8]) -> Result<Option<usize>, Failure> {
        Ok(None)
    }

    fn read(self: Arc<Self>, _: u64, _: usize) -> BoxFuture<'static, Result<bytes::Bytes, Failure>> {
        Box::pin(std::future::ready(Ok(bytes::Bytes::new())))
    }
}

fn source() -> Arc<dyn ReadSource> {
    Arc::new(Nothing)
}

fn work(kind: Kind) -> Work {
    Work { answer: Box::pin(std::future::pending()), kind, bulky: false, after: Vec::new(), permit: None }
}

fn reads(queue: &mut Queue) -> Vec<(u32, u64)> {
    let mut found = Vec::new();
    while let Some((ticket, picked)) = queue.pick(true) {
        let Picked::Read { id, offset, .. } = picked else { panic!("only READs are queued") };
        found.push((id, offset));
        finish(queue, ticket, b"");
    }
    found
}

/// The answers that may go out now.
fn finish(queue: &mut Queue, ticket: Ticket, reply: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    let told = queue.finish(ticket, reply.into(), &mut out);
    if let Some((order, answers)) = told {
        order.heard(answers);
    }
    out.to_vec()
}

#[test]
fn a_file_read_ahead_is_one_entry_and_comes_out_in_order() {
    let (mut queue, order) = (Queue::default(), Arc::new(Order::default()));
    for n in 0..32_768_u32 {
        queue.push_read(Some(1), &order, &source(), 10 + 2 * n, u64::from(n) * 32_768, 32_768).expect("fits");
    }
    assert_eq!(queue.entries, 1);
    let found = reads(&mut queue);
    assert_eq!(found.len(), 32_768);
    assert!(found.iter().enumerate().all(|(n, &(id, offset))| id == 10 + 2 * n as u32 && offset == n as u64 * 32_768));
    assert!(queue.is_empty() && order.is_idle());
}

#[test]
fn reads_that_do_not_continue_a_run_begin_another_and_their_number_is_bounded() {
    let (mut queue, order) = (Queue::default(), Arc::new(Order::default()));
    for n in 0..MAX_ENTRIES as u32 {
        queue.push_read(Some(1), &order, &source(), n, u64::from(n) * 7919, 100).expect("fits");
    }
    assert_eq!(queue.push_read(Some(1), &order, &source(), 0, 0, 1), Err(Overflow));
    // Other files share the bound; work that is not bulky is bounded by the budget instead.
    let other = Arc::new(Order::default());
    assert_eq!(queue.push_read(Some(2), &other, &source(), 0, 0, 1), Err(Overflow));
    assert!(other.is_idle());
    assert!(queue.push_work(None, &other, work(Kind::Free)).is_ok());
    let found = reads_and_free(&mut queue);
    assert_eq!(found, MAX_ENTRIES + 1);
}

fn reads_and_free(queue: &mut Queue) -> usize {
    let mut count = 0;
    while let Some((ticket, _)) = queue.pick(true) {
        count += 1;
        finish(queue, ticket, b"");
    }
    count
}

#[test]
fn the_end_of_the_number_space_is_no_trouble() {
    let (mut queue, order) = (Queue::default(), Arc::new(Order::default()));
    queue.push_read(Some(1), &order, &source(), u32::MAX, u64::MAX - 1, u32::MAX).expect("fits");
    queue.push_read(Some(1), &order, &source(), 0, u64::MAX, u32::MAX).expect("fits");
    queue.push_read(Some(1), &order, &source(), 1, 0, u32::MAX).expect("fits");
    assert_eq!(reads(&mut queue).len(), 3);
}

#[test]
fn reads_run_beside_reads_and_a_change_of_kind_waits() {
    let (mut queue, order) = (Queue::default(), Arc::new(Order::default()));
    queue.push_read(Some(1), &order, &source(), 1, 0, 10).expect("fits");
    queue.push_read(Some(1), &order, &source(), 2, 10, 10).expect("fits");
    queue.push_work(Some(1), &order, work(Kind::Write)).expect("fits");
    queue.push_work(Some(1), &order, work(Kind::Write)).expect("fits");
    queue.push_work(Some(1), &order, work(Kind::Alone)).expect("fits");
    queue.push_work(Some(1), &order, work(Kind::Alone)).expect("fits");
    let mut steps = Vec::new();
    while !queue.is_empty() {
        let together: Vec<_> = std::iter::from_fn(|| queue.pick(true)).collect();
        assert!(!order.is_idle());
        steps.push(together.len());
        for (ticket, _) in together {
            finish(&mut queue, ticket, b"");
        }
    }
    assert_eq!(steps, [2, 2, 1, 1]);
    assert!(order.is_idle());
}

#[test]
fn one_file_that_waits_holds_up_no_other() {
    let (mut queue, order) = (Queue::default(), Arc::new(Order::default()));
    for key in [Some(1), Some(2), None] {
        let kind = if key.is_some() { Kind::Alone } else { Kind::Free };
        queue.push_work(key, &order, work(kind)).expect("fits");
        queue.push_work(key, &order, work(kind)).expect("fits");
    }
    let mut begun = Vec::new();
    while let Some((ticket, _)) = queue.pick(true) {
        begun.push(ticket.key);
    }
    begun.sort();
    assert_eq!(begun, [None, None, Some(1), Some(2)]);
}

#[test]
fn without_leave_to_send_only_bulky_work_waits() {
    let (mut queue, order) = (Queue::default(), Arc::new(Order::default()));
    queue.push_read(Some(1), &order, &source(), 1, 0, 10).expect("fits");
    queue.push_work(Some(2), &order, Work { bulky: true, ..work(Kind::Alone) }).expect("fits");
    queue.push_work(Some(3), &order, work(Kind::Write)).expect("fits");
    assert!(matches!(queue.pick(false), Some((Ticket { key: Some(3), .. }, Picked::Work(_)))));
    assert!(queue.pick(false).is_none());
    assert!(queue.pick(true).is_some() && queue.pick(true).is_some());
}

#[test]
fn work_on_a_name_waits_for_the_close_of_its_file_and_lets_others_pass() {
    let (mut queue, closing, free) = (Queue::default(), Arc::new(Order::default()), Arc::new(Order::default()));
    queue.push_work(Some(1), &closing, work(Kind::Alone)).expect("fits");
    queue.push_work(None, &free, Work { after: vec![closing.clone()], ..work(Kind::Free) }).expect("fits");
    queue.push_work(None, &free, work(Kind::Free)).expect("fits");
    let begun: Vec<_> = std::iter::from_fn(|| queue.pick(true)).map(|(ticket, _)| ticket).collect();
    assert_eq!(begun.iter().map(|ticket| ticket.key).collect::<Vec<_>>(), [Some(1), None]);
    finish(&mut queue, begun[0], b"");
    assert!(queue.pick(true).is_some());
}

#[test]
fn answers_of_a_file_wait_for_those_of_the_requests_before() {
    let (mut queue, order, other) = (Queue::default(), Arc::new(Order::default()), Arc::new(Order::default()));
    for _ in 0..4 {
        queue.push_work(Some(1), &order, work(Kind::Write)).expect("fits");
    }
    queue.push_work(Some(2), &other, work(Kind::Write)).expect("fits");
    let begun: Vec<_> = std::iter::from_fn(|| queue.pick(true)).map(|(ticket, _)| ticket).collect();
    let (one, two): (Vec<_>, Vec<_>) = begun.into_iter().partition(|ticket| ticket.key == Some(1));
    assert_eq!(one.iter().map(|ticket| ticket.is_next).collect::<Vec<_>>(), [true, false, false, false]);
    assert_eq!((finish(&mut queue, one[2], b"c"), finish(&mut queue, one[1], b"b"), queue.held), (vec![], vec![], 2));
    assert_eq!(finish(&mut queue, two[0], b"x"), b"x", "another file does not wait");
    assert_eq!((finish(&mut queue, one[0], b"a"), queue.held), (b"abc".to_vec(), 0));
    assert!(!order.is_quiet());
    assert_eq!(finish(&mut queue, one[3], b"d"), b"d");
    assert!(order.is_quiet() && order.is_idle() && queue.is_empty());
}

#[test]
fn a_request_that_hangs_bounds_what_is_held_and_stops_no_other_file() {
    let (mut queue, order, other) = (Queue::default(), Arc::new(Order::default()), Arc::new(Order::default()));
    for _ in 0..100 {
        queue.push_work(Some(1), &order, work(Kind::Write)).expect("fits");
    }
    let begin =
        |queue: &mut Queue| -> Vec<Ticket> { std::iter::from_fn(|| queue.pick(true)).map(|(ticket, _)| ticket).collect() };
    let first = begin(&mut queue);
    assert_eq!(first.len(), PARALLEL);
    for ticket in &first[1..] {
        finish(&mut queue, *ticket, &[0; 300_000]);
    }
    assert!(begin(&mut queue).is_empty(), "none that would wait longer");
    queue.push_work(Some(2), &other, work(Kind::Alone)).expect("fits");
    queue.push_work(None, &other, work(Kind::Free)).expect("fits");
    assert_eq!(begin(&mut queue).len(), 2);
    assert!(queue.held > HELD && !queue.files[&Some(1)].held.is_empty());
    finish(&mut queue, first[0], b"");
    assert_eq!(queue.held, 0);
    assert_eq!(begin(&mut queue).len(), PARALLEL);
}
