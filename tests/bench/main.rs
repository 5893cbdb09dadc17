//! The benchmark of the project: Entrepot's SFTP server beside OpenSSH's on the same machine in one
//! run. Interleaved rounds; medians of the rounds' ratios; server CPU beside speed. README.md in
//! this folder tells how to run and how to read it.

#![allow(clippy::disallowed_methods, reason = "a program of its own: its files, its variables, its tasks are no room's")]

mod accounting;
mod client;
mod http;
mod measure;
mod openssh_client;
mod options;
mod payload;
mod peer;
mod proxy;
mod report;
mod rest_client;
mod scenario;
mod web_client;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use client::Target;
use measure::Row;
use options::{Options, Subject};
use payload::Payload;
use scenario::{Bench, SCENARIOS};

/// Set when a signal asked for the end.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

fn main() -> Result<()> {
    let options = Options::parse();
    if options.list {
        SCENARIOS.iter().for_each(|(name, _)| println!("{name}"));
        return Ok(());
    }
    ensure!(SCENARIOS.iter().any(|(name, _)| options.wants(name)), "no scenario of that name; --list shows them");
    let folder = tempfile::Builder::new().prefix("entrepot-bench-").tempdir_in(&options.folder)?;
    clean_up_on_signal(folder.path())?;
    let machine = report::machine();
    println!("{machine}");
    let mut bench = prepare(options, folder.path())?;
    println!(
        "{} MiB, {} rounds, CPU by {}",
        bench.options.size() >> 20,
        bench.options.rounds(),
        bench.subject.account().method()
    );
    report::print_heading(bench.subject.label, bench.peer.label);
    let rows = run(&mut bench);
    report::print_goals(&rows);
    if let Some(path) = &bench.options.json {
        let text = serde_json::to_string_pretty(&report::json(&machine, &rows))?;
        fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Runs what was asked for. A scenario that fails says so and leaves the others alone.
fn run(bench: &mut Bench) -> Vec<Row> {
    let mut all = Vec::new();
    for (name, scenario) in SCENARIOS {
        if !bench.options.wants(name) {
            continue;
        }
        match scenario(bench) {
            Ok(mut rows) => {
                if bench.options.subject == Subject::Sshd {
                    // The goals are Entrepot's.
                    rows.iter_mut().for_each(|row| row.goals.clear());
                }
                rows.iter().for_each(report::print_row);
                all.extend(rows);
            }
            // After a signal nothing can succeed; the other thread ends the program.
            Err(_) if IS_ENDING.load(Ordering::Relaxed) => thread::park(),
            Err(error) => println!("{name:<18} FAILED: {error:#}"),
        }
    }
    all
}

fn prepare(options: Options, folder: &Path) -> Result<Bench> {
    let payload = Payload::new();
    let source = folder.join("source");
    payload.write(&source, options.size())?;
    // The first use of memory is slow on a virtual machine; let it fall on nobody's measurement.
    let scratch = folder.join("scratch");
    payload.write(&scratch, options.size())?;
    fs::remove_file(&scratch)?;

    let key_file = folder.join("key");
    peer::make_key(&key_file)?;
    let key = Arc::new(russh::keys::load_secret_key(&key_file, None)?);
    let target = Target { port: 0, user: String::new(), key, key_file };
    let sshd = match &options.sshd {
        Some(path) => path.canonicalize().with_context(|| path.display().to_string())?,
        None => peer::openssh::find()?,
    };
    let peer = peer::openssh::start("sshd", &sshd, &folder.join("peer"), &target)?;
    let place = folder.join("subject");
    let certificate = match options.subject {
        Subject::Sshd => None,
        Subject::Entrepot => Some(peer::certificate::make(folder)?),
    };
    let subject = match &certificate {
        None => peer::openssh::start("sshd (2)", &sshd, &place, &target)?,
        Some(certificate) => {
            let program = options.entrepot.clone().map_or_else(peer::entrepot::build, Ok)?;
            peer::entrepot::start("Entrepot", &program, &place, &target, certificate)?
        }
    };
    Ok(Bench { options, payload, source, subject, peer, certificate })
}

/// Interrupted, we take the servers and the files (gigabytes of memory) with us.
fn clean_up_on_signal(folder: &Path) -> Result<()> {
    let folder = folder.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            IS_ENDING.store(true, Ordering::Relaxed);
            accounting::end_all();
            // Whatever resists is only files in a folder for temporary files.
            let _ = fs::remove_dir_all(&folder);
            std::process::exit(130);
        });
    });
    Ok(())
}
