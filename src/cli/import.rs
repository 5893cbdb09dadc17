//! `entrepot import`: a backup of this program, a dump of a server that it takes over, or the account files of other servers
//! are loaded by a command.

mod accounts;
mod atmoz;
mod foreign;
mod passwd;
#[cfg(test)]
mod tests;
mod vsftpd;

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use entrepot_core::{
    Core,
    admin::{
        AdminSession,
        backup::{self, LoadMode, LoadOptions, LoadReport, QuotaScan},
        settings::Configuration,
    },
};
use serde_json::{Value, json};

use crate::{
    arguments::{self, ImportFormat},
    control,
    data_folder::DataFolder,
    exit::{self, Failure},
    house, load, runtime,
};

/// Longest backup, in bytes; it is held in memory while it is loaded.
pub(crate) const LIMIT: u64 = 256 * 1024 * 1024;

/// Loads the file: in the running server if there is one, else in the database. Prints what became of every object.
///
/// Account files of other servers are loaded completely or not at all: a dry run that finds something wrong ends it.
///
/// # Errors
/// The file cannot be read, or an object of it cannot be loaded.
pub(crate) fn run(command: &arguments::Import) -> anyhow::Result<()> {
    let folder = DataFolder::at(&command.place.data_dir)?;
    let mut content = read(&command.file)?;
    if entrepot_secrets::envelope::is_sealed(&content) {
        let message = format!("{0} is a backup of a whole server: restore it with: entrepot restore {0}", command.file.display());
        return Err(Failure::plain(message));
    }
    if command.format != ImportFormat::Dump {
        let converted = foreign::convert(command, &content)?;
        for (name, note) in &converted.notes {
            eprintln!("note     {name}: {note}");
        }
        content = converted.document()?;
        if !command.dry_run {
            let tried = load_somewhere(command, &folder, content.clone(), true)?;
            if failures(&tried) > 0 {
                print(&tried);
                return Err(Failure::plain("nothing was imported: mend the file and import it again"));
            }
        }
    }
    let answer = load_somewhere(command, &folder, content, command.dry_run)?;
    print(&answer);
    match failures(&answer) {
        0 => Ok(()),
        1 => Err(Failure::plain("one object was not accepted")),
        count => Err(Failure::plain(format!("{count} objects were not accepted"))),
    }
}

fn failures(answer: &Value) -> usize {
    answer["failures"].as_array().map_or(0, Vec::len)
}

fn load_somewhere(command: &arguments::Import, folder: &DataFolder, content: Vec<u8>, dry_run: bool) -> anyhow::Result<Value> {
    let request = json!({
        "command": "import", "length": content.len(), "mode": command.mode, "scan_quota": command.scan_quota, "dry_run": dry_run,
    });
    match control::ask_with(folder, &request, &content)? {
        Some(answer) => Ok(answer),
        None => without_server(command, folder, content, &request),
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let fail = |error: io::Error| Failure::plain(format!("cannot read {}: {error}", path.display()));
    let mut content = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(LIMIT + 1).read_to_end(&mut content).map_err(fail)?;
    } else {
        File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut content)).map_err(fail)?;
    }
    if content.len() as u64 > LIMIT {
        return Err(Failure::plain(format!("{} is larger than 256 MiB", path.display())));
    }
    Ok(content)
}

/// Takes the lock of the database itself.
fn without_server(command: &arguments::Import, folder: &DataFolder, content: Vec<u8>, request: &Value) -> anyhow::Result<Value> {
    let sources = load::sources(folder, &command.place)?;
    let loaded = entrepot_config::load(sources.clone())?;
    if loaded.settings.data_provider.driver == "memory" {
        return Err(Failure::plain("data_provider.driver is memory: nothing lasts, so there is nothing to load into"));
    }
    // A server that was never started can be filled, too.
    folder.create()?;
    runtime::build_small()?.block_on(async {
        let store = load::open_store(&loaded)?;
        let loaded = load::with_saved(sources.clone(), &loaded, &store).await?;
        let sealer = house::sealer(&loaded.settings)?;
        let settings = Arc::new(ArcSwap::from_pointee(loaded.settings.clone()));
        let core = house::start_core(settings, folder.path().to_owned(), store, sealer).await?;
        core.services().configure_from(Configuration::new(sources, loaded));
        let answer = self::load(&core, content, request).await;
        core.stop(Duration::from_secs(30)).await;
        answer
    })
}

/// What the running server does with the request: the answer has every object.
///
/// # Errors
/// The request is not understood, or the server is stopping.
pub(crate) async fn load(core: &Core, content: Vec<u8>, request: &Value) -> anyhow::Result<Value> {
    let number = |name: &str| request[name].as_i64().unwrap_or(-1);
    let (Some(mode), Some(scan)) = (LoadMode::from_number(number("mode")), QuotaScan::from_number(number("scan_quota"))) else {
        return Err(Failure::plain("this server does not know that mode: it is of another version"));
    };
    let options = LoadOptions { mode, scan, is_dry_run: request["dry_run"] == true };
    let report = backup::load(core, &AdminSession::system(), content.into(), options).await;
    let report = report.map_err(|error| Failure::with_code(exit::DATA, format!("the backup cannot be loaded: {error}")))?;
    Ok(answer(&report, options.is_dry_run))
}

fn answer(report: &LoadReport, is_dry_run: bool) -> Value {
    let entries = report.entries.iter().map(|entry| json!([entry.scope.member(), entry.name, entry.outcome.as_str()]));
    json!({
        "ok": true,
        "dry_run": is_dry_run,
        "summary": report.summary(),
        "entries": entries.collect::<Vec<_>>(),
        "failures": report.failures.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "ignored": report.ignored,
    })
}

/// One line an object, then the sum; what was refused goes to standard error.
fn print(answer: &Value) {
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let is_dry_run = answer["dry_run"] == true;
    for entry in list("entries") {
        let part = |index: usize| entry[index].as_str().unwrap_or_default();
        println!("{:<8} {:<14} {}", part(2), part(0), part(1));
    }
    for member in list("ignored") {
        println!("ignored  {}", member.as_str().unwrap_or_default());
    }
    let summary = answer["summary"].as_str().unwrap_or_default();
    println!("{}{summary}", if is_dry_run { "Dry run, nothing was changed: " } else { "" });
    let failures = list("failures");
    for failure in &failures {
        eprintln!("refused  {}", failure.as_str().unwrap_or_default());
    }
    if !failures.is_empty() && !is_dry_run {
        eprintln!("Loading ended there; what is listed above stays. Mend the file and load it again: nothing is loaded twice.");
    }
}
