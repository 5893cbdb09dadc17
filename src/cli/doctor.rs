//! `entrepot doctor`: what keeps the server from working, or soon will, and what to do about it. Beside a running server
//! the server itself looks; without one, this process does.

mod database;
mod outside;
mod ports;
mod start;

use std::time::SystemTime;

use chrono::DateTime;
use entrepot_core::{
    Core, Tasks,
    admin::{AdminSession, doctor},
};
use entrepot_model::doctor::{Examination, Finding, Severity};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::{arguments::Doctor, backup, control, data_folder::DataFolder, exit::Failure, load, runtime, texts};
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
        texts::print(format!("{}\n", serde_json::to_string_pretty(&examination)?).as_bytes())?;
    } else {
        texts::print(text(&examination).as_bytes())?;
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
    let opened = loaded.as_ref().and_then(|loaded| database::open(&loaded.settings, &mut findings));
    let store = opened.as_ref().map(|opened| &opened.store);
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seconds = i64::try_from(seconds).unwrap_or(0);
    findings.extend(runtime::build_small()?.block_on(async {
        let tasks = Tasks::new(Handle::current(), 1);
        let mut found = doctor::examine_data(folder.path(), store, seconds, tasks.storage()).await?;
        if let Some(before) = loaded.take() {
            let (with_saved, tried) = start::look(folder, sources, before, store).await?;
            loaded = Some(with_saved);
            found.extend(tried);
        }
        if let Some(store) = store {
            store.shutdown().await?;
        }
        anyhow::Ok(found)
    })?);
    if let Some(loaded) = loaded {
        findings.extend(warnings(&loaded.warnings));
        findings.extend(ports::configured(&loaded, folder));
        let certificates = outside::certificates_of(&loaded.settings, &findings);
        findings.extend(certificates);
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
