//! An office server at work: it says what it can do, and opens, locks, reads and stores a document as Collabora Online and
//! ONLYOFFICE do, each request signed with its key.

use std::{fs, thread, time::Duration};

use serde_json::json;

use crate::harness::{Server, Settings, User, free_port, python};

/// The office server, and the browser that opens documents in it. Its key and what is open are kept in the working folder, so
/// that it can go on after a restart.
const OFFICE: &str = r#"
import base64, http.client, http.server, json, os, re, struct, threading, time, urllib.parse
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

office_port, base, stage = int(sys.argv[1]), sys.argv[2], sys.argv[3]

if os.path.exists("office.pem"):
    key_pair = serialization.load_pem_private_key(open("office.pem", "rb").read(), None)
else:
    key_pair = rsa.generate_private_key(65537, 2048)
    open("office.pem", "wb").write(key_pair.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
numbers = key_pair.public_key().public_numbers()
number = lambda value: base64.b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode()
DISCOVERY = f'''<?xml version="1.0" encoding="utf-8"?><wopi-discovery><net-zone name="external-http"><app name="writer">
<action ext="docx" name="edit" default="true" urlsrc="http://127.0.0.1:{office_port}/browser/cool.html?"/>
</app></net-zone><proof-key value="" modulus="{number(numbers.n)}" exponent="{number(numbers.e)}"/></wopi-discovery>'''.encode()

class Discovery(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/hosting/discovery" else 404)
        self.send_header("Content-Length", str(len(DISCOVERY)))
        self.end_headers()
        self.wfile.write(DISCOVERY)
    def log_message(self, *_):
        pass

threading.Thread(target=http.server.ThreadingHTTPServer(("127.0.0.1", office_port), Discovery).serve_forever, daemon=True).start()
address = urllib.parse.urlsplit(base).netloc

def ask(method, target, body=None, headers={}):
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    return answer, answer.read()

def browser(name, secret):
    form = urllib.parse.urlencode({"username": name, "password": secret})
    answer, _ = ask("POST", "/web/client/login", form, {"Content-Type": "application/x-www-form-urlencoded", "Origin": base})
    assert answer.status == 303, answer.status
    return answer.getheader("Set-Cookie").split(";")[0]

class Document:
    def __init__(self, cookie, path):
        answer, page = ask("GET", "/web/client/office?path=" + path, headers={"Cookie": cookie})
        page = page.decode()
        assert answer.status == 200, (answer.status, page)
        action = re.search(r'action="(http://127[^"]*)"', page).group(1).replace("&#38;", "&").replace("&amp;", "&")
        assert f"frame-src http://127.0.0.1:{office_port};" in answer.getheader("Content-Security-Policy")
        self.source = urllib.parse.parse_qs(urllib.parse.urlsplit(action).query)["WOPISrc"][0]
        self.token = re.search(r'name="access_token" value="([^"]*)"', page).group(1)

    def ask(self, method, rest="", wanted=None, lock=None, body=None, token=None, signed_at=None, signed=True, more={}):
        token = self.token if token is None else token
        url = f"{self.source}{rest}?access_token={token}"
        ticks = 621355968000000000 + int((signed_at or time.time()) * 10_000_000)
        upper = url.upper().encode()
        message = b"".join(struct.pack(">i", len(part)) + part for part in (token.encode(), upper, struct.pack(">q", ticks)))
        headers = dict(more)
        if signed:
            proof = base64.b64encode(key_pair.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()
            headers |= {"X-WOPI-Proof": proof, "X-WOPI-ProofOld": proof, "X-WOPI-TimeStamp": str(ticks)}
        if wanted: headers["X-WOPI-Override"] = wanted
        if lock is not None: headers["X-WOPI-Lock"] = lock
        return ask(method, url[len(base):], body, headers)

    def expect(self, status, *arguments, **named):
        answer, body = self.ask(*arguments, **named)
        assert answer.status == status, (arguments, named, answer.status, body)
        return answer, body

def edit():
    cookie = browser(user, password)
    document, other = Document(cookie, "/plan.docx"), Document(cookie, "/other.docx")
    answer, body = document.expect(200, "GET")
    info = json.loads(body)
    assert info["BaseFileName"] == "plan.docx" and info["UserCanWrite"] and info["SupportsLocks"], info
    assert info["Size"] == 100_000 and info["Version"] == answer.getheader("X-WOPI-ItemVersion"), info
    document.expect(200, "POST", wanted="LOCK", lock="session-1")
    _, content = document.expect(200, "GET", "/contents")
    assert content == data(100_000, 7)
    conflict, _ = document.expect(409, "POST", "/contents", wanted="PUT", lock="another", body=b"lost")
    assert conflict.getheader("X-WOPI-Lock") == "session-1"
    stored, body = document.expect(200, "POST", "/contents", wanted="PUT", lock="session-1", body=data(150_000, 8))
    assert stored.getheader("X-WOPI-ItemVersion") != info["Version"]
    time_known = {"X-COOL-WOPI-Timestamp": json.loads(body)["LastModifiedTime"]}
    document.expect(200, "POST", "/contents", wanted="PUT", lock="session-1", body=data(200_000, 9), more=time_known)
    document.expect(409, "POST", "/contents", wanted="PUT", lock="session-1", body=b"lost", more=time_known)
    # What is denied.
    document.expect(401, "GET", token=other.token)
    document.expect(401, "GET", token="")
    document.expect(500, "GET", signed=False)
    document.expect(500, "GET", signed_at=time.time() - 3600)
    document.expect(413, "POST", "/contents", wanted="PUT", lock="session-1", body=data(1_200_000, 1))
    document.expect(501, "POST", wanted="PUT_RELATIVE")
    outside = Document(cookie, "/other.docx")
    outside.source = base + "/wopi/files/..%2F..%2Fother.docx"
    outside.expect(401, "GET", "/contents")
    reader = Document(browser("reader", password), "/plan.docx")
    assert not json.loads(reader.expect(200, "GET")[1])["UserCanWrite"]
    reader.expect(403, "POST", "/contents", wanted="PUT", body=b"lost")
    os.remove(sys.argv[4])
    other.expect(404, "GET")
    other.expect(404, "POST", "/contents", wanted="PUT", body=b"again")
    json.dump({"source": document.source, "token": document.token}, open("open.json", "w"))

def go_on():
    document = Document.__new__(Document)
    document.__dict__ |= json.load(open("open.json"))
    document.expect(200, "POST", wanted="REFRESH_LOCK", lock="session-1")
    late = Document(browser(user, password), "/plan.docx")
    late.expect(409, "POST", wanted="LOCK", lock="session-2")
    document.expect(200, "POST", "/contents", wanted="PUT", lock="session-1", body=data(300_000, 10))
    document.expect(200, "POST", wanted="UNLOCK", lock="session-1")
    late.expect(200, "POST", wanted="LOCK", lock="session-2")

{"edit": edit, "go_on": go_on}[stage]()
"#;

struct House {
    server: Server,
    ada: User,
    office_port: u16,
    http_port: u16,
}

impl House {
    fn office(&self, stage: &str) {
        let base = format!("http://127.0.0.1:{}", self.http_port);
        let doomed = self.ada.home.join("other.docx").to_string_lossy().into_owned();
        let port = self.office_port.to_string();
        python(&self.server, &self.ada, OFFICE, &[port.as_str(), &base, stage, &doomed]).run().ok();
    }
}

// API-200…API-205, API-234, SEC-244: and the server is started again while a document is open.
#[test]
fn an_office_server_edits_a_document() {
    let (office_port, http_port) = (free_port(), free_port());
    let settings = Settings::default()
        .set("HTTPD__BINDINGS__0__PORT", &http_port.to_string())
        .set("SFTPD__BINDINGS__0__PORT", &free_port().to_string())
        .set("HTTPD__BINDINGS__0__WOPI__SERVER_URL", &format!("http://127.0.0.1:{office_port}"))
        .set("HTTPD__BINDINGS__0__WOPI__CALLBACK_URL", &format!("http://127.0.0.1:{http_port}"))
        .set("HTTPD__BINDINGS__0__WOPI__ALLOWED_FROM", "127.0.0.0/8")
        .exact_ports();
    let server = Server::start(settings);
    let ada = server.create_user("ada", json!({ "quota_size": 1_000_000 }));
    let reader = server.create_user("reader", json!({ "permissions": { "/": ["list", "download"] } }));
    ada.place("plan.docx", &crate::harness::bytes(100_000, 7));
    ada.place("other.docx", b"other");
    reader.place("plan.docx", b"read");
    let mut house = House { server, ada, office_port, http_port };
    house.office("edit");
    assert!(house.ada.read("plan.docx").unwrap() == crate::harness::bytes(200_000, 9));
    assert_eq!((house.ada.read("other.docx"), reader.read("plan.docx").unwrap()), (None, b"read".to_vec()));
    let left: Vec<_> = fs::read_dir(&house.ada.home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["plan.docx"], "nothing unfinished is left");
    // Tokens tell the second in which they were given: it must not be that of the next start.
    thread::sleep(Duration::from_millis(1100));
    house.server.restart();
    house.office("go_on");
    assert!(house.ada.read("plan.docx").unwrap() == crate::harness::bytes(300_000, 10));
    assert!(!house.server.log().contains("eyJ"), "no token is in the log");
}
