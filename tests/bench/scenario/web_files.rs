//! Files over HTTP: downloads beside nginx, uploads in pieces beside whole ones, and a zip that is made while it is sent.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::memory::peak_while;
use super::{Bench, share};
use crate::measure::{Clock, Goal, Quantity, Row, Sample};
use crate::peer::{Server, entrepot, nginx};
use crate::web_client::{Sent, WebClient, tls};

/// Bytes of a piece, as the pages send them.
const CHUNK: u64 = 8 << 20;
/// Files in the zip.
const FILES: usize = 10_000;
const FILE_SIZE: u64 = 1024;
const SPEED: Quantity = Quantity::Rate("MB/s", "s/GiB", 1.0);
/// Most memory that a zip may cost.
const ZIP_MEMORY_MIB: f64 = 20.0;
const UPLOADS: &str = "/api/v2/user/files/chunked-upload";

/// One file over HTTPS, both servers with the same certificate and cipher.
pub fn https_download(bench: &mut Bench) -> Result<Vec<Row>> {
    let certificate = bench.certificate()?;
    let client = tls(&certificate.der)?;
    let folder = bench.source.with_file_name("nginx");
    let peer = nginx::start(&nginx::find()?, &folder, certificate, &bench.subject.target)?;
    let (size, name) = (bench.options.size(), format!("https-{}", bench.options.size()));
    for server in [&bench.subject, &peer] {
        share(&bench.source, server, &name)?;
    }
    let token = entrepot::user_token(bench.subject.http_port()?)?;
    let bearer = format!("Bearer {token}");
    let download = |server: &Server, port: u16, path: &str, headers: &[(&str, &str)]| -> Result<Sample> {
        let mut web = WebClient::connect(port, Some(&client))?;
        let clock = Clock::start(server)?;
        let answer = web.ask("GET", path, headers, "")?.expect(200)?;
        ensure!(answer.length == size, "{} bytes instead of {size}", answer.length);
        clock.sample(size as f64 / 1e6, (1_u64 << 30) as f64 / 1e6)
    };
    let mut sides = (Vec::new(), Vec::new());
    for round in 0..bench.options.rounds() {
        for turn in 0..2 {
            if (round + turn) % 2 == 1 {
                let path = format!("/api/v2/user/files?path={name}");
                let port = bench.subject.https_port()?;
                sides.0.push(download(&bench.subject, port, &path, &[("Authorization", &bearer)])?);
            } else {
                sides.1.push(download(&peer, peer.http_port()?, &format!("/{name}"), &[])?);
            }
        }
    }
    let goals = vec![Goal::SpeedAtLeast(1.0), Goal::CpuAtMost(1.2)];
    let case = "down, aes128-gcm".to_owned();
    Ok(vec![Row { scenario: "https", case, quantity: SPEED, subject: sides.0, peer: sides.1, goals }])
}

/// A file in pieces of 8 MiB, and in one request. What the other column shows is the latter.
pub fn tus(bench: &mut Bench) -> Result<Vec<Row>> {
    let (size, server) = (bench.options.size(), &bench.subject);
    let port = server.http_port()?;
    let bearer = format!("Bearer {}", entrepot::user_token(port)?);
    let (mut pieces, mut whole) = (Vec::new(), Vec::new());
    for round in 0..bench.options.rounds() {
        for turn in 0..2 {
            let name = format!("upload-{round}-{turn}");
            let clock = Clock::start(server)?;
            if (round + turn) % 2 == 1 {
                let mut upload = TusUpload::announce(bench, port, &bearer, &name, size)?;
                while upload.offset < size {
                    upload.send(bench, port, None)?;
                }
            } else {
                let mut web = WebClient::connect(port, None)?;
                let path = format!("/api/v2/user/files/upload?path={name}");
                let sent = Sent { payload: &bench.payload, from: 0, length: size, breaks_after: None };
                web.send("POST", &path, &[("Authorization", &bearer)], sent)?.expect(201)?;
            }
            let sample = clock.sample(size as f64 / 1e6, (1_u64 << 30) as f64 / 1e6)?;
            if (round + turn) % 2 == 1 { &mut pieces } else { &mut whole }.push(sample);
            let file = server.files.join(&name);
            bench.payload.verify(&file, size)?;
            WebClient::connect(port, None)?
                .ask("DELETE", &format!("/api/v2/user/files?path={name}"), &[("Authorization", &bearer)], "")?
                .expect(200)?;
        }
    }
    let (case, goals) = ("8 MiB pieces/whole".to_owned(), vec![Goal::SpeedAtLeast(0.9)]);
    Ok(vec![Row { scenario: "tus", case, quantity: SPEED, subject: pieces, peer: whole, goals }])
}

/// An upload that loses its line three times and its server once, five times the big file: the bytes are the same. The value
/// is the time that it took.
pub fn tus_breaks(bench: &mut Bench) -> Result<Vec<Row>> {
    let size = bench.options.size() * 5;
    let port = bench.subject.http_port()?;
    let bearer = format!("Bearer {}", entrepot::user_token(port)?);
    let start = Instant::now();
    let mut upload = TusUpload::announce(bench, port, &bearer, "broken", size)?;
    let mut troubles = 0;
    while upload.offset < size {
        if troubles < 4 && upload.offset >= size / 5 * (troubles + 1) {
            troubles += 1;
            if troubles == 2 {
                bench.subject.restart()?;
            } else {
                let _ = upload.send(bench, port, Some(CHUNK / 3 + 1));
            }
            upload.ask(port)?;
            continue;
        }
        upload.send(bench, port, None)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    bench.payload.verify(&bench.subject.files.join("broken"), size)?;
    let path = "/api/v2/user/files?path=broken";
    WebClient::connect(port, None)?.ask("DELETE", path, &[("Authorization", &bearer)], "")?.expect(200)?;
    let case = format!("{} MiB, 3 breaks, 1 restart", size >> 20);
    let subject = vec![Sample { value: seconds, cpu: None }];
    Ok(vec![Row { scenario: "tus-breaks", case, quantity: Quantity::Size("s"), subject, peer: Vec::new(), goals: Vec::new() }])
}

/// An upload in pieces.
struct TusUpload {
    path: String,
    bearer: String,
    offset: u64,
    size: u64,
    web: Option<WebClient>,
}

impl TusUpload {
    fn announce(_: &Bench, port: u16, bearer: &str, name: &str, size: u64) -> Result<Self> {
        let mut web = WebClient::connect(port, None)?;
        let (length, metadata) = (size.to_string(), format!("path {}", STANDARD.encode(format!("/{name}"))));
        let headers =
            [("Authorization", bearer), ("Tus-Resumable", "1.0.0"), ("Upload-Length", &length), ("Upload-Metadata", &metadata)];
        let answer = web.ask("POST", UPLOADS, &headers, "")?.expect(201)?;
        let id = answer.header("location")?.rsplit('/').next().context("no id")?.to_owned();
        Ok(Self { path: format!("{UPLOADS}/{id}"), bearer: bearer.to_owned(), offset: 0, size, web: Some(web) })
    }

    fn send(&mut self, bench: &Bench, port: u16, breaks_after: Option<u64>) -> Result<()> {
        let mut web = self.web.take().map_or_else(|| WebClient::connect(port, None), Ok)?;
        let offset = self.offset.to_string();
        let headers = [
            ("Authorization", self.bearer.as_str()),
            ("Tus-Resumable", "1.0.0"),
            ("Upload-Offset", &offset),
            ("Content-Type", "application/offset+octet-stream"),
        ];
        let length = CHUNK.min(self.size - self.offset);
        let sent = Sent { payload: &bench.payload, from: self.offset, length, breaks_after };
        let answer = web.send("PATCH", &self.path, &headers, sent)?;
        if matches!(answer.status, 409 | 423) {
            // The request whose line broke has not been missed yet: as clients of the protocol do, we ask once more.
            thread::sleep(Duration::from_secs(3));
            return self.ask(port);
        }
        let answer = answer.expect(204)?;
        self.offset = answer.header("upload-offset")?.parse()?;
        self.web = Some(web);
        Ok(())
    }

    /// Asks where the upload is, until it can be told.
    fn ask(&mut self, port: u16) -> Result<()> {
        for _ in 0..50 {
            let mut web = WebClient::connect(port, None)?;
            let headers = [("Authorization", self.bearer.as_str()), ("Tus-Resumable", "1.0.0")];
            let answer = web.ask("HEAD", &self.path, &headers, "")?;
            if answer.status == 200 {
                self.offset = answer.header("upload-offset")?.parse()?;
                self.web = Some(web);
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        anyhow::bail!("the upload does not say where it is")
    }
}

/// A folder of many small files as a zip: how soon it begins, and what it costs in memory.
pub fn zip(bench: &mut Bench) -> Result<Vec<Row>> {
    let server = &bench.subject;
    let port = server.http_port()?;
    let bearer = format!("Bearer {}", entrepot::user_token(port)?);
    let folder = server.files.join("many");
    fs::create_dir_all(&folder)?;
    for number in 0..FILES {
        bench.payload.write(&folder.join(format!("file {number:05}")), FILE_SIZE)?;
    }
    let (mut first, mut grown, mut speed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.options.rounds() {
        let mut web = WebClient::connect(port, None)?;
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let before = server.account().memory();
        let clock = Clock::start(server)?;
        let (answer, peak) = peak_while(server, || web.ask("POST", "/api/v2/user/streamzip", &headers, "[\"/many\"]"));
        let answer = answer?.expect(200)?;
        speed.push(clock.sample(FILES as f64, FILES as f64)?);
        ensure!(answer.length > FILES as u64 * FILE_SIZE / 2, "{} bytes", answer.length);
        first.push(Sample { value: answer.first_byte.as_secs_f64() * 1e3, cpu: None });
        grown.push(Sample { value: peak.saturating_sub(before) as f64 / f64::from(1 << 20), cpu: None });
    }
    fs::remove_dir_all(&folder)?;
    let row = |case: &str, quantity, subject, goals: &[Goal]| Row {
        scenario: "zip",
        case: case.to_owned(),
        quantity,
        subject,
        peer: Vec::new(),
        goals: goals.to_vec(),
    };
    Ok(vec![
        row("first byte", Quantity::Size("ms"), first, &[Goal::AtMost(200.0)]),
        row("memory, growth", Quantity::Size("MiB"), grown, &[Goal::AtMost(ZIP_MEMORY_MIB)]),
        row("10,000 files", Quantity::Rate("files/s", "s/zip", 1.0), speed, &[]),
    ])
}
