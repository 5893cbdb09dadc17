//! Files over REST, with curl as people use it, and what other programs make of the answers.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::{FileExt, symlink},
    path::PathBuf,
};

use serde_json::json;

use crate::harness::{Api, Program, Server, Settings, User, bytes, eventually, read_tree, require};

/// A server, a user, and her token.
struct House {
    server: Server,
    ada: User,
    token: String,
}

fn house(fields: serde_json::Value) -> House {
    require("curl", "curl");
    let server = Server::start(Settings::default());
    let ada = server.create_user("ada", fields);
    let token = Api::login_user(&server.http_url(), &ada.name, &ada.password).token().to_owned();
    fs::create_dir_all(&ada.home).unwrap();
    House { server, ada, token }
}

impl House {
    fn url(&self, path: &str) -> String {
        format!("{}/api/v2/{path}", self.server.http_url())
    }

    /// curl, with the token; it prints the status at the end.
    fn curl(&self, path: &str, arguments: &[&str]) -> Program {
        let bearer = format!("Authorization: Bearer {}", self.token);
        let usual = ["-s", "-S", "-g", "-w", "%{http_code}", "-H", &bearer];
        Program::new("curl").args(usual).args(arguments).arg(self.url(path)).dir(self.server.scratch())
    }

    fn scratch(&self, name: &str) -> PathBuf {
        self.server.scratch().join(name)
    }

    /// A connection that has sent the head of a request with a body of `length` bytes.
    fn begin(&self, path: &str, length: &str) -> TcpStream {
        let address = self.server.http_url().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        let token = &self.token;
        write!(stream, "POST /api/v2/{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{length}\r\n\r\n")
            .unwrap();
        stream
    }
}

// API-128, API-130, API-133, API-143
#[test]
fn curl_uploads_downloads_and_resumes() {
    let house = house(json!({}));
    let content = bytes(3_000_000, 1);
    fs::write(house.scratch("big"), &content).unwrap();
    house.curl("user/files/upload?path=big.bin", &["-T", "big", "-X", "POST"]).run().ok();
    assert!(house.ada.read("big.bin").unwrap() == content);
    fs::write(house.scratch("part"), &content[..1_000_000]).unwrap();
    let resumed = house.curl("user/files?path=big.bin", &["-C", "-", "-o", "part"]).run().ok();
    assert_eq!(resumed.out, "206");
    assert!(fs::read(house.scratch("part")).unwrap() == content);
    let head = house.curl("user/files?path=big.bin", &["-I"]).run().ok().out.to_lowercase();
    assert!(head.contains("content-length: 3000000\r\n") && head.ends_with("200"), "{head}");
    let compressed = house.curl("user/files?path=big.bin", &["--compressed", "-o", "again"]).run().ok();
    assert_eq!((compressed.out.as_str(), fs::read(house.scratch("again")).unwrap() == content), ("200", true));
    let form = house
        .curl("user/files?path=in/here&mkdir_parents=true", &["-F", "filenames=@big;filename=a.bin", "-F", "filenames=@part"]);
    assert!(form.run().ok().out.ends_with("201"));
    assert!(house.ada.read("in/here/a.bin").unwrap() == content && house.ada.read("in/here/part").unwrap() == content);
}

// API-130, API-133: a file that is larger than what 32 bits say, most of it a hole.
#[test]
fn ranges_far_into_a_large_file() {
    let house = house(json!({}));
    let size = 5_u64 << 30;
    let file = File::create(house.ada.home.join("hole")).unwrap();
    file.set_len(size).unwrap();
    file.write_all_at(b"needle", size - 6).unwrap();
    file.write_all_at(b"middle", 3 << 30).unwrap();
    for (range, text) in [(format!("{}-{}", 3_u64 << 30, (3_u64 << 30) + 5), "middle"), ("-6".to_owned(), "needle")] {
        assert_eq!(house.curl("user/files?path=hole", &["-r", &range]).run().ok().out, format!("{text}206"));
    }
    let head = house.curl("user/files?path=hole", &["-I"]).run().ok().out.to_lowercase();
    assert!(head.contains(&format!("content-length: {size}\r\n")), "{head}");
    assert!(house.curl("user/files?path=hole", &["-r", &format!("{size}-")]).run().ok().out.ends_with("416"));
}

// API-145, and what issue 5 says of uploads that break off
#[test]
fn upload_that_breaks_off_leaves_no_short_file() {
    let house = house(json!({}));
    house.ada.place("old", b"as it was");
    for (path, head) in
        [("old", "Content-Length: 1000"), ("new", "Content-Length: 1000"), ("chunked", "Transfer-Encoding: chunked")]
    {
        let mut stream = house.begin(&format!("user/files/upload?path={path}"), head);
        let body: &[u8] = if path == "chunked" { b"5\r\nhello\r\n" } else { b"hello" };
        stream.write_all(body).unwrap();
        eventually("the upload begins", || !house.ada.disk().partials.eq(&0) || house.ada.disk().files > 1);
        drop(stream);
        let events = || house.server.api().get("/api/v2/events/fs?actions=upload&statuses=2").ok(200).to_string();
        eventually("the failure is recorded", || events().contains(&format!("\"virtual_path\":\"/{path}\"")));
    }
    assert_eq!(house.ada.read("old").unwrap(), b"as it was");
    assert_eq!((house.ada.read("new"), house.ada.read("chunked")), (None, None));
    let list = house.curl("user/dirs", &[]).run().ok().out;
    assert!(list.contains("\"old\"") && !list.contains("\"new\"") && !list.contains("entrepot"), "{list}");
}

// API-144, API-008: refused before the body is read
#[test]
fn what_has_no_room_is_refused_at_once() {
    let house = house(json!({"quota_size": 1000}));
    let mut stream = house.begin("user/files/upload?path=a", "Content-Length: 5000000000");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    fs::write(house.scratch("large"), vec![0; 300_000]).unwrap();
    let chunked = house.curl("user/files/upload?path=b", &["-T", "large", "-X", "POST", "-H", "Transfer-Encoding: chunked"]);
    assert!(chunked.run().text().contains("413"));
    assert_eq!(house.ada.disk().files, 0);
}

// API-008, API-145: the disk is full in the middle of an upload.
#[test]
fn full_disk_is_told_and_leaves_what_was_there() {
    let Some(settings) = Settings::default().on_small_disk(8) else { return };
    let server = Server::start(settings);
    let ada = server.create_user("ada", json!({}));
    let token = Api::login_user(&server.http_url(), &ada.name, &ada.password).token().to_owned();
    let house = House { server, ada, token };
    fs::write(house.scratch("small"), bytes(1 << 20, 1)).unwrap();
    fs::write(house.scratch("large"), bytes(20 << 20, 2)).unwrap();
    house.curl("user/files/upload?path=f", &["-T", "small", "-X", "POST"]).run().ok();
    for path in ["f", "g"] {
        let raw = house.curl(&format!("user/files/upload?path={path}"), &["-T", "large", "-X", "POST"]).run().ok();
        assert!(raw.out.contains("no space left") && raw.out.ends_with("507"), "{raw:?}");
    }
    let form = house.curl("user/files", &["-F", "filenames=@large;filename=h"]).run().ok();
    assert!(form.out.ends_with("507"), "{form:?}");
    let list = house.curl("user/dirs", &[]).run().ok().out;
    assert!(list.contains("\"f\"") && !list.contains("\"g\"") && !list.contains("\"h\""), "{list}");
    let got = house.curl("user/files?path=f", &["-o", "got"]).run().ok();
    assert_eq!((got.out.as_str(), fs::read(house.scratch("got")).unwrap() == bytes(1 << 20, 1)), ("200", true));
    // Nothing was left that fills it: there is room for another one.
    house.curl("user/files/upload?path=i", &["-T", "small", "-X", "POST"]).run().ok();
    assert_eq!(house.server.quota("ada"), (2, 2 << 20));
}

// API-135
#[test]
fn file_that_shrinks_breaks_the_download_off() {
    let house = house(json!({}));
    let size = 64 << 20;
    let file = File::create(house.ada.home.join("shrinks")).unwrap();
    file.set_len(size).unwrap();
    let address = house.server.http_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let token = &house.token;
    write!(stream, "GET /api/v2/user/files?path=shrinks HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n")
        .unwrap();
    let mut first = [0; 1000];
    stream.read_exact(&mut first).unwrap();
    file.set_len(1000).unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!((rest.len() as u64) < size, "{}", rest.len());
}

/// A tree with what can be in one.
fn plant(house: &House) {
    house.ada.place("tree/a.txt", "text ".repeat(100_000).as_bytes());
    house.ada.place("tree/noise.bin", &bytes(700_000, 2));
    house.ada.place("tree/photo.jpg", &bytes(200_000, 3));
    house.ada.place("tree/sub/für.txt", b"x");
    house.ada.place("tree/sub/empty", b"");
    fs::create_dir(house.ada.home.join("tree/nothing")).unwrap();
    symlink("a.txt", house.ada.home.join("tree/link")).unwrap();
}

// API-136, API-137, API-138
#[test]
fn zip_is_read_by_others() {
    require("unzip", "unzip");
    let house = house(json!({}));
    plant(&house);
    house.ada.place("other.txt", b"other");
    let body = ["-o", "all.zip", "-H", "content-type: application/json", "-d", "[\"/tree\",\"/other.txt\"]", "-D", "head"];
    assert_eq!(house.curl("user/streamzip", &body).run().ok().out, "200");
    let head = fs::read_to_string(house.scratch("head")).unwrap();
    assert!(head.contains("filename=\"ada-download.zip\"") && head.contains("application/zip"), "{head}");
    Program::new("unzip").args(["-q", "-t", "all.zip"]).dir(house.server.scratch()).run().ok();
    Program::new("unzip").args(["-q", "all.zip", "-d", "out"]).dir(house.server.scratch()).run().ok();
    let (mut wanted, found) = (read_tree(&house.ada.home), read_tree(&house.scratch("out")));
    wanted.retain(|path, _| !path.ends_with(b"/link"));
    assert!(wanted == found, "{:?}", found.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>());
    assert!(house.scratch("out/tree/nothing").is_dir());
    let script = "import zipfile, sys\nwith zipfile.ZipFile(sys.argv[1]) as z:\n    assert z.testzip() is None\n    \
                  print(sorted(z.namelist()))\n    print(z.getinfo('tree/a.txt').date_time[0])";
    let read = Program::new("python3").args(["-c", script, "all.zip"]).dir(house.server.scratch()).run().ok().out;
    assert!(read.contains("'tree/nothing/'") && read.contains("'tree/sub/für.txt'") && !read.contains("link"), "{read}");
    let year = read.lines().nth(1).unwrap().parse::<u32>().unwrap();
    assert!(year >= 2025, "{year}");
}

// API-138: more entries than 16 bits count
#[test]
fn zip_of_many_files_is_zip64() {
    let house = house(json!({}));
    fs::create_dir(house.ada.home.join("many")).unwrap();
    for number in 0..66_000 {
        fs::create_dir(house.ada.home.join(format!("many/{number}"))).unwrap();
    }
    let body = ["-o", "many.zip", "-H", "content-type: application/json", "-d", "[\"/many\"]"];
    assert_eq!(house.curl("user/streamzip", &body).run().ok().out, "200");
    let script = "import zipfile, sys\nprint(len(zipfile.ZipFile(sys.argv[1]).namelist()))";
    let read = Program::new("python3").args(["-c", script, "many.zip"]).dir(house.server.scratch()).run().ok().out;
    assert_eq!(read.trim(), "66001");
}

#[test]
fn checksums_are_checked_by_coreutils() {
    let house = house(json!({}));
    plant(&house);
    let body = ["-o", "SHA256SUMS", "-H", "content-type: application/json", "-d", "[\"/tree\"]"];
    assert_eq!(house.curl("x/checksums", &body).run().ok().out, "200");
    let sums = house.scratch("SHA256SUMS");
    let checked = Program::new("sha256sum").arg("-c").arg(&sums).dir(&house.ada.home).run().ok();
    assert_eq!(checked.out.lines().filter(|line| line.ends_with(": OK")).count(), 5, "{checked:?}");
}

// API-150: a client that goes away ends it
#[test]
fn nothing_is_copied_for_a_client_that_is_gone() {
    let house = house(json!({}));
    for number in 0..3000 {
        house.ada.place(&format!("many/{number}"), b"x");
    }
    let stream = house.begin("user/file-actions/copy?path=many&target=twin", "Content-Length: 0");
    let copied = || fs::read_dir(house.ada.home.join("twin")).map_or(0, Iterator::count);
    eventually("the copy begins", || copied() > 0);
    drop(stream);
    let idle = || {
        let list = house.server.api().get("/api/v2/events/fs?actions=copy&limit=1").ok(200).to_string();
        let before = copied();
        std::thread::sleep(std::time::Duration::from_millis(300));
        list.len() > 2 && before == copied()
    };
    eventually("the copy ends", idle);
    assert!(copied() < 3000, "it went on to its end");
}
