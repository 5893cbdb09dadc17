//! Saved settings that are kept and not used: those of a backup that cannot hold on the machine where it was restored.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ASIDE, Settings, parse};
use crate::engine::connection::{close_for_moving, open_writer};
use crate::{Copies, StoreError};

/// A value that was set aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAside {
    /// The value as it was saved.
    pub value: Value,
    /// Why it is not used, for people.
    pub reason: String,
}

impl Settings {
    /// What was set aside, by key. Saving or removing a setting ends it.
    pub async fn aside(&self) -> Result<BTreeMap<String, SetAside>, StoreError> {
        self.database.read(read).await
    }
}

/// Sets saved settings aside, with the reasons, in a copy that nobody has open. A key that is not saved is passed over.
///
/// # Errors
/// Those of the engine; nothing has changed then.
pub fn set_settings_aside(copies: &Copies, reasons: &BTreeMap<String, String>, now: i64) -> Result<(), StoreError> {
    let mut connection = open_writer(&copies.main, false)?;
    let transaction = connection.transaction()?;
    let mut aside = read(&transaction)?;
    for (key, reason) in reasons {
        let text: Option<String> =
            transaction.query_row("SELECT value FROM setting WHERE key = ?", [key], |row| row.get(0)).optional()?;
        let Some(text) = text else { continue };
        aside.insert(key.clone(), SetAside { value: parse(key, &text)?, reason: reason.clone() });
        transaction.execute("DELETE FROM setting WHERE key = ?", [key])?;
    }
    write(&transaction, &aside, now)?;
    transaction.commit()?;
    close_for_moving(connection, &copies.main)
}

/// Ends it for these keys.
pub(super) fn forget(connection: &Connection, keys: &[String], now: i64) -> Result<(), StoreError> {
    let mut aside = read(connection)?;
    let before = aside.len();
    aside.retain(|key, _| !keys.contains(key));
    if aside.len() == before { Ok(()) } else { write(connection, &aside, now) }
}

fn read(connection: &Connection) -> Result<BTreeMap<String, SetAside>, StoreError> {
    let text: Option<String> =
        connection.prepare_cached("SELECT value FROM setting WHERE key = ?")?.query_row([ASIDE], |row| row.get(0)).optional()?;
    let Some(text) = text else { return Ok(BTreeMap::new()) };
    serde_json::from_str(&text).map_err(|error| StoreError::document("settings that were set aside", error))
}

fn write(connection: &Connection, aside: &BTreeMap<String, SetAside>, now: i64) -> Result<(), StoreError> {
    if aside.is_empty() {
        connection.execute("DELETE FROM setting WHERE key = ?", [ASIDE])?;
        return Ok(());
    }
    let text = serde_json::to_string(aside).map_err(|error| StoreError::document("settings that were set aside", error))?;
    let sql = "INSERT OR REPLACE INTO setting (key, value, updated_at) VALUES (?, ?, ?)";
    connection.execute(sql, params![ASIDE, text, now])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, StoreOptions};

    // BKP-028
    #[tokio::test]
    async fn what_is_set_aside_is_kept_and_not_listed() {
        let folder = tempfile::tempdir().expect("folder");
        let store = Store::open(StoreOptions::new(folder.path())).expect("opened");
        let saved = [("httpd.bindings[0].address", "192.0.2.7"), ("sftpd.ciphers", "x")];
        let saved = saved.map(|(key, value)| (key.to_owned(), Some(Value::from(value)))).to_vec();
        store.settings().change(saved, 1).await.expect("saved");
        let copies = folder.path().join("copies");
        std::fs::create_dir(&copies).expect("made");
        let copies = store.copy_into(&copies).expect("copied");
        let reasons = [("httpd.bindings[0].address", "not here"), ("common.idle_timeout", "never saved")];
        let reasons = reasons.map(|(key, reason)| (key.to_owned(), reason.to_owned())).into();
        set_settings_aside(&copies, &reasons, 2).expect("set aside");
        assert!(!copies.main.with_file_name("main-wal").exists(), "the file alone is what moves on");

        let other = tempfile::tempdir().expect("folder");
        std::fs::copy(&copies.main, other.path().join("entrepot.db")).expect("copied");
        let restored = Store::open(StoreOptions::new(other.path())).expect("opened");
        let keys = |listed: Vec<(String, Value)>| listed.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(restored.settings().list().await.expect("listed")), ["sftpd.ciphers"]);
        let aside = restored.settings().aside().await.expect("read");
        let expected = SetAside { value: "192.0.2.7".into(), reason: "not here".into() };
        assert_eq!(aside.into_iter().collect::<Vec<_>>(), [("httpd.bindings[0].address".to_owned(), expected)]);
        // Saving the setting, or taking it back, is the end of it.
        restored.settings().change(vec![("httpd.bindings[0].address".into(), None)], 3).await.expect("changed");
        assert!(restored.settings().aside().await.expect("read").is_empty());
        for store in [store, restored] {
            store.shutdown().await.expect("closed");
        }
    }
}
