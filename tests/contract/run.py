#!/usr/bin/env python3
"""Holds a started server to the contract that it publishes.

Starts the built program in a folder of its own, lets schemathesis send what the published document allows and what it
forbids, and ends with the line `N passed, N failed`: one test is one operation in one phase. Exit code 0 if nothing failed.

    python tests/contract/run.py [--binary target/debug/entrepot] [--full] [--only REGEX] [--show]
"""

import argparse
import base64
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import xml.etree.ElementTree as ElementTree

from openapi_spec_validator import OpenAPIV30SpecValidator

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent

# What would end the run itself. Everything else is tried.
EXCLUDED = {
    "logout": "gives the administrator's token back",
    "client_logout": "gives the user's token back",
    "tus_user_create_upload": "takes a media type that the tool cannot make; tuspy and tus-js-client drive it",
    "tus_user_upload_chunk": "takes a media type that the tool cannot make; tuspy and tus-js-client drive it",
    "tus_share_create_upload": "takes a media type that the tool cannot make; tuspy and tus-js-client drive it",
    "tus_share_upload_chunk": "takes a media type that the tool cannot make; tuspy and tus-js-client drive it",
    "check_document": "is there where an office server is named; tests/it plays one",
    "lock_document": "is there where an office server is named; tests/it plays one",
    "get_document": "is there where an office server is named; tests/it plays one",
    "put_document": "is there where an office server is named; tests/it plays one",
    "live_of_user": "has no end",
    "live_of_server": "has no end",
    "restart": "ends the server that is tried",
}

# `positive_data_acceptance` is left out: the server knows more than a schema can say (a folder that must exist, a password
# that is too weak), and `negative_data_rejection` because null and unknown members are accepted on purpose (API-011, ACC-064).
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "use_after_free",
    "ignored_auth",
]

# What schemathesis takes for a fault and is none: the name of the test, what is said of a failure, and why.
EXPECTED_FAILURES = [
    (r"/eventrules/run/", r"503", "rules are not carried out yet"),
    (r"POST /user/dirs", r"500(?s:.)* exists", "a directory that exists is a 500 (API-122)"),
    # `ignored_auth` sends a key without a dot.
    (r"", r"^- ST401 (?s:.)*the provided api key is not valid", "a malformed key is a 400 (SEC-082)"),
]


class Server:
    """The program, with an administrator and a user whose names nothing generated can hit."""

    def __init__(self, binary: pathlib.Path, folder: pathlib.Path):
        self.folder = folder
        self.admin, self.password = f"contract-{secrets.token_hex(8)}", secrets.token_urlsafe(24)
        self.user = f"visitor-{secrets.token_hex(8)}"
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "ENTREPOT_SFTPD__BINDINGS__0__ADDRESS": "127.0.0.1",
            "ENTREPOT_HTTPD__BINDINGS__0__ADDRESS": "127.0.0.1",
            "ENTREPOT_HTTPD__BINDINGS__0__PORT": "8080",
            "ENTREPOT_HTTPD__BINDINGS__0__ENABLE_HTTPS": "false",
            "ENTREPOT_HTTPD__JWT_LIFETIME": "720",
            # Thousands of refused logins and hashed passwords: no pauses, cheap hashes.
            # Nor is the client to be banned for them.
            "ENTREPOT_COMMON__DEFENDER__LOGIN_DELAY__PASSWORD_FAILED": "0",
            "ENTREPOT_COMMON__DEFENDER__ENABLED": "false",
            "ENTREPOT_DATA_PROVIDER__PASSWORD_HASHING__ALGO": "bcrypt",
            "ENTREPOT_DATA_PROVIDER__PASSWORD_HASHING__BCRYPT_OPTIONS__COST": "4",
            "ENTREPOT_DATA_PROVIDER__CREATE_DEFAULT_ADMIN": "true",
            "ENTREPOT_DEFAULT_ADMIN_USERNAME": self.admin,
            "ENTREPOT_DEFAULT_ADMIN_PASSWORD": self.password,
        }
        self.log = folder / "log"
        with self.log.open("wb") as log:
            command = [binary, "serve", "--data-dir", folder / "data", "--any-port"]
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.url = self._wait()

    def _wait(self) -> str:
        ready = self.folder / "data" / "ready.json"
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit(f"the server ended before it was ready:\n{self.log.read_text()}")
            try:
                return json.loads(ready.read_text())["http"][0]
            except (FileNotFoundError, ValueError):
                time.sleep(0.05)
        sys.exit("the server is not ready")

    def ask(self, method: str, path: str, authorization: str, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def token(self, path: str, name: str) -> str:
        basic = base64.b64encode(f"{name}:{self.password}".encode()).decode()
        return self.ask("GET", path, f"Basic {basic}")["access_token"]

    def add_user(self, token: str):
        body = {
            "username": self.user,
            "password": self.password,
            "status": 1,
            "home_dir": str(self.folder / "files"),
            "permissions": {"/": ["*"]},
        }
        self.ask("POST", "/api/v2/users", f"Bearer {token}", body)

    def problems(self) -> list[str]:
        """A server that ended, or a handler that panicked."""
        found = []
        if self.process.poll() is not None:
            found.append(f"the server ended with {self.process.returncode}")
        panics = [line for line in self.log.read_text(errors="replace").splitlines() if "panicked" in line]
        return found + panics[:5]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


def configuration(path: pathlib.Path, bearer: str, name: str, password: str):
    """Which credentials belong to which scheme of the document."""
    path.write_text(
        f"""
[auth.openapi.BearerAuth]
bearer = {json.dumps(bearer)}

[auth.openapi.BasicAuth]
username = {json.dumps(name)}
password = {json.dumps(password)}
"""
    )


def run(server: Server, title: str, others: str, token: str, name: str, seconds: int, options) -> tuple[int, int]:
    """One run of schemathesis over all paths but `others`; how many tests passed and failed."""
    folder = server.folder
    config, report = folder / f"{title}.toml", folder / f"{title}.xml"
    configuration(config, token, name, server.password)
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"),
        f"--config-file={config}",
        "run",
        f"{server.url}/openapi/openapi.json",
        f"--checks={','.join(CHECKS)}",
        "--phases=examples,coverage,fuzzing,stateful",
        f"--max-examples={options.examples}",
        f"--max-time={seconds}",
        # Deep schemas and threads together trip over a fault of CPython 3.11 (AST constructor recursion depth mismatch).
        "--workers=1",
        "--continue-on-failure",
        "--request-timeout=20",
        "--suppress-health-check=all",
        "--warnings=off",
        "--no-color",
        "--report=junit",
        f"--report-junit-path={report}",
        f"--exclude-path-regex={others}",
    ]
    command += [f"--exclude-operation-id={operation}" for operation in EXCLUDED]
    if options.only:
        command.append(f"--include-operation-id-regex={options.only}")
    if options.seed is not None:
        command.append(f"--seed={options.seed}")
    output = folder / f"{title}.txt"
    with output.open("wb") as stream:
        subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, cwd=folder, timeout=seconds * 3 + 120)
    if not report.exists():
        print(output.read_text(errors="replace")[-4000:])
        return 0, 1
    passed, failures = judge(report)
    if failures or options.show:
        print(output.read_text(errors="replace")[-options.show_bytes :])
    # Last, as the end is what is kept of long output.
    print(f"-- {title}: {passed} passed, {len(failures)} failed")
    for failure in failures:
        print(f"   {failure}")
    return passed, len(failures)


def judge_document(server: Server) -> list[str]:
    """Whether the published document is OpenAPI 3.0.3, strictly."""
    with urllib.request.urlopen(server.url + "/openapi/openapi.json", timeout=30) as answer:
        document = json.load(answer)
    errors = [f"document: {error.message[:300]}" for error in OpenAPIV30SpecValidator(document).iter_errors()]
    return errors + ([] if document["openapi"] == "3.0.3" else [f"document: it says {document['openapi']}"])


def unexpected(name: str, element: ElementTree.Element) -> list[str]:
    """The failures of a test, each with what was sent and answered, but for those that are expected."""
    text = element.text or element.get("message") or ""
    failures = re.split(r"(?m)^\d+\. Test Case ID: .*\n", text)[1:] or [text]
    faults = [fault for failure in failures for fault in re.split(r"(?m)^(?=- ST)", failure) if fault.strip()]

    def is_expected(fault: str) -> bool:
        return any(re.search(test, name) and re.search(said, fault, re.M) for test, said, _ in EXPECTED_FAILURES)

    return [fault for fault in faults if not is_expected(fault)]


def judge(report: pathlib.Path) -> tuple[int, list[str]]:
    passed, failures = 0, []
    for case in ElementTree.parse(report).iter("testcase"):
        found = [child for child in case if child.tag in ("failure", "error")]
        texts = [text for child in found for text in unexpected(case.get("name", ""), child)]
        if texts:
            failures.append(f"{case.get('name')}: {' '.join(texts[0].split())[:600]}")
        elif not any(child.tag == "skipped" for child in case):
            passed += 1
    return passed, failures


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/debug/entrepot")
    parser.add_argument("--full", action="store_true", help="more examples, ten minutes")
    parser.add_argument("--only", help="regular expression of operationIds")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seconds", type=int, help="time for each of the two runs; less for users")
    parser.add_argument("--show", action="store_true", help="print what schemathesis wrote, also if all is well")
    options = parser.parse_args()
    if options.seed is None and not options.full:
        # The short run is to say the same twice.
        options.seed = 1
    options.examples, seconds = (60, 480) if options.full else (6, 100)
    options.seconds = options.seconds or seconds
    options.show_bytes = 200_000 if options.show else 20_000
    return options


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="entrepot-contract-") as folder:
        server = Server(options.binary.resolve(), pathlib.Path(folder))
        try:
            admin = server.token("/api/v2/token", server.admin)
            server.add_user(admin)
            user = server.token("/api/v2/user/token", server.user)
            results = [
                run(server, "administrator", "^/user/", admin, server.admin, options.seconds, options),
                run(server, "user", "^/(?!user/)", user, server.user, options.seconds // 4, options),
            ]
            invalid = judge_document(server)
            problems = invalid + server.problems()
        finally:
            server.stop()
    for problem in problems:
        print(f"   {problem}")
    passed, failed = sum(p for p, _ in results) + (not invalid), sum(f for _, f in results) + len(problems)
    for operation, reason in EXCLUDED.items():
        print(f"-- not tried: {operation}, it {reason}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
