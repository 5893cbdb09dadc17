"""What the server takes of a small machine, measured on a binary.

    test_footprint.py BINARY size|start|idle|quiet|memory

size    bytes of the file; at most 30 MB
start   milliseconds from the start of the process to "ready", the median of five; at most 300
idle    resident KiB with every service on, a quarter of a minute after the start; at most 20 MiB
quiet   an idle server writes nothing to the disk for ten minutes (QUIET_SECONDS for another time)
memory  20 transfers at once with 256 MiB of memory (a cgroup of version 2 or 1): nothing is killed, every byte arrives

Each prints what it measured, and ends with an error where a limit is passed. Transfers need OpenSSH's sftp.
"""

import hashlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

LIMIT_BYTES = 30_000_000
LIMIT_READY_MS = 300
LIMIT_RESIDENT_KIB = 20 * 1024
LIMIT_MEMORY = 256 * 1024 * 1024
TRANSFERS = 20
TRANSFER_BYTES = 100 * 1024 * 1024
ADMIN = ("admin", "correct horse battery staple")


class Server:
    """A server with every service on, in a folder of its own."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.data = self.folder / "data"
        self.process = None

    def start(self, prepare=None):
        environment = {
            "PATH": os.environ["PATH"],
            "ENTREPOT_DATA_PROVIDER__CREATE_DEFAULT_ADMIN": "true",
            "ENTREPOT_DEFAULT_ADMIN_USERNAME": ADMIN[0],
            "ENTREPOT_DEFAULT_ADMIN_PASSWORD": ADMIN[1],
            "ENTREPOT_HTTPD__BINDINGS__0__ENABLE_HTTPS": "false",
            "ENTREPOT_HTTPD__BINDINGS__0__ADDRESS": "127.0.0.1",
            "ENTREPOT_HTTPD__BINDINGS__0__PORT": "8080",
            "ENTREPOT_HTTPD__BINDINGS__1__PORT": "8443",
            "ENTREPOT_HTTPD__BINDINGS__1__ENABLE_HTTPS": "true",
            "ENTREPOT_HTTPD__BINDINGS__1__SELF_SIGNED": "true",
            "ENTREPOT_SFTPD__BINDINGS__0__ADDRESS": "127.0.0.1",
            "ENTREPOT_TELEMETRY__BIND_PORT": "10000",
        }
        ready = self.data / "ready.json"
        ready.unlink(missing_ok=True)
        began = time.monotonic()
        self.process = subprocess.Popen(
            [self.binary, "serve", "--any-port", "--data-dir", self.data],
            env=environment, stdout=subprocess.DEVNULL, preexec_fn=prepare,
        )
        while not ready.exists():
            if self.process.poll() is not None:
                sys.exit(f"the server ended: {self.process.returncode}")
            time.sleep(0.002)
        took = time.monotonic() - began
        self.ready = json.loads(ready.read_text())
        return took

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text()

    def field(self, file, name):
        """A number of a file of /proc, as it stands there."""
        for line in self.proc(file).splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
        raise KeyError(name)

    def rest(self, method, path, body=None, headers=None):
        url = next(url for url in self.ready["http"] if url.startswith("http://")) + path
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, dict(headers or {}, **{"Content-Type": "application/json"}), method=method)
        return json.loads(urllib.request.urlopen(request).read())

    def make_user(self, key):
        import base64

        basic = base64.b64encode(":".join(ADMIN).encode()).decode()
        token = self.rest("GET", "/api/v2/token", headers={"Authorization": "Basic " + basic})["access_token"]
        home = self.folder / "home"
        home.mkdir()
        user = {"username": "u", "status": 1, "public_keys": [key], "home_dir": str(home), "permissions": {"/": ["*"]}}
        self.rest("POST", "/api/v2/users", user, {"Authorization": "Bearer " + token})
        return home


def check(what, value, limit, unit):
    print(f"{what}: {value} {unit} (limit {limit})")
    if value > limit:
        sys.exit(f"{what} is beyond its limit")


def size(binary, _folder):
    check("size", os.path.getsize(binary), LIMIT_BYTES, "bytes")


def start(binary, folder):
    server = Server(binary, folder)
    first = server.start()
    server.stop()
    later = []
    for _ in range(5):
        later.append(server.start())
        server.stop()
    print(f"first start: {first * 1000:.0f} ms (keys and a certificate are made); load {os.getloadavg()[0]:.1f}")
    check("start to ready", round(statistics.median(later) * 1000), LIMIT_READY_MS, "ms")


def idle(binary, folder):
    server = Server(binary, folder)
    server.start()
    server.stop()
    server.start()
    time.sleep(15)
    proportional = server.field("smaps_rollup", "Pss")
    resident = server.field("status", "VmRSS")
    print(f"threads: {server.field('status', 'Threads')}; proportional: {proportional} KiB")
    server.stop()
    check("resident", resident, LIMIT_RESIDENT_KIB, "KiB")


def state(data):
    return {str(path): path.lstat().st_mtime_ns for path in sorted(data.rglob("*"))}


def quiet(binary, folder):
    seconds = int(os.environ.get("QUIET_SECONDS", "600"))
    server = Server(binary, folder)
    server.start()
    # The RSA key is made beside the work, and what the start wrote is folded into the databases.
    time.sleep(60)
    before, files = server.field("io", "write_bytes"), state(server.data)
    time.sleep(seconds)
    written, changed = server.field("io", "write_bytes") - before, state(server.data)
    different = [path for path in changed if files.get(path) != changed[path]]
    server.stop()
    print(f"changed files: {different}")
    if different:
        sys.exit("an idle server changed files")
    check(f"written in {seconds} s", written, 0, "bytes")


class Cgroup:
    """A group with little memory; `path` is None where none can be made."""

    def __init__(self):
        self.path = None
        for root, limit in [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")]:
            path = pathlib.Path(root) / f"entrepot-{os.getpid()}"
            try:
                if limit == "memory.max" and "memory" not in (pathlib.Path(root) / "cgroup.subtree_control").read_text():
                    continue
                path.mkdir()
                (path / limit).write_text(str(LIMIT_MEMORY))
                for swap, value in [("memory.swap.max", "0"), ("memory.swappiness", "0")]:
                    if (path / swap).exists():
                        (path / swap).write_text(value)
                self.path, self.version = path, 2 if limit == "memory.max" else 1
                return
            except OSError:
                if path.exists():
                    path.rmdir()

    def enter(self):
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def killed(self):
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        for line in (self.path / name).read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
        return 0

    def remove(self):
        for _ in range(50):
            try:
                return self.path.rmdir()
            except OSError:
                time.sleep(0.1)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def memory(binary, folder):
    group = Cgroup()
    if group.path is None:
        print("cgroups are not writable here: the limit is checked against the highest resident size instead")
    server = Server(binary, folder)
    server.start(group.enter if group.path else None)
    key = pathlib.Path(folder) / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    home = server.make_user(key.with_suffix(".pub").read_text().strip())
    source = pathlib.Path(folder) / "source"
    with open(source, "wb") as file:
        for _ in range(TRANSFER_BYTES // 2**20):
            file.write(os.urandom(2**20))
    (home / "source").write_bytes(b"")
    subprocess.run(["cp", source, home / "source"], check=True)
    port = server.ready["sftp"][0].rsplit(":", 1)[1]
    options = ["-F", "none", "-i", key, "-P", port, "-b", "-"]
    for option in ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR"]:
        options += ["-o", option]
    clients = []
    for number in range(TRANSFERS):
        batch = f"put {source} up{number}\n" if number % 2 else f"get source {folder}/down{number}\n"
        client = subprocess.Popen(["sftp", *options, "u@127.0.0.1"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        client.stdin.write(batch.encode())
        client.stdin.close()
        clients.append(client)
    failed = [client.wait(1800) for client in clients]
    peak = server.field("status", "VmHWM")
    alive = server.process.poll() is None
    expected = digest(source)
    for number in range(TRANSFERS):
        path = home / f"up{number}" if number % 2 else pathlib.Path(folder) / f"down{number}"
        if digest(path) != expected:
            sys.exit(f"{path} is not what was sent")
    killed = group.killed() if group.path else 0
    if alive:
        server.stop()
    if group.path:
        print(f"cgroup of version {group.version}, {LIMIT_MEMORY >> 20} MiB; killed by the kernel: {killed}")
        group.remove()
    if any(failed) or killed or not alive:
        sys.exit(f"transfers failed: {failed}, killed: {killed}, server alive: {alive}")
    check("highest resident", peak, LIMIT_MEMORY >> 10, "KiB")


def main():
    binary, name = os.path.abspath(sys.argv[1]), sys.argv[2]
    tests = {"size": size, "start": start, "idle": idle, "quiet": quiet, "memory": memory}
    with tempfile.TemporaryDirectory(prefix="entrepot-footprint-") as folder:
        tests[name](binary, folder)


main()
