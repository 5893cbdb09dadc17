//! Filters of event searches (API-103…API-107).

use rusqlite::types::Value;

use crate::Order;

/// What every event search takes. An empty text or list, or a 0, leaves a filter out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Earliest time, inclusive, in Unix nanoseconds.
    pub start_timestamp: i64,
    /// Latest time, inclusive, in Unix nanoseconds.
    pub end_timestamp: i64,
    /// The id of the last event of the previous page: this one begins behind it. An id that has expired
    /// restricts nothing; the caller's bound of time still holds.
    pub from_id: String,
    /// By time; events of the same time in the order in which they were stored.
    pub order: Order,
    /// Most events to return.
    pub limit: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { start_timestamp: 0, end_timestamp: 0, from_id: String::new(), order: Order::Descending, limit: 100 }
    }
}

/// A search of file system events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FsEventFilter {
    /// Times, cursor, order and limit.
    pub page: Page,
    /// Actions.
    pub actions: Vec<String>,
    /// The user.
    pub username: String,
    /// The address of the client.
    pub ip: String,
    /// The SSH command.
    pub ssh_cmd: String,
    /// The number of the storage provider; None leaves the filter out (0 is local).
    pub fs_provider: Option<i64>,
    /// The bucket.
    pub bucket: String,
    /// The endpoint.
    pub endpoint: String,
    /// Protocols.
    pub protocols: Vec<String>,
    /// Statuses: 1 ok, 2 error, 3 quota exceeded.
    pub statuses: Vec<i64>,
    /// Ids of instances.
    pub instance_ids: Vec<String>,
    /// The role of the user.
    pub role: String,
    /// The path as the client saw it.
    pub virtual_path: String,
    /// The session.
    pub session_id: String,
}

/// A search of provider events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderEventFilter {
    /// Times, cursor, order and limit.
    pub page: Page,
    /// Actions.
    pub actions: Vec<String>,
    /// Who made the change.
    pub username: String,
    /// The address it came from.
    pub ip: String,
    /// Types of objects.
    pub object_types: Vec<String>,
    /// The name of the object.
    pub object_name: String,
    /// Ids of instances.
    pub instance_ids: Vec<String>,
    /// The role of the administrator or of the object (AUD-007).
    pub role: String,
    /// Leave the object's data out of the answer.
    pub omit_object_data: bool,
}

/// A search of log events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogEventFilter {
    /// Times, cursor, order and limit.
    pub page: Page,
    /// Types of events.
    pub events: Vec<i64>,
    /// The user.
    pub username: String,
    /// The address of the client.
    pub ip: String,
    /// Protocols.
    pub protocols: Vec<String>,
    /// Ids of instances.
    pub instance_ids: Vec<String>,
    /// The role of the user.
    pub role: String,
}

/// Conditions of a search, with the values of their parameters.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) page: Page,
    pub(super) conditions: Vec<String>,
    pub(super) values: Vec<Value>,
    pub(super) omit: Option<&'static str>,
}

impl Query {
    fn new(page: &Page) -> Self {
        let mut query = Self { page: page.clone(), ..Self::default() };
        if page.start_timestamp > 0 {
            query.push("timestamp >= ?", Value::Integer(page.start_timestamp));
        }
        if page.end_timestamp > 0 {
            query.push("timestamp <= ?", Value::Integer(page.end_timestamp));
        }
        query
    }

    pub(super) fn push(&mut self, condition: &str, value: Value) {
        self.conditions.push(condition.to_string());
        self.values.push(value);
    }

    fn text(mut self, column: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.push(&format!("{column} = ?"), Value::Text(value.to_string()));
        }
        self
    }

    fn any(mut self, column: &str, values: impl IntoIterator<Item = Value>) -> Self {
        let mut values: Vec<Value> = values.into_iter().collect();
        match values.len() {
            0 => {}
            1 => {
                self.conditions.push(format!("{column} = ?"));
                self.values.append(&mut values);
            }
            count => {
                // The plus keeps the index of this column out: rows of several values would have to be sorted by
                // time, while the index over time has them in order and stops when the page is full.
                let places = vec!["?"; count].join(", ");
                self.conditions.push(format!("+{column} IN ({places})"));
                self.values.append(&mut values);
            }
        }
        self
    }

    fn texts(self, column: &str, values: &[String]) -> Self {
        self.any(column, values.iter().cloned().map(Value::Text))
    }

    fn integers(self, column: &str, values: &[i64]) -> Self {
        self.any(column, values.iter().copied().map(Value::Integer))
    }
}

impl FsEventFilter {
    pub(super) fn query(&self) -> Query {
        let provider: Vec<i64> = self.fs_provider.into_iter().collect();
        Query::new(&self.page)
            .texts("action", &self.actions)
            .text("username", &self.username)
            .text("ip", &self.ip)
            .text("ssh_cmd", &self.ssh_cmd)
            .integers("fs_provider", &provider)
            .text("bucket", &self.bucket)
            .text("endpoint", &self.endpoint)
            .texts("protocol", &self.protocols)
            .integers("status", &self.statuses)
            .texts("instance_id", &self.instance_ids)
            .text("role", &self.role)
            .text("virtual_path", &self.virtual_path)
            .text("session_id", &self.session_id)
    }
}

impl ProviderEventFilter {
    pub(super) fn query(&self) -> Query {
        let mut query = Query::new(&self.page)
            .texts("action", &self.actions)
            .text("username", &self.username)
            .text("ip", &self.ip)
            .texts("object_type", &self.object_types)
            .text("object_name", &self.object_name)
            .texts("instance_id", &self.instance_ids);
        if !self.role.is_empty() {
            query.conditions.push("(role = ? OR object_role = ?)".into());
            let role = Value::Text(self.role.clone());
            query.values.extend([role.clone(), role]);
        }
        query.omit = self.omit_object_data.then_some("object_data");
        query
    }
}

impl LogEventFilter {
    pub(super) fn query(&self) -> Query {
        Query::new(&self.page)
            .integers("event", &self.events)
            .text("username", &self.username)
            .text("ip", &self.ip)
            .texts("protocol", &self.protocols)
            .texts("instance_id", &self.instance_ids)
            .text("role", &self.role)
    }
}
