//! Hostile bytes: what arrives from those who mean harm hurts nobody but them.
//!
//! Seeds are fixed. Nothing is said about time; what must happen sometime has a minute.

mod chance;
mod client;
mod flood;
mod sftp;
mod ssh;
mod vitals;

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use serde_json::json;
use tokio::runtime;

use self::{
    chance::Chance,
    client::{Harm, Sftp, login},
    vitals::Vitals,
};
use crate::harness::{Server, Settings, User, bytes, eventually};

/// Lines of the log, one for each way in which a connection ends.
const ENDS: [&str; 3] = ["no SSH session", "SSH connection ended", "SSH connection broke"];

/// Growth of resident memory that is none: buffers and arenas that are kept.
const MEMORY: u64 = 32 << 10;

fn runtime() -> runtime::Runtime {
    runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Sends `bytes` on a connection of its own, says that this was all, and waits until the server has ended it.
fn speak(address: SocketAddr, bytes: &[u8]) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // The server may be done with us before we are.
    if socket.write_all(bytes).and_then(|()| socket.shutdown(Shutdown::Write)).is_err() {
        return;
    }
    let mut sink = [0; 4096];
    loop {
        match socket.read(&mut sink) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
            Err(error) => panic!("the server keeps a connection that is over: {error}"),
        }
    }
}

/// Calls `each` with the numbers up to `count`, eight at a time.
fn side_by_side(count: usize, each: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    each(index);
                }
            });
        }
    });
}

/// A server under attack, and a session that looks on.
struct Siege {
    server: Server,
    attacker: User,
    witness: Witness,
    vitals: Vitals,
    before: Baseline,
}

struct Witness {
    user: User,
    runtime: runtime::Runtime,
    handle: russh::client::Handle<client::Trusting>,
    sftp: Sftp,
}

struct Baseline {
    descriptors: usize,
    threads: usize,
    resident: u64,
}

impl Siege {
    /// Starts it all, and does once what will be done often, so that what is made once is there.
    fn begin(warm_up: impl FnOnce(&Server, &User)) -> Self {
        let server = Server::start(Settings::default().set("COMMON__MAX_PER_HOST_CONNECTIONS", "0"));
        // A budget that ends what would go on for ever on a disk without one.
        let limits = json!({ "quota_size": 64 << 20, "quota_files": 500 });
        let (attacker, user) = (server.create_user("mallory", limits), server.create_user("alice", json!({})));
        let vitals = Vitals::of(&server);
        warm_up(&server, &attacker);
        let witness = Witness::begin(&server, user);
        let mut siege = Self { server, attacker, witness, vitals, before: Baseline { descriptors: 0, threads: 0, resident: 0 } };
        siege.witness.works("before");
        // Nothing of the warm-up is left: one connection of the witness, and the listener.
        eventually("the warm-up has ended", || siege.sockets() <= 3 + siege.listeners());
        let descriptors = siege.vitals.descriptors().values().sum();
        siege.before = Baseline { descriptors, threads: siege.vitals.threads(), resident: siege.vitals.resident() };
        siege
    }

    fn sockets(&self) -> usize {
        self.vitals.descriptors().get("socket").copied().unwrap_or_default()
    }

    /// Sockets that are none of clients are few.
    fn listeners(&self) -> usize {
        8
    }

    fn ended_connections(&self) -> usize {
        let log = self.server.log();
        log.lines().filter(|line| ENDS.iter().any(|end| line.contains(end))).count()
    }

    /// The server is as it was, and said of each of `connections` how it ended.
    fn end(mut self, connections: usize) {
        self.witness.works("after");
        assert!(self.vitals.is_alive());
        let before = &self.before;
        eventually("descriptors are given back", || self.vitals.descriptors().values().sum::<usize>() <= before.descriptors);
        eventually("threads end", || self.vitals.threads() <= before.threads);
        eventually("each connection has its line in the log", || self.ended_connections() >= connections);
        let resident = self.vitals.resident();
        assert!(resident < before.resident + MEMORY, "{} KiB before, {resident} KiB after", before.resident);
        let connections = self.server.api().get("/api/v2/connections");
        if connections.status == 200 {
            assert_eq!(connections.body.as_array().map(Vec::len), Some(1), "{}", connections.text);
        }
        drop(self.witness);
        let log = self.server.log();
        assert!(!log.contains("panic"), "{log}");
        assert!(!log.contains("\u{1B}"), "control characters of a client are in the log");
        let status = self.server.stop();
        assert!(status.success(), "{status}");
    }
}

impl Witness {
    fn begin(server: &Server, user: User) -> Self {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (handle, sftp) = runtime.block_on(async {
            let handle = login(server, &user, Harm::None).await.unwrap();
            let mut sftp = Sftp::begin(&handle).await.unwrap();
            sftp.initialise().await;
            (handle, sftp)
        });
        Self { user, runtime, handle, sftp }
    }

    fn works(&mut self, name: &str) {
        let content = bytes(700_001, 3);
        let back = self.runtime.block_on(async {
            self.sftp.put(name, &content).await;
            self.sftp.get(name).await
        });
        assert!(back == content && self.user.read(name) == Some(content), "{name}: the session that looked on is hurt");
        assert!(!self.handle.is_closed());
    }
}

// Bad input, before the login: damaged packets, every prefix of a beginning, and clients that never finish a line
#[test]
fn damaged_handshakes_harm_nobody() {
    let attack = |server: &Server, seed: u64, count: usize| {
        let packets = AtomicUsize::new(0);
        side_by_side(count, |index| {
            let (bytes, parts) = ssh::mutation(&mut Chance::new(seed + index as u64));
            packets.fetch_add(parts, Ordering::Relaxed);
            speak(server.sftp_address(), &bytes);
        });
        packets.into_inner()
    };
    let siege = Siege::begin(|server, _| {
        attack(server, 1_000_000, 64);
    });
    let lines: Vec<TcpStream> = (0..40)
        .map(|index| {
            let mut socket = TcpStream::connect(siege.server.sftp_address()).unwrap();
            socket.write_all(&ssh::beginning()[..index * 3]).unwrap();
            socket
        })
        .collect();
    let packets = attack(&siege.server, 1, 1_700);
    assert!(packets > 5_000, "{packets}");
    let beginning = ssh::beginning();
    side_by_side(beginning.len(), |length| speak(siege.server.sftp_address(), &beginning[..length]));
    drop(lines);
    siege.end(40 + 1_700 + beginning.len());
}

/// A channel that gets `pieces`, then the end of the stream; its answers.
async fn converse(handle: &russh::client::Handle<client::Trusting>, pieces: Vec<Vec<u8>>) -> Vec<client::Answer> {
    let mut sftp = Sftp::begin(handle).await.unwrap();
    for piece in pieces {
        // The server may close the channel over what was sent.
        if sftp.send(piece).await.is_err() {
            break;
        }
    }
    let _ = sftp.channel.eof().await;
    sftp.rest().await
}

/// The stream of a channel: a beginning that opens things, then damaged requests, cut anywhere.
fn stream(chance: &mut Chance, damaged: usize) -> Vec<Vec<u8>> {
    let mut all = sftp::Packet::new(sftp::INIT, 3).end();
    for number in 0..3 {
        all.extend(sftp::open(number, format!("file-{number}").as_bytes(), chance.pick(&[0x1A, 0x0A, 0x1B, 0x0E, 0x01])));
    }
    all.extend(sftp::Packet::new(11, 4).string(b"/").end());
    for id in 0..damaged {
        all.extend(sftp::mutation(chance, 100 + u32::try_from(id).unwrap()));
    }
    all.extend(sftp::stat(u32::MAX, b"/"));
    cut(chance, &all)
}

fn cut(chance: &mut Chance, mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let largest = chance.pick(&[1, 7, 100, 4_000, 60_000]);
    // Byte by byte for as long as that is not too long.
    let single = if largest == 1 { 600 } else { 0 };
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let length = if pieces.len() < single { 1 } else { 1 + chance.below(largest.max(10_000)) };
        let (piece, rest) = bytes.split_at(length.min(bytes.len()));
        pieces.push(piece.to_vec());
        bytes = rest;
    }
    pieces
}

/// Damaged requests on many channels of a few connections: how many were sent.
fn attack_sftp(server: &Server, attacker: &User, seed: u64, channels: usize) -> usize {
    const DAMAGED: usize = 40;
    runtime().block_on(async {
        let mut chance = Chance::new(seed);
        let mut handle = login(server, attacker, Harm::None).await.unwrap();
        for index in 0..channels {
            if index % 50 == 49 {
                handle = login(server, attacker, Harm::None).await.unwrap();
            }
            let mut pieces = stream(&mut chance, DAMAGED);
            let is_framed = !chance.is(8);
            if !is_framed {
                let at = chance.below(pieces.len());
                chance.damage(&mut pieces[at], 0);
            }
            let answers = converse(&handle, pieces).await;
            // Whole messages are all answered, the last one of all for certain.
            let is_answered = answers.iter().any(|(_, id, _)| *id == u32::MAX);
            assert!(is_answered || !is_framed, "channel {index} of seed {seed}: {} answers", answers.len());
        }
    });
    channels * DAMAGED
}

// Bad input, after the login
#[test]
fn damaged_requests_harm_nobody() {
    let prepare = |server: &Server, attacker: &User| {
        fs::create_dir_all(attacker.home.join("d/d")).unwrap();
        std::os::unix::fs::symlink("../../../../../etc", attacker.home.join("link")).unwrap();
        attack_sftp(server, attacker, 77, 10);
    };
    let siege = Siege::begin(prepare);
    let sent: usize = (1..=4).map(|seed| attack_sftp(&siege.server, &siege.attacker, seed, 64)).sum();
    assert!(sent >= 10_000, "{sent}");
    // What was damaged was no way around the quota either.
    eventually("quota is what lies on the disk", || {
        let (disk, (files, size)) = (siege.attacker.disk(), siege.server.quota("mallory"));
        size == disk.size + disk.partial_size && files >= disk.files && size <= 64 << 20 && files <= 500
    });
    siege.end(4);
}

// Bad input: every prefix of a session, ended in each way there is
#[test]
fn every_prefix_of_a_session_is_survived() {
    let siege = Siege::begin(|server, attacker| {
        runtime().block_on(async {
            let handle = login(server, attacker, Harm::None).await.unwrap();
            converse(&handle, vec![sftp::session()]).await;
        });
    });
    let session = sftp::session();
    let connections = runtime().block_on(async {
        let (mut handle, mut connections) = (login(&siege.server, &siege.attacker, Harm::None).await.unwrap(), 1);
        for length in 0..=session.len() {
            match length % 16 {
                0 => {
                    // Gone without a word.
                    let sftp = Sftp::begin(&handle).await.unwrap();
                    let _ = sftp.send(&session[..length]).await;
                    handle = login(&siege.server, &siege.attacker, Harm::None).await.unwrap();
                    connections += 1;
                }
                odd if odd % 2 == 1 => {
                    let sftp = Sftp::begin(&handle).await.unwrap();
                    sftp.send(&session[..length]).await.unwrap();
                    // russh's client does not tell that the server closes too; the next channel shows it.
                    sftp.channel.close().await.unwrap();
                }
                _ => drop(converse(&handle, vec![session[..length].to_vec()]).await),
            }
        }
        connections
    });
    siege.end(connections - 1);
}

// Bad input: the same below the encryption, where a flipped bit breaks the connection
#[test]
fn cut_and_flipped_connections_are_survived() {
    let run = |server: &Server, attacker: &User, harm: Harm| {
        runtime().block_on(async {
            let Ok(handle) = login(server, attacker, harm).await else { return };
            let Ok(mut sftp) = Sftp::begin(&handle).await else { return };
            if sftp.send(sftp::session()).await.is_ok() {
                let _ = sftp.channel.eof().await;
                sftp.rest().await;
            }
        });
    };
    let siege = Siege::begin(|server, attacker| run(server, attacker, Harm::None));
    // One session sends some 5,000 bytes.
    let harms: Vec<Harm> = (0..5_500).step_by(29).flat_map(|at| [Harm::Cut(at), Harm::Flip(at + 13)]).collect();
    side_by_side(harms.len(), |index| run(&siege.server, &siege.attacker, harms[index]));
    siege.end(harms.len());
}
