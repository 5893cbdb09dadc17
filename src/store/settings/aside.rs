//! Saved settings that are kept and not used: those of a backup that cannot hold on the machine where it was restored.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ASIDE, Settings, parse};
use crate::engine::connection::{close_for_moving, open_writer};
use crate::{Copies, StoreError};

/// Saves a row.
const PUT: &str = "INSERT OR REPLACE INTO setting (key, value, updated_at) VALUES (?, ?, ?)";

/// A value that was set aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAside {
    /// The value as it was saved.
    pub value: Value,
    /// Why it is not used, for people.
    pub reason: String,
}

/// How a setting is set aside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Displaced {
    /// Why it is not used, for people.
    pub reason: String,
    /// What is saved in its place; without it the layers below decide.
    pub instead: Option<Value>,
    /// What held without being saved. Where nothing is saved and this is missing, the key is passed over.
    pub held: Option<Value>,
}

impl Settings {
    /// What was set aside, by key. Saving or removing a setting ends it.
    pub async fn aside(&self) -> Result<BTreeMap<String, SetAside>, StoreError> {
        self.database.read(read).await
    }
}

/// Sets settings aside in a copy of the database that nobody has open.
///
/// # Errors
/// Those of the engine; nothing has changed then.
pub fn set_settings_aside(copies: &Copies, displaced: &BTreeMap<String, Displaced>, now: i64) -> Result<(), StoreError> {
    let mut connection = open_writer(&copies.main, false)?;
    let transaction = connection.transaction()?;
    let mut aside = read(&transaction)?;
    for (key, Displaced { reason, instead, held }) in displaced {
        let text: Option<String> =
            transaction.query_row("SELECT value FROM setting WHERE key = ?", [key], |row| row.get(0)).optional()?;
        let saved = text.map(|text| parse(key, &text)).transpose()?;
        let Some(value) = saved.or_else(|| held.clone()) else { continue };
        aside.insert(key.clone(), SetAside { value, reason: reason.clone() });
        match instead {
            Some(instead) => transaction.execute(PUT, params![key, instead.to_string(), now])?,
            None => transaction.execute("DELETE FROM setting WHERE key = ?", [key])?,
        };
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
    connection.execute(PUT, params![ASIDE, text, now])?;
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
        let plain = |reason: &str| Displaced { reason: reason.to_owned(), ..Displaced::default() };
        let off = Displaced { instead: Some(0.into()), held: Some(8443.into()), ..plain("not here") };
        let displaced = [
            ("httpd.bindings[0].address".to_owned(), plain("not here")),
            ("httpd.bindings[0].port".to_owned(), off),
            ("common.idle_timeout".to_owned(), plain("never saved")),
        ];
        set_settings_aside(&copies, &displaced.into(), 2).expect("set aside");
        assert!(!copies.main.with_file_name("main-wal").exists(), "the file alone is what moves on");

        let other = tempfile::tempdir().expect("folder");
        std::fs::copy(&copies.main, other.path().join("entrepot.db")).expect("copied");
        let restored = Store::open(StoreOptions::new(other.path())).expect("opened");
        let keys = |listed: Vec<(String, Value)>| listed.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(restored.settings().list().await.expect("listed")), ["httpd.bindings[0].port", "sftpd.ciphers"]);
        let aside = restored.settings().aside().await.expect("read");
        let expected = |value: Value| SetAside { value, reason: "not here".into() };
        let expected = [
            ("httpd.bindings[0].address".to_owned(), expected("192.0.2.7".into())),
            ("httpd.bindings[0].port".to_owned(), expected(8443.into())),
        ];
        assert_eq!(aside, expected.into());
        // Saving the setting, or taking it back, is the end of it.
        let both = [("httpd.bindings[0].address".into(), None), ("httpd.bindings[0].port".into(), Some(443.into()))];
        restored.settings().change(both.into(), 3).await.expect("changed");
        assert!(restored.settings().aside().await.expect("read").is_empty());
        for store in [store, restored] {
            store.shutdown().await.expect("closed");
        }
    }
}
