//! What the gates cost each connection: asked in this process, for over a socket the network would be measured.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use entrepot_config::{Sources, settings::RateLimiter};
use entrepot_core::admin::{AdminSession, ip_lists};
use entrepot_core::{Clock, Core, CoreOptions, NoEventSink, NoHooks, SystemClock, Tasks, fs::door::BuiltInStorages};
use entrepot_model::{IpListEntry, Protocol};
use entrepot_secrets::Sealer;
use entrepot_store::{Store, StoreOptions};

use super::Bench;
use crate::measure::{Goal, Quantity, Row, Sample};

/// Entries of the lists.
const ENTRIES: u32 = 100_000;
/// Connections of a sample.
const CONNECTIONS: u32 = 200_000;

/// Microseconds that a connection spends at the gates, with 100,000 entries in the lists and a rate limiter per source.
pub fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let rounds = bench.options.rounds();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let (store, core) = runtime.block_on(start(folder.path()))?;
    let mut let_in = Vec::new();
    let mut refused = Vec::new();
    for round in 0..rounds {
        let seed = u32::try_from(round).unwrap_or_default().wrapping_mul(0x9e37_79b9) | 1;
        // 203.0.0.0/8 is on no list, 10.0.0.0/8 is full of entries that keep out.
        let_in.push(measure(&core, 203, seed));
        refused.push(measure(&core, 10, seed));
    }
    drop((store, core));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    let row = |case: &str, subject| Row {
        scenario: "gates",
        case: case.to_owned(),
        quantity: Quantity::Size("µs"),
        subject,
        peer: Vec::new(),
        goals: vec![Goal::AtMost(2.0)],
    };
    Ok(vec![row("let in and out", let_in), row("on the list", refused)])
}

/// A core whose lists are full.
async fn start(folder: &std::path::Path) -> Result<(Store, Core)> {
    let mut settings = entrepot_config::load(Sources::new(folder))?.settings;
    settings.common.rate_limiters = vec![RateLimiter {
        average: 1_000_000,
        period: 1000,
        burst: 1_000_000,
        r#type: 2,
        protocols: vec!["HTTP".into()],
        generate_defender_events: true,
        entries_soft_limit: 100,
        entries_hard_limit: 150,
    }];
    let store = Store::open(StoreOptions::in_memory())?;
    let options = CoreOptions {
        settings: Arc::new(ArcSwap::from_pointee(settings)),
        data_directory: folder.to_owned(),
        store: store.clone(),
        sealer: Sealer::default(),
        tasks: Tasks::new(tokio::runtime::Handle::current(), 2),
        clock: Arc::new(SystemClock) as Arc<dyn Clock>,
        hooks: Arc::new(NoHooks),
        sink: Arc::new(NoEventSink),
        storages: Arc::new(BuiltInStorages),
    };
    let core = Core::start(options).await.context("the core does not start")?;
    let system = AdminSession::system();
    for number in 0..ENTRIES {
        // Networks of many sizes below 10.0.0.0/8, and some hosts, spread evenly.
        let bits = 0x0a00_0000 | (number.wrapping_mul(0x9e37_79b9) >> 8);
        let ipornet = format!("{}/{}", IpAddr::from(bits.to_be_bytes()), 20 + number % 13);
        let entry = IpListEntry { ipornet, list: 2, mode: 2, ..IpListEntry::default() };
        // Some fall on the same network.
        match ip_lists::add(&core, &system, entry).await {
            Ok(_) | Err(entrepot_core::Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok((store, core))
}

/// Microseconds of each connection from `first`.0.0.0/8.
fn measure(core: &Core, first: u8, seed: u32) -> Sample {
    let mut bits = seed;
    let began = Instant::now();
    for _ in 0..CONNECTIONS {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, b, c, d] = bits.to_be_bytes();
        let peer = SocketAddr::from(([first, b, c, d], 40_000));
        // HTTP: a connection of SSH that tries nothing would be recorded, which is no cost of the gates.
        drop(std::hint::black_box(core.admit(peer, Protocol::Http)));
    }
    Sample { value: began.elapsed().as_secs_f64() * 1e6 / f64::from(CONNECTIONS), cpu: None }
}
