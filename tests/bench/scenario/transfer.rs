//! One big file, down and up: with OpenSSH's `sftp`, with the fast client per cipher, and over a
//! long round trip.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use russh::cipher;

use super::{Bench, on_one_thread, remove, rows, share};
use crate::client::exchange::{Download, Pipeline, Upload};
use crate::client::{Client, Profile, Target};
use crate::measure::{Clock, Goal, Quantity, Row, Sample};
use crate::openssh_client::SftpProgram;
use crate::peer::Server;
use crate::proxy::Proxy;

const SPEED: Quantity = Quantity::Rate("MB/s", "s/GiB", 1.0);
const MEGA: f64 = 1e6;
const GIBI: f64 = (1 << 30) as f64;
const DOWNLOAD: &str = "download";
const UPLOAD: &str = "upload";
const ROUND_TRIP: Duration = Duration::from_millis(50);
const ROUND_TRIP_SIZE: u64 = 256 << 20;

fn sample(clock: &Clock<'_>, size: u64) -> Result<Sample> {
    clock.sample(size as f64 / MEGA, GIBI / MEGA)
}

/// OpenSSH's `sftp` without any option.
pub fn openssh(bench: &mut Bench) -> Result<Vec<Row>> {
    let size = bench.options.size();
    let cases = bench
        .interleave(bench.options.rounds(), |bench, server| with_program(bench, server, &server.target, &bench.source, size))?;
    let down = [Goal::SpeedAtLeast(1.8), Goal::CpuAtMost(0.40)];
    let up = [Goal::SpeedAtLeast(1.8), Goal::CpuAtMost(0.50)];
    Ok(rows("openssh", SPEED, cases, &[("down", &down), ("up", &up)]))
}

/// OpenSSH's `sftp` through a delay line.
pub fn rtt50(bench: &mut Bench) -> Result<Vec<Row>> {
    let size = bench.options.size().min(ROUND_TRIP_SIZE);
    let source = bench.source.with_file_name("source-rtt50");
    bench.payload.write(&source, size)?;
    let cases = bench.interleave(bench.options.rounds(), |bench, server| {
        let proxy = Proxy::start(server.target.port, ROUND_TRIP)?;
        let target = Target { port: proxy.port(), ..server.target.clone() };
        with_program(bench, server, &target, &source, size)
    })?;
    let goals = [Goal::SpeedAtLeast(1.0)];
    Ok(rows("rtt50", SPEED, cases, &[("down", &goals), ("up", &goals)]))
}

fn with_program(bench: &Bench, server: &Server, target: &Target, source: &Path, size: u64) -> Result<Vec<Sample>> {
    let name = format!("{DOWNLOAD}-{size}");
    share(source, server, &name)?;
    let mut program = SftpProgram::login(target)?;
    let clock = Clock::start(server)?;
    program.run(&format!("get {} /dev/null", server.remote(&name)))?;
    let down = sample(&clock, size)?;
    program.close()?;
    server.settle();

    let mut program = SftpProgram::login(target)?;
    let clock = Clock::start(server)?;
    program.run(&format!("put {} {}", source.display(), server.remote(UPLOAD)))?;
    let up = sample(&clock, size)?;
    program.close()?;
    after_upload(bench, server, size)?;
    Ok(vec![down, up])
}

/// The upload must have arrived; then it goes.
fn after_upload(bench: &Bench, server: &Server, size: u64) -> Result<()> {
    bench.payload.verify(&server.files.join(UPLOAD), size)?;
    on_one_thread(remove(server, &[UPLOAD.to_owned()]))
}

/// AES-128-GCM.
pub fn aes128_gcm(bench: &mut Bench) -> Result<Vec<Row>> {
    with_cipher(bench, "cipher-aes128-gcm", cipher::AES_128_GCM, 1.8, 0.42)
}

/// AES-256-GCM.
pub fn aes256_gcm(bench: &mut Bench) -> Result<Vec<Row>> {
    with_cipher(bench, "cipher-aes256-gcm", cipher::AES_256_GCM, 1.8, 0.42)
}

/// ChaCha20-Poly1305.
pub fn chacha20(bench: &mut Bench) -> Result<Vec<Row>> {
    with_cipher(bench, "cipher-chacha20", cipher::CHACHA20_POLY1305, 1.0, 0.65)
}

/// AES-128-CTR with HMAC-SHA256, encrypt-then-MAC.
pub fn aes128_ctr(bench: &mut Bench) -> Result<Vec<Row>> {
    with_cipher(bench, "cipher-aes128-ctr", cipher::AES_128_CTR, 1.0, 0.75)
}

fn with_cipher(bench: &mut Bench, scenario: &'static str, cipher: cipher::Name, speed: f64, cpu: f64) -> Result<Vec<Row>> {
    let profile = Profile { cipher, ..Profile::default() };
    let cases = bench.interleave(bench.options.rounds(), |bench, server| with_fast_client(bench, server, &profile))?;
    let goals = [Goal::SpeedAtLeast(speed), Goal::CpuAtMost(cpu)];
    Ok(rows(scenario, SPEED, cases, &[("down", &goals), ("up", &goals)]))
}

fn with_fast_client(bench: &Bench, server: &Server, profile: &Profile) -> Result<Vec<Sample>> {
    let size = bench.options.size();
    let name = format!("{DOWNLOAD}-{size}");
    share(&bench.source, server, &name)?;
    let pipeline = Pipeline::default();
    let down = on_one_thread(async {
        let client = Client::login(&server.target, profile).await?;
        let download = Download::new(server.remote(&name), size, pipeline, &bench.payload);
        let clock = Clock::start(server)?;
        client.run(download).await?;
        let down = sample(&clock, size)?;
        client.close().await?;
        Ok(down)
    })?;
    server.settle();
    let up = on_one_thread(async {
        let client = Client::login(&server.target, profile).await?;
        let upload = Upload::new(server.remote(UPLOAD), size, pipeline, &bench.payload);
        let clock = Clock::start(server)?;
        client.run(upload).await?;
        let up = sample(&clock, size)?;
        client.close().await?;
        Ok(up)
    })?;
    after_upload(bench, server, size)?;
    Ok(vec![down, up])
}
