//! Sockets that a service manager opened (sd_listen_fds(3)), and what it is told.

use std::{
    fs,
    io::Read as _,
    net::TcpStream,
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{Program, binary, eventually};

/// Opens two sockets as systemd does, says which they are, and becomes the server.
const MANAGER: &str = r#"
import fcntl, os, socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
copies = [fcntl.fcntl(one, fcntl.F_DUPFD, 20) for one in sockets]
for place, copy in enumerate(copies):
    os.dup2(copy, 3 + place, inheritable=True)
with open(sys.argv[1], "w") as ports:
    ports.write(" ".join(str(one.getsockname()[1]) for one in sockets))
environment = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="sftpd:unit.socket")
environment["ENTREPOT_HTTPD__BINDINGS__0__PORT"] = str(sockets[1].getsockname()[1])
os.execve(sys.argv[2], sys.argv[2:], environment)
"#;

/// Takes a backup of the server in `data`, and has it take that in.
fn restore_itself(data: &Path, scratch: &Path) {
    for command in ["backup", "restore"] {
        let program = Program::new(binary()).without_env().env("ENTREPOT_BACKUP_PASSPHRASE", "correct horse battery");
        program.arg(command).arg("--data-dir").arg(data).arg(scratch.join("it.backup")).run().ok();
    }
}

// SYS-008
#[test]
fn sockets_of_the_manager_become_those_of_bindings() {
    let folder = tempfile::tempdir().unwrap();
    let (data, ports, news) = (folder.path().join("data"), folder.path().join("ports"), folder.path().join("news"));
    let manager = UnixDatagram::bind(&news).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut server = Command::new("python3")
        .args(["-c", MANAGER])
        .arg(&ports)
        .arg(binary())
        .args(["serve", "--data-dir"])
        .arg(&data)
        .env("NOTIFY_SOCKET", &news)
        .env("ENTREPOT_SFTPD__BINDINGS__0__ADDRESS", "127.0.0.1")
        .env("ENTREPOT_HTTPD__BINDINGS__0__ADDRESS", "127.0.0.1")
        .env("ENTREPOT_HTTPD__BINDINGS__0__ENABLE_HTTPS", "false")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = [0; 1024];
    let length = manager.recv(&mut told).unwrap();
    assert_eq!(String::from_utf8_lossy(&told[..length]).trim(), "READY=1");
    let ports: Vec<u16> = fs::read_to_string(&ports).unwrap().split(' ').map(|port| port.parse().unwrap()).collect();
    let ready: Value = serde_json::from_str(&fs::read_to_string(data.join("ready.json")).unwrap()).unwrap();
    assert_eq!(ready["sftp"][0], format!("127.0.0.1:{}", ports[0]), "by its name");
    assert_eq!(ready["http"][0], format!("http://127.0.0.1:{}", ports[1]), "by its address");
    let mut greeting = [0; 8];
    TcpStream::connect(("127.0.0.1", ports[0])).unwrap().read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"SSH-2.0-");
    // Starting again in place: it has no administrator, and takes a backup in.
    restore_itself(&data, folder.path());
    let length = manager.recv(&mut told).unwrap();
    assert_eq!(String::from_utf8_lossy(&told[..length]).trim(), "READY=1");
    let ready: Value = serde_json::from_str(&fs::read_to_string(data.join("ready.json")).unwrap()).unwrap();
    assert_eq!(ready["sftp"][0], format!("127.0.0.1:{}", ports[0]), "the socket is still there");
    assert_eq!(ready["http"][0], format!("http://127.0.0.1:{}", ports[1]));
    TcpStream::connect(("127.0.0.1", ports[0])).unwrap().read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"SSH-2.0-");
    kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
    let length = manager.recv(&mut told).unwrap();
    assert_eq!(String::from_utf8_lossy(&told[..length]).trim(), "STOPPING=1");
    eventually("it ends", || server.try_wait().unwrap().is_some());
}
