//! What the databases say, read beside the server.

use std::{thread, time::Duration};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::Server;

/// Without a new event, or line of the log, for so long there are no more.
pub(super) const QUIET: Duration = Duration::from_millis(150);

/// A file event, moved to its database already or on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub action: String,
    pub username: String,
    pub path: String,
    pub size: i64,
    /// 1 done, 2 failed, 3 over quota.
    pub status: i64,
    pub protocol: String,
}

impl Server {
    /// All file events, oldest first, each once. They are written beside the answers, so it waits until no more come.
    pub fn events(&self) -> Vec<Event> {
        let mut events = self.events_by_now();
        loop {
            thread::sleep(QUIET);
            let later = self.events_by_now();
            if later.len() == events.len() {
                return later;
            }
            events = later;
        }
    }

    fn events_by_now(&self) -> Vec<Event> {
        // In this order: the mover copies before it deletes, so nothing is missed.
        let waiting = self.outbox();
        let mut events = self.moved();
        for event in waiting {
            if !events.iter().any(|known| known.id == event.id) {
                events.push(event);
            }
        }
        events
    }

    /// Events of one account.
    pub fn events_of(&self, username: &str, action: &str) -> Vec<Event> {
        self.events().into_iter().filter(|event| event.username == username && event.action == action).collect()
    }

    fn open(&self, name: &str) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.data().join(name), flags).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
        connection
    }

    fn moved(&self) -> Vec<Event> {
        let connection = self.open("events.db");
        let columns = "event_id, action, username, virtual_path, file_size, status, protocol";
        let mut statement = connection.prepare(&format!("SELECT {columns} FROM fs_event ORDER BY sequence")).unwrap();
        let rows = statement.query_map([], |row| {
            Ok(Event {
                id: row.get(0)?,
                action: row.get(1)?,
                username: row.get(2)?,
                path: row.get(3)?,
                size: row.get(4)?,
                status: row.get(5)?,
                protocol: row.get(6)?,
            })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn outbox(&self) -> Vec<Event> {
        let connection = self.open("entrepot.db");
        let mut statement = connection.prepare("SELECT event_id, payload FROM outbox ORDER BY sequence").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
        rows.map(Result::unwrap)
            .filter_map(|(id, payload)| {
                let payload: Value = serde_json::from_str(&payload).unwrap();
                // Events of other kinds have no path.
                let path = payload["virtual_path"].as_str()?.to_owned();
                let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
                let number = |name: &str| payload[name].as_i64().unwrap_or_default();
                Some(Event {
                    id,
                    path,
                    action: text("action"),
                    username: text("username"),
                    size: number("file_size"),
                    status: number("status"),
                    protocol: text("protocol"),
                })
            })
            .collect()
    }

    /// A virtual folder on this machine, for as long as the REST interface cannot make one.
    pub fn create_folder(&self, name: &str, path: &std::path::Path) {
        let connection = self.open("entrepot.db");
        let document = serde_json::json!({ "mapped_path": path, "filesystem": { "provider": 0 } }).to_string();
        connection.execute("INSERT INTO virtual_folder (name, document) VALUES (?, ?)", (name, document)).unwrap();
        connection.execute("INSERT INTO folder_usage (folder_id) VALUES (?)", [connection.last_insert_rowid()]).unwrap();
    }

    /// Files and bytes in use in a virtual folder.
    pub fn folder_usage(&self, name: &str) -> (i64, i64) {
        let sql =
            "SELECT used_quota_files, used_quota_size FROM folder_usage JOIN virtual_folder ON id = folder_id WHERE name = ?";
        self.open("entrepot.db").query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    /// Uploads that the database knows as not settled: path and charged bytes.
    pub fn unsettled(&self) -> Vec<(String, i64)> {
        let connection = self.open("entrepot.db");
        let mut statement = connection.prepare("SELECT CAST(virtual_path AS TEXT), charged_size FROM upload_intent").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}
