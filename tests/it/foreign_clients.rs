//! Clients of others, as people start them.

use std::{fs, path::Path, process::Child};

use serde_json::json;

use crate::harness::{OpenSsh, Program, Server, Settings, User, bytes, eventually, python, read_tree, require};

fn server() -> (Server, User) {
    let server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    fs::create_dir_all(&user.home).unwrap();
    (server, user)
}

/// A tree with small, large, empty and oddly named files.
fn tree(folder: &Path) {
    for (path, size) in [("a.txt", 10), ("b/large.bin", 5_000_001), ("b/c/empty", 0), ("b/c/with space & ümlaut", 70_000)] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes(size, size as u64 + 3)).unwrap();
    }
}

#[test]
fn lftp_mirrors_resumes_and_renames() {
    require("lftp", "lftp");
    let (server, user) = server();
    let (from, back) = (server.scratch().join("from"), server.scratch().join("back"));
    tree(&from);
    let ssh = OpenSsh::new(&server, &user).command_line();
    let lftp = |commands: &str| {
        let script = format!(
            "set sftp:connect-program \"{ssh} -a -x\"; set net:max-retries 2; set net:timeout 30; set cmd:fail-exit yes; \
             open -u alice, sftp://127.0.0.1:{}; {commands}; bye",
            server.sftp_address().port()
        );
        Program::new("lftp").args(["--norc", "-c", &script]).env("HOME", server.scratch()).dir(server.scratch()).run()
    };
    lftp("mirror -R from up; mirror up back").ok();
    assert_eq!(read_tree(&user.home.join("up")), read_tree(&from));
    assert_eq!(read_tree(&back), read_tree(&from));
    // A download and an upload that had begun.
    let large = bytes(5_000_001, 5_000_004);
    fs::write(server.scratch().join("large.bin"), &large[..1_000_000]).unwrap();
    user.place("half.bin", &large[..2_000_000]);
    fs::write(server.scratch().join("half.bin"), &large).unwrap();
    lftp("get -c up/b/large.bin; put -c half.bin; mv up/a.txt up/renamed.txt; rm -r up/b; mkdir d; chmod 600 half.bin").ok();
    assert!(fs::read(server.scratch().join("large.bin")).unwrap() == large);
    assert!(user.read("half.bin") == Some(large));
    assert_eq!(read_tree(&user.home.join("up")).into_keys().collect::<Vec<_>>(), [b"renamed.txt".to_vec()]);
}

#[test]
fn rclone_copies_checks_and_syncs() {
    require("rclone", "rclone");
    let (server, user) = server();
    let from = server.scratch().join("from");
    tree(&from);
    let remote = format!(
        ":sftp,host=127.0.0.1,port={},user=alice,key_file={}:up",
        server.sftp_address().port(),
        server.key().file.display()
    );
    let rclone = |arguments: &[&str]| {
        let config = server.scratch().join("rclone.conf");
        Program::new("rclone").args(["--retries", "1", "--config"]).arg(config).args(arguments).dir(server.scratch()).run()
    };
    rclone(&["copy", "from", &remote]).ok();
    assert_eq!(read_tree(&user.home.join("up")), read_tree(&from));
    rclone(&["check", "--download", "from", &remote]).ok();
    rclone(&["check", "from", &remote]).ok();
    // SCMD-004: by the commands that the server has.
    let sums = |place: &str| {
        let mut lines: Vec<String> =
            rclone(&["md5sum", "--checkers", "1", "--transfers", "1", place]).ok().out.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sums(&remote), sums("from"));
    assert!(sums("from").len() == 4 && !server.events_of("alice", "ssh_cmd").is_empty());
    fs::remove_file(from.join("a.txt")).unwrap();
    fs::write(from.join("b/large.bin"), b"small now").unwrap();
    rclone(&["sync", "from", &remote]).ok();
    assert_eq!(read_tree(&user.home.join("up")), read_tree(&from));
    rclone(&["copy", &remote, "back"]).ok();
    assert_eq!(read_tree(&server.scratch().join("back")), read_tree(&from));
    let disk = user.disk();
    assert_eq!(server.quota("alice"), (disk.files, disk.size), "{disk:?}");
    rclone(&["purge", &remote]).ok();
    assert_eq!(server.quota("alice"), (0, 0));
}

/// A mounted account; unmounted when dropped.
struct Mount {
    point: std::path::PathBuf,
    child: Child,
}

impl Mount {
    fn new(server: &Server, user: &User, options: &[&str]) -> Self {
        require("sshfs", "sshfs");
        let point = server.scratch().join("mount");
        fs::create_dir_all(&point).unwrap();
        let command = OpenSsh::new(server, user).command_line();
        let child = Program::new("sshfs")
            .arg("-f")
            .args(["-p", &server.sftp_address().port().to_string(), "-o", &format!("ssh_command={command}")])
            .args(options)
            .arg(format!("{}@127.0.0.1:/", user.name))
            .arg(&point)
            .start();
        let mut mount = Self { point, child };
        eventually("the account is mounted", || {
            assert!(mount.child.try_wait().unwrap().is_none(), "sshfs ended; it needs /dev/fuse and the right to mount");
            let mounts = fs::read_to_string("/proc/mounts").unwrap();
            mounts.contains(mount.point.to_str().unwrap())
        });
        mount
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmount = |lazy: &[&str]| Program::new("fusermount3").arg("-u").args(lazy).arg(&self.point).run().code == Some(0);
        if !unmount(&[]) {
            unmount(&["-z"]);
        }
        let _ = self.child.wait();
    }
}

#[test]
fn sshfs_mounts_and_rsync_writes_into_it() {
    require("rsync", "rsync");
    let (server, user) = server();
    let from = server.scratch().join("from");
    tree(&from);
    {
        let mount = Mount::new(&server, &user, &[]);
        let rsync = |arguments: &[&str]| {
            Program::new("rsync")
                .args(["-rt", "--delete"])
                .args(arguments)
                .arg("from/")
                .arg(mount.point.join("up/"))
                .dir(server.scratch())
                .run()
        };
        rsync(&[]).ok();
        assert_eq!(read_tree(&mount.point.join("up")), read_tree(&from));
        fs::write(from.join("a.txt"), "changed, and longer than before").unwrap();
        fs::remove_file(from.join("b/c/empty")).unwrap();
        rsync(&["--checksum"]).ok();
        rsync(&["--checksum", "--inplace"]).ok();
        assert_eq!(read_tree(&mount.point.join("up")), read_tree(&from));
        // As editors do: append, cut, rename over.
        let file = mount.point.join("up/a.txt");
        use std::io::Write;
        fs::File::options().append(true).open(&file).unwrap().write_all(b" end").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "changed, and longer than before end");
        fs::File::options().write(true).open(&file).unwrap().set_len(7).unwrap();
        fs::write(mount.point.join("up/new"), "new").unwrap();
        fs::rename(mount.point.join("up/new"), &file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }
    assert_eq!(user.read("up/a.txt").as_deref(), Some(b"new".as_slice()));
    let disk = user.disk();
    assert_eq!(disk.partials, 0);
    assert_eq!(server.quota("alice"), (disk.files, disk.size), "{disk:?}");
}

// LIM-011: it takes answers in the order of its requests, and waits for ever for one that was early.
#[test]
fn paramiko_waits_for_its_rate() {
    let server = Server::start(Settings::default());
    let user = server.create_user("slow", json!({ "upload_bandwidth": 4000, "download_bandwidth": 4000 }));
    let content = bytes(6_000_000, 22);
    fs::write(server.scratch().join("f"), &content).unwrap();
    let script = r#"
import paramiko
transport = paramiko.Transport((host, port))
transport.connect(username=user, password=password)
sftp = paramiko.SFTPClient.from_transport(transport)
sftp.get_channel().settimeout(60)
assert sftp.put("f", "f").st_size == 6_000_000
sftp.get("f", "got")
transport.close()
"#;
    let no_arguments: [&str; 0] = [];
    python(&server, &user, script, &no_arguments).run().ok();
    assert!(user.read("f").as_ref() == Some(&content));
    assert!(fs::read(server.scratch().join("got")).unwrap() == content);
}

// The deadlock of paramiko's prefetch: 2048 READs before it takes the first answer
#[test]
fn paramiko_prefetches_64_mib_and_puts_them() {
    let (server, user) = server();
    let content = bytes(64 << 20, 21);
    user.place("large", &content);
    fs::write(server.scratch().join("large"), &content).unwrap();
    let script = r#"
import paramiko, hashlib
transport = paramiko.Transport((host, port))
transport.connect(username=user, password=password)
sftp = paramiko.SFTPClient.from_transport(transport)
sftp.get("large", "got")
with sftp.open("large", "rb") as file:
    file.prefetch(64 << 20)
    digest = hashlib.sha256(file.read())
assert digest.digest() == hashlib.sha256(open("large", "rb").read()).digest()
with sftp.open("large", "rb") as file:
    parts = list(file.readv([(offset, 65536) for offset in range(0, 64 << 20, 1 << 20)]))
    assert sum(map(len, parts)) == 64 * 65536
attributes = sftp.put("large", "put")
assert attributes.st_size == 64 << 20
sftp.mkdir("d")
sftp.posix_rename("put", "d/put")
sftp.rename("d/put", "d/moved")
sftp.utime("d/moved", (1_000_000_000, 1_000_000_001))
sftp.chmod("d/moved", 0o600)
found = sftp.stat("d/moved")
assert found.st_mtime == 1_000_000_001 and found.st_mode & 0o777 == 0o600, found
assert sorted(sftp.listdir(".")) == ["d", "large"], sftp.listdir(".")
sftp.truncate("d/moved", 1000)
assert sftp.stat("d/moved").st_size == 1000
with sftp.open("d/moved", "r+b") as file:
    file.seek(998)
    file.write(b"tail")
assert sftp.stat("d/moved").st_size == 1002
try:
    sftp.stat("missing")
    raise SystemExit("found what is not there")
except FileNotFoundError:
    pass
transport.close()
"#;
    let no_arguments: [&str; 0] = [];
    python(&server, &user, script, &no_arguments).run().ok();
    assert!(fs::read(server.scratch().join("got")).unwrap() == content);
    let disk = user.disk();
    assert_eq!((disk.files, disk.size, disk.partials), (2, (64 << 20) + 1002, 0));
}

#[test]
fn asyncssh_copies_in_parallel() {
    let (server, user) = server();
    let from = server.scratch().join("from");
    tree(&from);
    let script = r#"
import asyncio, asyncssh
async def main():
    async with asyncssh.connect(host, port, username=user, client_keys=[key], known_hosts=None) as connection:
        async with connection.start_sftp_client() as one, connection.start_sftp_client() as other:
            await one.put("from", "up", recurse=True, preserve=True)
            await asyncio.gather(one.get("up", "back", recurse=True), other.get("up", "back2", recurse=True))
            await asyncio.gather(*[one.put("from/b/large.bin", f"copy-{index}") for index in range(6)])
            assert await other.exists("copy-5")
            names = [entry.filename async for entry in other.scandir(".")]
            assert {"up", "copy-0", "."} <= set(names), names
            await one.rmtree("up")
            assert not await one.exists("up")
            print((await one.statvfs(".")).bsize)
asyncio.run(main())
"#;
    let no_arguments: [&str; 0] = [];
    python(&server, &user, script, &no_arguments).run().ok();
    assert_eq!(read_tree(&server.scratch().join("back")), read_tree(&from));
    assert_eq!(read_tree(&server.scratch().join("back2")), read_tree(&from));
    for index in 0..6 {
        assert!(user.read(&format!("copy-{index}")) == Some(bytes(5_000_001, 5_000_004)), "{index}");
    }
    let disk = user.disk();
    assert_eq!((disk.files, server.quota("alice")), (6, (6, disk.size)));
}

// A large download on one channel goes on beside many small uploads on another
#[test]
fn two_channels_of_one_connection_work_side_by_side() {
    let (server, user) = server();
    user.place("large", &bytes(64 << 20, 2));
    let script = r#"
import paramiko, threading
transport = paramiko.Transport((host, port))
transport.connect(username=user, password=password)
reader, other = (paramiko.SFTPClient.from_transport(transport) for _ in range(2))
failures = []
def download():
    try:
        reader.get("large", "got")
    except BaseException as error:
        failures.append(error)
thread = threading.Thread(target=download)
thread.start()
for index in range(50):
    with other.open(f"small-{index}", "wb") as small:
        small.write(b"x" * 1000)
thread.join()
assert not failures, failures
assert len(other.listdir(".")) == 51
transport.close()
"#;
    let no_arguments: [&str; 0] = [];
    python(&server, &user, script, &no_arguments).run().ok();
    assert!(fs::read(server.scratch().join("got")).unwrap() == bytes(64 << 20, 2));
    assert_eq!(user.disk().files, 51);
}
