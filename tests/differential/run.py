"""Sends the same requests to an SFTPGo 2.7 server and to Entrepot, and compares the answers.

    python3 run.py --peer /path/to/sftpgo --peer-files /path/to/its/sources --entrepot ../../target/debug/entrepot

Both are started on loopback with data of their own in a temporary folder. Statuses and JSON are compared field by field;
`accepted.py` lists the differences that are meant, with the reason for each. The exit code is 1 when others are found.
"""

import argparse
import base64
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import accepted
import objects
import topics

# Members that are chosen by a server or by the clock.
VOLATILE = {"id", "created_at", "updated_at", "last_login", "last_password_change", "last_quota_update", "access_token", "expires_at",
            "key", "payload", "additional_data", "password", "secret", "url", "qr_code", "build_date", "commit_hash", "version",
            "start_time", "connection_time", "timestamp", "mode"}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A running server; `dump` writes where the two are the same."""

    def __init__(self, name, command, environment, port, folder):
        self.name, self.port, self.tokens = name, port, {}
        self.log = open(folder / "out.txt", "wb")
        self.process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=folder, stdout=self.log, stderr=self.log)
        self.connection = None
        deadline = time.monotonic() + 60
        while True:
            try:
                if self.send("GET", "/healthz", {}, None)[0] == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit(f"{name} does not start: {(folder / 'out.txt').read_text()}")
            time.sleep(0.1)

    def send(self, method, path, headers, body):
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                self.connection.request(method, path, body=body, headers=headers)
                answer = self.connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            except (http.client.HTTPException, ConnectionError):
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    raise

    def token(self, who):
        accounts = {"admin": ("admin", "admin-secret", "/token"), "clerk": ("clerk", "admin-secret", "/token"),
                    "role": ("roleadmin", "admin-secret", "/token"), "user": ("user", "user-secret", "/user/token")}
        name, password, path = accounts[who]
        if who not in self.tokens:
            credentials = base64.b64encode(f"{name}:{password}".encode()).decode()
            status, _, text = self.send("GET", "/api/v2" + path, {"Authorization": "Basic " + credentials}, None)
            if status != 200:
                # A failed account must not be a failed run.
                return f"no-token-{status}"
            self.tokens[who] = json.loads(text)["access_token"]
        return self.tokens[who]

    def ask(self, request):
        headers = dict(request.headers)
        if request.who == "garbage":
            headers["Authorization"] = "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"
        elif ":" in request.who:
            headers["Authorization"] = "Basic " + base64.b64encode(request.who.encode()).decode()
        elif request.who != "none":
            headers["Authorization"] = "Bearer " + self.token(request.who)
        body = request.raw
        if body is None and request.body is not None:
            body = json.dumps(request.body).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.send(request.method, "/api/v2" + request.path, headers, body)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_peer(binary, files, folder):
    port = free_port()
    files = pathlib.Path(files)
    (folder / "sftpgo.json").write_text(json.dumps({
        "common": {"defender": {"enabled": True, "login_delay": {"password_failed": 0}}},
        "sftpd": {"bindings": [{"port": free_port(), "address": "127.0.0.1"}]}, "ftpd": {"bindings": [{"port": 0}]},
        "webdavd": {"bindings": [{"port": 0}]}, "telemetry": {"bind_port": 0}, "smtp": {"templates_path": str(files / "templates")},
        "data_provider": {"driver": "sqlite", "name": "peer.db", "create_default_admin": True, "password_hashing":
                          {"algo": "bcrypt", "bcrypt_options": {"cost": 4}}},
        "httpd": {"bindings": [{"port": port, "address": "127.0.0.1"}], "templates_path": str(files / "templates"),
                  "static_files_path": str(files / "static"), "openapi_path": str(files / "openapi")},
    }))
    environment = {"SFTPGO_DEFAULT_ADMIN_USERNAME": "admin", "SFTPGO_DEFAULT_ADMIN_PASSWORD": "admin-secret"}
    return Server("peer", [binary, "serve", "-c", str(folder), "-l", str(folder / "log.txt")], environment, port, folder)


def start_entrepot(binary, folder):
    port = free_port()
    (folder / "data").mkdir(mode=0o700)
    (folder / "data/entrepot.json").write_text(json.dumps({
        "common": {"defender": {"enabled": True, "login_delay": {"password_failed": 0}}},
        "sftpd": {"bindings": [{"port": free_port(), "address": "127.0.0.1"}]},
        "data_provider": {"create_default_admin": True, "password_hashing": {"algo": "bcrypt", "bcrypt_options": {"cost": 4}}},
        "httpd": {"bindings": [{"port": port, "address": "127.0.0.1", "enable_https": False}]},
    }))
    (folder / "data/entrepot.json").chmod(0o600)
    environment = {"ENTREPOT_DEFAULT_ADMIN_USERNAME": "admin", "ENTREPOT_DEFAULT_ADMIN_PASSWORD": "admin-secret"}
    return Server("entrepot", [binary, "serve", "-c", str(folder / "data")], environment, port, folder)


def is_nothing(value):
    """An absent member and its default mean the same to every client."""
    return value is None or value is False or value == 0 or value == "" or value == [] or (
        isinstance(value, dict) and all(is_nothing(member) for member in value.values()))


def differences(path, peer, own):
    """Yields (path, peer's value, ours)."""
    if is_nothing(peer) and is_nothing(own):
        return
    if isinstance(peer, dict) and isinstance(own, dict):
        for name in sorted(peer.keys() | own.keys()):
            if name in VOLATILE:
                # That there is one is compared.
                if is_nothing(peer.get(name)) != is_nothing(own.get(name)):
                    yield f"{path}.{name}", peer.get(name), own.get(name)
            else:
                yield from differences(f"{path}.{name}", peer.get(name), own.get(name))
    elif isinstance(peer, list) and isinstance(own, list) and len(peer) == len(own):
        for index, (left, right) in enumerate(zip(peer, own)):
            yield from differences(f"{path}[{index}]", left, right)
    elif peer != own:
        yield path, peer, own


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return {"(text)": text.decode(errors="replace")[:200]} if text else None


def key_order(key):
    return key.get("name", ""), key.get("scope", 0), key.get("expires_at") or 0, key.get("user", "")


def compare(request, peer, own):
    """Yields (what, peer's, ours) for two answers."""
    (peer_status, peer_headers, peer_text), (own_status, own_headers, own_text) = peer, own
    if peer_status != own_status:
        yield "status", f"{peer_status} {peer_text.decode(errors='replace')[:160]}", f"{own_status} {own_text.decode(errors='replace')[:160]}"
        return
    if request.method == "HEAD":
        return
    peer_body, own_body = parse(peer_text), parse(own_text)
    if request.path.startswith("/apikeys") and isinstance(peer_body, list) and isinstance(own_body, list):
        # They are ordered by ids, which each server makes up.
        peer_body, own_body = sorted(peer_body, key=key_order), sorted(own_body, key=key_order)
    if request.path.startswith("/dumpdata") and isinstance(peer_body, dict) and isinstance(own_body, dict):
        # The peer writes by id, Entrepot by name.
        for body in (peer_body, own_body):
            for name in [name for name, value in body.items() if isinstance(value, list)]:
                body[name].sort(key=lambda item: (item.get("username", ""), item.get("name", ""), item.get("ipornet", "")))
    if peer_status >= 400:
        # The words of an error are each server's own; that there is an object with them is compared.
        if not (isinstance(own_body, dict) and ("message" in own_body or "error" in own_body)):
            yield "error body", peer_body, own_body
        return
    yield from differences("body", peer_body, own_body)
    peer_location, own_location = peer_headers.get("Location"), {k.lower(): v for k, v in own_headers.items()}.get("location")
    if peer_location != own_location:
        yield "header Location", peer_location, own_location


def plan(only):
    steps = list(objects.prepare())
    for topic in (objects.folders, objects.groups, objects.users, objects.roles, objects.admins, topics.tokens, topics.actions, topics.rules,
                  topics.api_keys, topics.ip_lists, topics.operations, topics.maintenance, topics.own_account):
        if not only or topic.__name__ in only:
            steps.extend(topic())
    return steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="program of the peer")
    parser.add_argument("--peer-files", required=True, help="folder with its templates, static files and API document")
    parser.add_argument("--entrepot", required=True, help="program of Entrepot")
    parser.add_argument("--only", action="append", help="name of a topic; may be given more than once")
    parser.add_argument("--json", help="file for the differences that were found")
    arguments = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="differential-"))
    servers = []
    found, meant, count = [], {}, 0
    try:
        for name in ("peer", "own"):
            (work / name).mkdir()
        servers.append(start_peer(os.path.abspath(arguments.peer), os.path.abspath(arguments.peer_files), work / "peer"))
        servers.append(start_entrepot(os.path.abspath(arguments.entrepot), work / "own"))
        for request in plan(arguments.only):
            answers = [server.ask(request) for server in servers]
            count += 1
            for what, peer, own in compare(request, *answers):
                reason = accepted.reason(request, what, peer, own)
                if reason:
                    meant[reason] = meant.get(reason, 0) + 1
                else:
                    found.append({"request": request.name, "method": request.method, "path": request.path, "who": request.who,
                                  "body": request.body, "what": what, "peer": peer, "own": own})
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(work, ignore_errors=True)
    for difference in found:
        print(f"{difference['request']}  [{difference['method']} {difference['path'][:60]}]\n    {difference['what']}\n"
              f"      peer {json.dumps(difference['peer'])[:300]}\n      own  {json.dumps(difference['own'])[:300]}")
    print(f"\n{count} requests, {len(found)} differences that nobody accepted")
    for reason, times in sorted(meant.items(), key=lambda item: -item[1]):
        print(f"{times:5} accepted: {reason}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(found, indent=1))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
