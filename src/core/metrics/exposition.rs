//! The text that monitoring systems read: Prometheus exposition format 0.0.4.

use std::{collections::HashMap, fmt::Write as _, time::Duration};

use entrepot_model::Protocol;

use super::{
    BACKENDS, Both, CONNECTION_SCOPES, Counter, METHODS, Metrics, OPERATIONS, TRANSFER_SCOPES, Transfers, process::Process,
};
use crate::Core;

/// How long the database may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);
/// Label values of protocols (TEL-016).
const PROTOCOLS: [(Protocol, &str); 4] =
    [(Protocol::Ssh, "ssh"), (Protocol::Ftp, "ftp"), (Protocol::Http, "http"), (Protocol::Dav, "webdav")];
/// The six counters of transfers: name, help, and which one it is.
type Named = (&'static str, &'static str, fn(&Both) -> &Counter);
const TRANSFERS: [Named; 6] = [
    ("uploads_total", "Uploads that were completed", |both| &both[0].done),
    ("upload_errors_total", "Uploads that failed or were given up", |both| &both[0].failed),
    ("upload_size_bytes", "Bytes uploaded, also by uploads that were not completed", |both| &both[0].bytes),
    ("downloads_total", "Downloads that were completed", |both| &both[1].done),
    ("download_errors_total", "Downloads that failed", |both| &both[1].failed),
    ("download_size_bytes", "Bytes downloaded, also by downloads that failed", |both| &both[1].bytes),
];

/// The text as it grows.
struct Text(String);

impl Text {
    /// Begins a metric.
    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP entrepot_{name} {help}.\n# TYPE entrepot_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let _ = write!(self.0, "entrepot_{name}");
        for (index, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{}\"", if index == 0 { '{' } else { ',' }, escaped(text));
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// A metric of one sample.
    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.begin(name, kind, help);
        self.sample(name, &[], value);
    }

    /// A metric of the process, which has no prefix: dashboards know these names.
    fn process(&mut self, name: &str, kind: &str, help: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            let _ = writeln!(self.0, "# HELP process_{name} {help}.\n# TYPE process_{name} {kind}\nprocess_{name} {value}");
        }
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

impl Core {
    /// Every metric as text (TEL-003).
    pub async fn metrics(&self) -> String {
        let asked = tokio::time::timeout(PATIENCE, self.0.store.settings().get("telemetry")).await;
        let mut text = Text(String::with_capacity(16 * 1024));
        let is_there = u8::from(matches!(asked, Ok(Ok(_))));
        text.single("dataprovider_availability", "gauge", "Whether the database answers: 1 or 0", is_there);
        self.states(&mut text);
        self.0.metrics.counters(&mut text);
        self.users(&mut text);
        process(&mut text);
        text.0
    }

    /// Begins to count per user: somebody may ask for it now (TEL-017).
    pub fn watch_users(&self) {
        self.0.metrics.watch_users();
    }

    fn states(&self, text: &mut Text) {
        let registry = &self.0.registry;
        text.begin("build_info", "gauge", "The running version");
        text.sample("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        text.single("active_connections", "gauge", "Sessions of users that are open", registry.sessions());
        text.single("active_transfers", "gauge", "Transfers that run", registry.running_transfers());
        let hosts = self.watched_hosts();
        let banned = hosts.iter().filter(|host| host.banned_until.is_some()).count();
        text.begin("defender_hosts", "gauge", "Hosts that the defender watches");
        text.sample("defender_hosts", &[("state", "banned")], banned);
        text.sample("defender_hosts", &[("state", "scored")], hosts.len() - banned);
        text.single("active_quota_scans", "gauge", "Scans of quotas that run", self.0.scans.running());
    }

    fn users(&self, text: &mut Text) {
        let connected: HashMap<String, usize> = self.0.registry.sessions_by_user();
        let users = self.0.metrics.users.list(self.clock().millis(), |name| connected.contains_key(name));
        let mut sessions: Vec<_> = connected.into_iter().collect();
        sessions.sort_unstable();
        text.begin("user_active_connections", "gauge", "Sessions of a user that are open");
        for (name, count) in &sessions {
            text.sample("user_active_connections", &[("username", name)], count);
        }
        for (name, help, counter) in TRANSFERS {
            let name = format!("user_{name}");
            text.begin(&name, "counter", &format!("{help}, per user"));
            for (user, counters) in &users {
                text.sample(&name, &[("username", user)], counter(&counters.transfers).get());
            }
        }
        text.begin("user_login_ok_total", "counter", "Logins per user");
        for (user, counters) in &users {
            text.sample("user_login_ok_total", &[("username", user)], counters.logins_ok.get());
        }
        text.begin("user_login_ko_total", "counter", "Failed logins per user");
        for (user, counters) in &users {
            text.sample("user_login_ko_total", &[("username", user)], counters.logins_ko.get());
        }
    }
}

impl Metrics {
    fn counters(&self, text: &mut Text) {
        for (name, help, counter) in TRANSFERS {
            text.single(name, "counter", help, counter(&self.transfers).get());
        }
        for (name, help, counter) in TRANSFERS {
            let name = format!("backend_{name}");
            text.begin(&name, "counter", &format!("{help}, per remote storage"));
            for ((_, backend), both) in BACKENDS.iter().zip(&self.backends) {
                if both.iter().any(Transfers::is_used) {
                    text.sample(&name, &[("backend", backend)], counter(both).get());
                }
            }
        }
        text.single("no_auth_total", "counter", "Connections that tried no login", self.no_auth.get());
        text.begin("login_total", "counter", "Logins of users");
        for (method, logins) in METHODS.iter().zip(&self.logins) {
            for (result, counter) in [("attempt", &logins.attempts), ("ok", &logins.ok), ("ko", &logins.ko)] {
                text.sample("login_total", &[("method", method), ("result", result)], counter.get());
            }
        }
        text.begin("fs_ops_total", "counter", "Operations on names that were carried out");
        for (operation, (done, _)) in OPERATIONS.iter().zip(&self.operations) {
            text.sample("fs_ops_total", &[("operation", operation)], done.get());
        }
        text.begin("fs_ops_errors_total", "counter", "Operations on names that failed");
        for (operation, (_, failed)) in OPERATIONS.iter().zip(&self.operations) {
            text.sample("fs_ops_errors_total", &[("operation", operation)], failed.get());
        }
        self.denied(text);
        text.single("defender_bans_total", "counter", "Bans by the defender", self.bans.get());
        text.single("quota_scans_total", "counter", "Scans of quotas that began", self.quota_scans.get());
    }

    fn denied(&self, text: &mut Text) {
        let name = "transfer_admission_denied_total";
        text.begin(name, "counter", "Transfers that a limit forbade");
        for (operation, scopes) in ["upload", "download"].iter().zip(&self.transfers_denied) {
            for (scope, counter) in TRANSFER_SCOPES.iter().zip(scopes) {
                text.sample(name, &[("operation", operation), ("scope", scope)], counter.get());
            }
        }
        let name = "connection_admission_denied_total";
        text.begin(name, "counter", "Connections that were not let in");
        for (protocol, scopes) in Protocol::ALL.iter().zip(&self.connections_denied) {
            let Some((_, label)) = PROTOCOLS.iter().find(|(one, _)| one == protocol) else { continue };
            for (scope, counter) in CONNECTION_SCOPES.iter().zip(scopes) {
                text.sample(name, &[("protocol", label), ("scope", scope)], counter.get());
            }
        }
    }
}

impl Transfers {
    fn is_used(&self) -> bool {
        self.done.get() + self.failed.get() > 0
    }
}

/// TEL-012.
fn process(text: &mut Text) {
    let process = Process::read();
    text.process("cpu_seconds_total", "counter", "Processor time in seconds", process.cpu_seconds);
    text.process("resident_memory_bytes", "gauge", "Memory in use", process.resident_bytes);
    text.process("threads", "gauge", "Threads", process.threads);
    text.process("open_fds", "gauge", "Open file descriptors", process.open_descriptors);
    text.process("max_fds", "gauge", "Most file descriptors that may be open", process.most_descriptors);
    text.process("start_time_seconds", "gauge", "When the process started, in seconds since the epoch", process.start_time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_cannot_break_out() {
        let mut text = Text(String::new());
        text.sample("x", &[("username", "a\"} 7\n\\")], 1);
        assert_eq!(text.0, "entrepot_x{username=\"a\\\"} 7\\n\\\\\"} 1\n");
    }
}
