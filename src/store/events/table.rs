//! The tables of the events database: which members of an event are columns, writing and searching them.

use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::outbox::{EventKind, OutboxEvent};
use super::search::Query;
use crate::{Order, StoreError};

/// A column and the type of its values.
#[derive(Debug, Clone, Copy)]
enum Column {
    Text(&'static str),
    Integer(&'static str),
    /// Stored for searches, not part of the event.
    Hidden(&'static str),
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Text(name) | Self::Integer(name) | Self::Hidden(name) => name,
        }
    }

    /// The value of this column in an event: members that are absent are empty.
    fn value(self, members: &Value) -> SqlValue {
        let member = members.get(self.name());
        match self {
            Self::Integer(_) => SqlValue::Integer(member.and_then(Value::as_i64).unwrap_or(0)),
            Self::Text(_) | Self::Hidden(_) => SqlValue::Text(member.and_then(Value::as_str).unwrap_or_default().to_string()),
        }
    }
}

/// A table of events. Beside its columns it has `sequence` and `event_id`.
pub(super) struct Table {
    pub(super) name: &'static str,
    columns: &'static [Column],
}

use Column::{Hidden, Integer, Text};

/// File system events.
pub(super) const FS: Table = Table {
    name: "fs_event",
    columns: &[
        Integer("timestamp"),
        Text("action"),
        Text("username"),
        Text("external_username"),
        Text("fs_path"),
        Text("fs_target_path"),
        Text("virtual_path"),
        Text("virtual_target_path"),
        Text("ssh_cmd"),
        Integer("file_size"),
        Integer("elapsed"),
        Integer("status"),
        Text("protocol"),
        Text("ip"),
        Text("session_id"),
        Integer("fs_provider"),
        Text("bucket"),
        Text("endpoint"),
        Text("open_flags"),
        Text("role"),
        Text("instance_id"),
    ],
};

/// Provider events.
pub(super) const PROVIDER: Table = Table {
    name: "provider_event",
    columns: &[
        Integer("timestamp"),
        Text("action"),
        Text("username"),
        Text("ip"),
        Text("object_type"),
        Text("object_name"),
        Text("object_data"),
        Hidden("object_role"),
        Text("role"),
        Text("instance_id"),
    ],
};

/// Log events.
pub(super) const LOG: Table = Table {
    name: "log_event",
    columns: &[
        Integer("timestamp"),
        Integer("event"),
        Text("protocol"),
        Text("username"),
        Text("ip"),
        Text("message"),
        Text("role"),
        Text("instance_id"),
    ],
};

/// The table of a kind.
pub(super) fn of(kind: EventKind) -> &'static Table {
    match kind {
        EventKind::Fs => &FS,
        EventKind::Provider => &PROVIDER,
        EventKind::Log => &LOG,
    }
}

/// Stores an event, unless one of its id is there.
pub(super) fn insert(connection: &Connection, event: &OutboxEvent) -> Result<(), StoreError> {
    let table = of(event.kind());
    let names: Vec<&str> = table.columns.iter().map(|column| column.name()).collect();
    let places = vec!["?"; names.len() + 1].join(", ");
    let sql = format!("INSERT OR IGNORE INTO {} (event_id, {}) VALUES ({places})", table.name, names.join(", "));
    let members = event.members()?;
    let mut values = vec![SqlValue::Text(event.id().to_string())];
    values.extend(table.columns.iter().map(|column| column.value(&members)));
    connection.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

impl Table {
    /// The events that match.
    pub(super) fn search<T: DeserializeOwned>(&self, connection: &Connection, query: &Query) -> Result<Vec<T>, StoreError> {
        let cursor = self.cursor(connection, &query.page.from_id)?;
        let (sql, values) = self.statement(query, cursor);
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let mut members = Map::new();
            members.insert("id".into(), row.get::<_, String>(0)?.into());
            for (index, column) in (1..).zip(self.shown(query)) {
                let value = match row.get_ref(index)? {
                    ValueRef::Integer(number) => Value::from(number),
                    value => Value::from(value.as_str().map_err(StoreError::database)?),
                };
                members.insert(column.name().into(), value);
            }
            // An empty text and an absent member mean the same.
            members.retain(|_, value| value.as_str() != Some(""));
            let event = serde_json::from_value(Value::Object(members));
            events.push(event.map_err(|error| StoreError::document("stored event", error))?);
        }
        Ok(events)
    }

    /// The statement of a search, and the values of its parameters.
    pub(super) fn statement(&self, query: &Query, cursor: Option<(i64, i64)>) -> (String, Vec<SqlValue>) {
        let mut conditions = query.conditions.clone();
        let mut common = query.values.clone();
        if let Some((timestamp, sequence)) = cursor {
            conditions.push(match query.page.order {
                Order::Ascending => "(timestamp, sequence) > (?, ?)".into(),
                Order::Descending => "(timestamp, sequence) < (?, ?)".into(),
            });
            common.extend([SqlValue::Integer(timestamp), SqlValue::Integer(sequence)]);
        }
        let all = [(String::new(), Vec::new())];
        let branches = if query.branches.is_empty() { &all[..] } else { &query.branches[..] };
        let mut values = Vec::new();
        let mut selects = Vec::new();
        for (condition, own) in branches {
            let own_condition = (!condition.is_empty()).then_some(condition);
            let parts: Vec<&str> = own_condition.into_iter().chain(&conditions).map(String::as_str).collect();
            selects.push(self.select(query, &parts, branches.len() > 1));
            values.extend(own.iter().chain(&common).cloned());
            values.push(SqlValue::Integer(query.page.limit.into()));
        }
        if let [select] = selects.as_slice() {
            return (select.clone(), values);
        }
        let order = query.page.order.sql();
        let branches: Vec<String> = selects.iter().map(|select| format!("SELECT * FROM ({select})")).collect();
        values.push(SqlValue::Integer(query.page.limit.into()));
        let sql = format!("{} ORDER BY merged_time {order}, merged_sequence {order} LIMIT ?", branches.join(" UNION ALL "));
        (sql, values)
    }

    /// The page of one branch; with `merged`, with what it is put in order by.
    fn select(&self, query: &Query, conditions: &[&str], merged: bool) -> String {
        let condition = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        let names: Vec<&str> = self.shown(query).map(Column::name).collect();
        let order = query.page.order.sql();
        let keys = if merged { ", timestamp AS merged_time, sequence AS merged_sequence" } else { "" };
        let index = query.index.map(|index| format!(" INDEXED BY {index}")).unwrap_or_default();
        format!(
            "SELECT event_id, {}{keys} FROM {}{index}{condition} ORDER BY timestamp {order}, sequence {order} LIMIT ?",
            names.join(", "),
            self.name
        )
    }

    fn shown<'a>(&'a self, query: &'a Query) -> impl Iterator<Item = Column> + 'a {
        let visible = |column: &Column| !matches!(column, Hidden(_));
        self.columns.iter().copied().filter(move |column| visible(column) && query.omit != Some(column.name()))
    }

    /// Where the event of this id stands.
    fn cursor(&self, connection: &Connection, id: &str) -> Result<Option<(i64, i64)>, StoreError> {
        if id.is_empty() {
            return Ok(None);
        }
        let sql = format!("SELECT timestamp, sequence FROM {} WHERE event_id = ?", self.name);
        let mut statement = connection.prepare_cached(&sql)?;
        Ok(statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::migration::{Schema, query_plan};
    use crate::{FsEventFilter, LogEventFilter, Page, ProviderEventFilter};

    fn plan(table: &Table, query: &Query) -> String {
        let (sql, values) = table.statement(query, Some((1, 1)));
        query_plan(Schema::Events, &sql, values)
    }

    /// The plan must use this index, and read the page in its order.
    fn assert_uses(plan: &str, index: &str) {
        assert!(plan.contains(&format!("USING INDEX {index} ")), "{index}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{index}: {plan}");
    }

    /// Each branch must use this index and read its page in order.
    fn assert_branches(plan: &str, index: &str, branches: usize) {
        assert_eq!(plan.matches(&format!("USING INDEX {index} ")).count(), branches, "{index}: {plan}");
        // Two branches and more are put in order by sorting what each has found: a page, not what its index has.
        let steps: Vec<&str> = plan.split("; ").collect();
        let mut sorted = steps.windows(2).filter(|pair| pair[1].contains("TEMP B-TREE")).map(|pair| pair[0]);
        assert!(sorted.all(|before| branches > 1 && before.starts_with("SCAN (subquery")), "{index}: {plan}");
        assert!(
            !plan.contains("SCAN fs_event") && !plan.contains("SCAN provider_event") && !plan.contains("SCAN log_event"),
            "{plan}"
        );
    }

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    // API-103, API-104
    #[test]
    fn searches_of_file_system_events_read_in_the_order_of_an_index() {
        let page = Page { start_timestamp: 1, end_timestamp: 9, ..Page::default() };
        let all = FsEventFilter { page, ..FsEventFilter::default() };
        assert_uses(&plan(&FS, &all.query()), "fs_event_time");
        type Change = fn(&mut FsEventFilter);
        let cases: [(&str, usize, Change); 18] = [
            ("fs_event_action_protocol", 4, |filter| {
                filter.actions = texts(&["rename", "upload"]);
                filter.protocols = texts(&["DAV", "OIDC"]);
            }),
            ("fs_event_username", 1, |filter| filter.username = "a".into()),
            ("fs_event_action", 1, |filter| filter.actions = texts(&["upload", "upload"])),
            ("fs_event_action", 2, |filter| filter.actions = texts(&["upload", "download"])),
            ("fs_event_protocol", 1, |filter| filter.protocols = texts(&["SFTP"])),
            ("fs_event_ip", 1, |filter| filter.ip = "192.0.2.1".into()),
            ("fs_event_virtual_path", 1, |filter| filter.virtual_path = "/a".into()),
            ("fs_event_session", 1, |filter| filter.session_id = "s".into()),
            ("fs_event_ssh_cmd", 1, |filter| filter.ssh_cmd = "md5sum".into()),
            ("fs_event_provider", 1, |filter| filter.fs_provider = Some(1)),
            ("fs_event_time", 1, |filter| filter.fs_provider = Some(0)),
            ("fs_event_bucket", 1, |filter| filter.bucket = "b".into()),
            ("fs_event_endpoint", 1, |filter| filter.endpoint = "e".into()),
            ("fs_event_status", 2, |filter| filter.statuses = vec![2, 3]),
            ("fs_event_time", 1, |filter| filter.statuses = vec![1, 2]),
            ("fs_event_role", 1, |filter| filter.role = "sales".into()),
            ("fs_event_instance", 2, |filter| filter.instance_ids = texts(&["a", "b"])),
            ("fs_event_username", 1, |filter| {
                filter.username = "a".into();
                filter.actions = texts(&["upload", "download"]);
                filter.protocols = texts(&["SFTP"]);
            }),
        ];
        for (index, branches, change) in cases {
            let mut filter = all.clone();
            change(&mut filter);
            assert_branches(&plan(&FS, &filter.query()), index, branches);
        }
    }

    // API-103, API-104, AUD-007
    #[test]
    fn searches_of_provider_events_read_in_the_order_of_an_index() {
        let all = ProviderEventFilter::default();
        assert_uses(&plan(&PROVIDER, &all.query()), "provider_event_time");
        type Change = fn(&mut ProviderEventFilter);
        let cases: [(&str, usize, Change); 10] = [
            ("provider_event_type_action", 2, |filter| {
                filter.object_types = texts(&["user", "share"]);
                filter.actions = texts(&["delete"]);
            }),
            ("provider_event_object", 1, |filter| filter.object_name = "alice".into()),
            ("provider_event_ip", 1, |filter| filter.ip = "192.0.2.1".into()),
            ("provider_event_username", 1, |filter| filter.username = "a".into()),
            ("provider_event_type", 2, |filter| filter.object_types = texts(&["user", "folder"])),
            ("provider_event_action", 1, |filter| filter.actions = texts(&["add"])),
            ("provider_event_instance", 1, |filter| filter.instance_ids = texts(&["a"])),
            ("provider_event_role", 1, |filter| filter.role = "sales".into()),
            ("provider_event_object_role", 1, |filter| filter.role = "sales".into()),
            ("provider_event_object", 1, |filter| {
                filter.object_name = "alice".into();
                filter.role = "sales".into();
            }),
        ];
        for (index, branches, change) in cases {
            let mut filter = all.clone();
            change(&mut filter);
            let plan = plan(&PROVIDER, &filter.query());
            assert_eq!(plan.matches(&format!("USING INDEX {index} ")).count(), branches, "{index}: {plan}");
            assert!(!plan.contains("SCAN provider_event"), "{plan}");
        }
    }

    // API-103, API-104
    #[test]
    fn searches_of_log_events_read_in_the_order_of_an_index() {
        let all = LogEventFilter::default();
        assert_uses(&plan(&LOG, &all.query()), "log_event_time");
        type Change = fn(&mut LogEventFilter);
        let cases: [(&str, usize, Change); 8] = [
            ("log_event_event_protocol", 1, |filter| {
                filter.events = vec![1];
                filter.protocols = texts(&["SSH"]);
            }),
            ("log_event_event", 1, |filter| filter.events = vec![1]),
            ("log_event_event", 2, |filter| filter.events = vec![1, 2]),
            ("log_event_username", 1, |filter| filter.username = "a".into()),
            ("log_event_ip", 1, |filter| filter.ip = "192.0.2.1".into()),
            ("log_event_protocol", 2, |filter| filter.protocols = texts(&["SSH", "FTP"])),
            ("log_event_role", 1, |filter| filter.role = "sales".into()),
            ("log_event_instance", 1, |filter| filter.instance_ids = texts(&["a"])),
        ];
        for (index, branches, change) in cases {
            let mut filter = all.clone();
            change(&mut filter);
            assert_branches(&plan(&LOG, &filter.query()), index, branches);
        }
    }
}
