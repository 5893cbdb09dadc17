//! `entrepot doctor`: what keeps the server from working, or soon will, and what to do about it. Beside a running server
//! the server itself looks; without one, this process does.

mod outside;
mod ports;
mod start;

use std::{path::Path, time::SystemTime};

use chrono::DateTime;
use entrepot_config::{Loaded, Settings};
use entrepot_core::{
    Core, Tasks,
    admin::{AdminSession, doctor},
};
use entrepot_model::doctor::{Examination, Finding, Severity};
use entrepot_store::{Store, StoreError};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::{arguments::Doctor, backup, control, data_folder::DataFolder, exit::Failure, load, runtime};
pub(crate) use outside::Outside;

/// Looks, and prints what was found.
///
/// # Errors
/// Something does not work: exit code 1.
pub(crate) fn run(command: &Doctor) -> anyhow::Result<()> {
    let folder = DataFolder::at(&command.place.data_dir)?;
    let examination = match control::ask_long(&folder, &json!({ "command": "doctor" })) {
        Ok(Some(answer)) => serde_json::from_value(answer["examination"].clone())?,
        Ok(None) => Examination::of(look(&folder, command)?),
        Err(error) => {
            let fix = "run this as the account of the server or as root; if the server hangs, restart it";
            let mut findings = vec![Finding::error("server", error.to_string(), fix)];
            findings.extend(look(&folder, command)?);
            Examination::of(findings)
        }
    };
    if command.json {
        println!("{}", serde_json::to_string_pretty(&examination)?);
    } else {
        print!("{}", text(&examination));
    }
    let broken = examination.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    match broken {
        0 => Ok(()),
        1 => Err(Failure::plain("one thing does not work; its fix is named above")),
        count => Err(Failure::plain(format!("{count} things do not work; their fixes are named above"))),
    }
}

/// The answer of a running server.
pub(crate) async fn examine(core: &Core) -> anyhow::Result<Value> {
    let examination = doctor::examine(core, &AdminSession::system()).await?;
    Ok(json!({ "ok": true, "examination": examination }))
}

/// A look at a server that does not run.
fn look(folder: &DataFolder, command: &Doctor) -> anyhow::Result<Vec<Finding>> {
    let mut findings = vec![Finding::ok("server", "no server is running for this data folder")];
    let sources = load::sources(folder, &command.place)?;
    let mut loaded = match entrepot_config::load(sources.clone()).map_err(anyhow::Error::new) {
        Ok(loaded) => Some(loaded),
        Err(error) => {
            let fix = "correct that setting; entrepot config show --origin says where each comes from";
            findings.push(Finding::error("settings", crate::exit::sentence(&error), fix));
            None
        }
    };
    let store = loaded.as_ref().and_then(|loaded| database(loaded, &mut findings));
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seconds = i64::try_from(seconds).unwrap_or(0);
    findings.extend(runtime::build_small()?.block_on(async {
        let tasks = Tasks::new(Handle::current(), 1);
        let mut found = doctor::examine_data(folder.path(), store.as_ref(), seconds, tasks.storage()).await?;
        if let Some(before) = loaded.take() {
            let (with_saved, tried) = start::look(folder, sources, before, store.as_ref()).await?;
            loaded = Some(with_saved);
            found.extend(tried);
        }
        if let Some(store) = &store {
            store.shutdown().await?;
        }
        anyhow::Ok(found)
    })?);
    if let Some(loaded) = loaded {
        findings.extend(warnings(&loaded.warnings));
        findings.extend(ports::configured(&loaded, folder));
        findings.extend(outside::certificates_of(&loaded.settings));
        findings.extend(outside::mail(&loaded.settings));
        let now = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        findings.push(backup::schedule::finding_of(&loaded.settings, now));
    }
    Ok(findings)
}

/// What settings are warned about.
fn warnings(warnings: &[String]) -> impl Iterator<Item = Finding> {
    const FIX: &str = "entrepot config show --changed --origin says where it is set";
    warnings.iter().map(|warning| Finding::warning("settings", warning, FIX))
}

/// Opens the database if there is one; nothing is made, and nothing is upgraded.
fn database(loaded: &Loaded, findings: &mut Vec<Finding>) -> Option<Store> {
    if loaded.settings.data_provider.driver == "memory" || !has_database(&loaded.settings) {
        findings.push(Finding::ok("database", "there is no database yet; the first start makes it"));
        return None;
    }
    let mut settings = loaded.settings.clone();
    settings.data_provider.update_mode = 1;
    match load::open_store_of(&settings) {
        Ok(store) => Some(store),
        Err(error) => {
            findings.push(refused(&error));
            None
        }
    }
}

fn has_database(settings: &Settings) -> bool {
    let name = load::database_file(settings);
    Path::new(&settings.data_dir).join(name).exists()
}

fn refused(error: &anyhow::Error) -> Finding {
    let fix = match error.downcast_ref::<StoreError>() {
        Some(StoreError::Migration { .. }) => {
            return Finding::ok("database", "the database is of an earlier version: the next start upgrades it and keeps a copy");
        }
        Some(StoreError::Corrupt { .. }) => "keep a copy of the data folder, then put a backup of the database in its place",
        Some(StoreError::Locked { .. }) => "another server has it open: stop that one, or give this one its own --data-dir",
        Some(StoreError::Full) => "free space on the disk of the data folder",
        Some(StoreError::NetworkFileSystem { .. }) => "move the data folder to a local disk",
        _ => "look at owner and mode of the data folder and what is in it: the account of the server must own it",
    };
    Finding::error("database", crate::exit::sentence(error), fix)
}

/// Findings for people: what is wrong last, where it is seen.
fn text(examination: &Examination) -> String {
    let mut sorted: Vec<&Finding> = examination.findings.iter().collect();
    sorted.sort_by_key(|finding| finding.severity);
    let mut text = String::new();
    for finding in sorted {
        let word = match finding.severity {
            Severity::Ok => "ok",
            Severity::Warning => "warning",
            Severity::Error => "ERROR",
        };
        text.push_str(&format!("{word:<8} {}: {}\n", finding.area, finding.message));
        if !finding.fix.is_empty() {
            text.push_str(&format!("         -> {}\n", finding.fix));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_stands_last_with_its_fix() {
        let findings = vec![Finding::error("ports", "taken", "free it"), Finding::ok("clock", "right")];
        assert_eq!(text(&Examination::of(findings)), "ok       clock: right\nERROR    ports: taken\n         -> free it\n");
    }
}
