//! Ports: whether the configured ones can be had, and who has them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use entrepot_config::Loaded;
use entrepot_model::doctor::{Finding, Severity};
use entrepot_net::{BindSpec, NetError, could_bind};

use crate::{
    blame,
    data_folder::DataFolder,
    rehearsal::{is_path_of_service, specs},
};

/// Tries every port that the settings name; each is free again at once.
pub(super) fn configured(loaded: &Loaded, folder: &DataFolder) -> Vec<Finding> {
    let specs = specs(&loaded.settings).filter(|(service, spec)| !is_path_of_service(service, spec));
    specs.map(|(_, spec)| look(spec, loaded, folder)).collect()
}

fn look(spec: BindSpec, loaded: &Loaded, folder: &DataFolder) -> Finding {
    let mut finding = tried(spec.clone());
    if finding.severity == Severity::Error
        && let Some(key) = [spec.member("address"), spec.member("port")].iter().find_map(|key| loaded.saved_key(key))
    {
        let way_out = blame::command(key, folder);
        finding.fix = format!("{}; {key} is saved in the database: `{way_out}` takes it back", finding.fix);
    }
    finding
}

fn tried(spec: BindSpec) -> Finding {
    match could_bind(&spec) {
        Ok(()) => Finding::ok("ports", format!("port {} ({}) is free", spec.port, spec.setting_key)),
        Err(error @ NetError::InUse { .. }) => {
            let holder = holder(spec.port);
            let message = match &holder {
                Some(holder) => format!("port {} ({}) is taken by {holder}", spec.port, spec.setting_key),
                None => format!("port {} ({}) is taken by a process of another account", spec.port, spec.setting_key),
            };
            let fix = if holder.is_some() { error.to_string() } else { format!("{error}; as root, ss -ltnp says who it is") };
            Finding::error("ports", message, fix)
        }
        Err(error @ NetError::NotPermitted { .. }) => {
            let fix =
                "AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or setcap cap_net_bind_service=+ep on the program";
            Finding::error("ports", error.to_string(), fix)
        }
        Err(error) => {
            let fix = format!("change {}; ip addr says which addresses this machine has", spec.member("address"));
            Finding::error("ports", error.to_string(), fix)
        }
    }
}

/// The process that listens on a port, as far as this account may know.
fn holder(port: u16) -> Option<String> {
    let inodes: Vec<u64> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|table| table.lines().skip(1).filter_map(|line| listening(line, port)).collect::<Vec<_>>())
        .collect();
    let links: Vec<PathBuf> = inodes.iter().map(|inode| format!("socket:[{inode}]").into()).collect();
    let mut processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok).map(|entry| entry.path());
    // `/proc/self` and its like lead to processes that have a number, too.
    let number = |process: &PathBuf| process.file_name()?.to_str()?.parse::<u32>().ok();
    let process = processes.find(|process| number(process).is_some() && has_open(process, &links))?;
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    Some(format!("{} (process {})", name.trim(), number(&process)?))
}

/// The inode of a socket that listens on `port`, from a line of `/proc/net/tcp`.
fn listening(line: &str, port: u16) -> Option<u64> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (local, state) = (fields.get(1)?, fields.get(3)?);
    let found = u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok()?;
    if found != port || *state != "0A" {
        return None;
    }
    fields.get(9)?.parse().ok()
}

fn has_open(process: &Path, links: &[PathBuf]) -> bool {
    let Ok(open) = fs::read_dir(process.join("fd")) else { return false };
    open.filter_map(Result::ok).any(|entry| fs::read_link(entry.path()).is_ok_and(|target| links.contains(&target)))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn taken_port_names_the_process_that_has_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let spec = || BindSpec { address: "127.0.0.1".into(), port, setting_key: "sftpd.bindings[0]".into() };
        let finding = tried(spec());
        let own = format!("(process {})", std::process::id());
        assert!(finding.severity == Severity::Error && finding.message.contains(&own), "{finding:?}");
        assert!(finding.fix.contains("sftpd.bindings[0].port"), "{finding:?}");
        drop(listener);
        assert_eq!(tried(spec()).severity, Severity::Ok);
    }
}
