//! Clients that want much at once.

use serde_json::json;

use super::{
    client::{Harm, Sftp, login},
    sftp,
    vitals::Vitals,
};
use crate::harness::{Server, Settings, bytes, eventually, python};

/// Asks for `sys.argv[1]` pieces of `sys.argv[2]` bytes with a window that stays shut, and looks at the memory of the process
/// `sys.argv[3]`, in KiB. Then it takes everything.
const SHUT: &str = r#"
import paramiko, struct, hashlib
count, length, pid = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def resident():
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS:"))
def string(text):
    return struct.pack(">I", len(text)) + text
def message(kind, id, rest=b""):
    return struct.pack(">IBI", 5 + len(rest), kind, id) + rest
def connect():
    transport = paramiko.Transport((host, port))
    transport.connect(username=user, password=password)
    return transport
transport, bystander = connect(), connect()
sftp, elsewhere = (paramiko.SFTPClient.from_transport(each) for each in (transport, bystander))
size = sftp.stat("large").st_size
before = resident()
channel = transport.open_session(window_size=65536)
channel.invoke_subsystem("sftp")
channel.sendall(message(1, 3) + message(3, 0, string(b"large") + struct.pack(">II", 1, 0)))
offsets = [(index * length) % (size - length) for index in range(count)]
out = b"".join(message(5, index + 1, string(b"\0\0\0\0") + struct.pack(">QI", offsets[index], length)) for index in range(count))
channel.sendall(out)
# Answered after what was asked on the same connection before. What has to wait for a storage is answered there only when
# the shut channel has room again, for that is how russh is made; another connection does not notice.
assert sftp.stat("large").st_size == size
assert "large" in sftp.listdir(".")
with sftp.open("large", "rb") as file:
    file.seek(5)
    assert len(file.read(1000)) == 1000
grown = resident() - before
with elsewhere.open("elsewhere", "wb") as file:
    file.write(b"e" * 100000)
grown = max(grown, resident() - before)
assert grown < 24 << 10, f"{grown} KiB more"
content = open(sys.argv[4], "rb").read()
buffer, at, seen = bytearray(), 0, set()
while len(seen) < count + 2:
    piece = channel.recv(1 << 20)
    assert piece, f"closed after {len(seen)} answers"
    buffer += piece
    while len(buffer) - at >= 9:
        size_of, kind, id = struct.unpack_from(">IBI", buffer, at)
        if len(buffer) - at < 4 + size_of:
            break
        if kind == 103:
            start = offsets[id - 1]
            assert buffer[at + 13:at + 4 + size_of] == content[start:start + length], id
            seen.add(id)
        else:
            assert kind in (2, 102), (kind, id)
            seen.add(-kind)
        at += 4 + size_of
    if at > 1 << 20:
        del buffer[:at]
        at = 0
print("grown", grown, "KiB; then", resident() - before)
os._exit(0)
"#;

// Memory: READs beyond the window wait where they cost next to nothing
#[test]
fn reads_of_a_client_that_takes_nothing_cost_little() {
    let server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    user.place("large", &bytes(16 << 20, 5));
    let (pid, path) = (server.pid().as_raw_nonzero().to_string(), user.home.join("large"));
    for (count, length) in [("1000", "32768"), ("1000", "261120"), ("20000", "32768")] {
        let arguments = [count, length, &pid, path.to_str().unwrap()];
        println!("{}", python(&server, &user, SHUT, &arguments).run().ok().out);
    }
}

// A handle may cost a descriptor: one account cannot have them all
#[test]
fn handles_without_end_leave_room_for_others() {
    let server = Server::start(Settings::default().set("COMMON__MAX_PER_HOST_CONNECTIONS", "0"));
    let (mallory, alice) = (server.create_user("mallory", json!({})), server.create_user("alice", json!({})));
    let vitals = Vitals::of(&server);
    super::runtime().block_on(async {
        let (mut connections, mut channels, mut opened) = (Vec::new(), Vec::new(), 0);
        for _ in 0..12 {
            let handle = login(&server, &mallory, Harm::None).await.unwrap();
            let mut sftp = Sftp::begin(&handle).await.unwrap();
            sftp.initialise().await;
            let many: Vec<u8> = (0..1500).flat_map(|id| sftp::Packet::new(11, id).string(b"/").end()).collect();
            sftp.send(many).await.unwrap();
            for _ in 0..1500 {
                opened += usize::from(sftp.next().await.unwrap().0 == sftp::HANDLE);
            }
            connections.push(handle);
            channels.push(sftp);
        }
        let held: usize = vitals.descriptors().values().sum();
        assert!(opened > 100 && held < vitals.descriptor_limit() / 2, "{opened} handles, {held} descriptors");
        let handle = login(&server, &alice, Harm::None).await.unwrap();
        let mut sftp = Sftp::begin(&handle).await.unwrap();
        sftp.initialise().await;
        sftp.put("f", b"alice").await;
        assert_eq!(sftp.get("f").await, b"alice");
    });
    eventually("the descriptors are given back", || vitals.descriptors().values().sum::<usize>() < 100);
}

// Memory: 50 parallel uploads stay under 150 MiB
#[test]
fn fifty_uploads_at_once_are_cheap() {
    let settings = ["CONNECTIONS", "TRANSFERS"];
    let settings =
        settings.iter().fold(Settings::default(), |settings, what| settings.set(&format!("COMMON__MAX_PER_HOST_{what}"), "0"));
    let server = Server::start(settings);
    let user = server.create_user("alice", json!({}));
    let content = bytes(4 << 20, 9);
    super::runtime().block_on(async {
        let mut sessions = Vec::new();
        for _ in 0..50 {
            let handle = login(&server, &user, Harm::None).await.unwrap();
            let mut sftp = Sftp::begin(&handle).await.unwrap();
            sftp.initialise().await;
            sessions.push((handle, sftp));
        }
        let local = tokio::task::LocalSet::new();
        for (index, (handle, mut sftp)) in sessions.into_iter().enumerate() {
            let content = content.clone();
            local.spawn_local(async move {
                sftp.put(&format!("up-{index}"), &content).await;
                drop(handle);
            });
        }
        local.await;
    });
    let peak = Vitals::of(&server).peak();
    assert!(peak < 150 << 10, "{peak} KiB");
    for index in 0..50 {
        assert!(user.read(&format!("up-{index}")).as_ref() == Some(&content), "{index}");
    }
}
