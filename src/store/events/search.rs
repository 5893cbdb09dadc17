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

/// Beyond so many pairs of values, one column is enough to read by.
const MOST_BRANCHES: usize = 64;

/// How a search finds its rows: conditions, and which of them an index is read by.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) page: Page,
    /// Conditions that every row meets, with the values of their parameters.
    pub(super) conditions: Vec<String>,
    pub(super) values: Vec<Value>,
    /// One condition that an index serves, in one branch for each value: each branch is read in order and stops when the
    /// page is full. Empty: the index over time.
    pub(super) branches: Vec<(String, Vec<Value>)>,
    /// The index of the branches, where the engine must be told: it takes one that serves half of the condition.
    pub(super) index: Option<&'static str>,
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

    fn push(&mut self, condition: &str, value: Value) {
        self.conditions.push(condition.to_string());
        self.values.push(value);
    }

    /// A column that has one of these values, or any if there are none. The first that is given is the one whose index is
    /// read: callers name columns in the order of how few rows a value usually has. `index` says what its index is about.
    fn any(mut self, column: &str, index: Index, values: Vec<Value>) -> Self {
        if values.is_empty() {
            return self;
        }
        if self.branches.is_empty() && values.iter().all(|value| index.holds(value)) {
            let also = index.condition(column);
            self.branches = values.into_iter().map(|value| (format!("{column} = ?{also}"), vec![value])).collect();
            return self;
        }
        // The plus keeps an index of this column out: the engine does not know which has fewer rows.
        let places = vec!["?"; values.len()].join(", ");
        self.conditions.push(format!("+{column} IN ({places})"));
        self.values.extend(values);
        self
    }

    /// Two columns that have an index together: one branch for each pair of values, if there are values for both.
    fn both(mut self, index: &'static str, [first, second]: [&str; 2], firsts: Vec<Value>, seconds: Vec<Value>) -> Self {
        if self.branches.is_empty() && (1..=MOST_BRANCHES).contains(&(firsts.len() * seconds.len())) {
            let condition = format!("{first} = ? AND {second} = ?");
            let pairs = firsts.iter().flat_map(|first| seconds.iter().map(move |second| vec![first.clone(), second.clone()]));
            self.branches = pairs.map(|pair| (condition.clone(), pair)).collect();
            self.index = Some(index);
            return self;
        }
        self.any(first, Index::Full, firsts).any(second, Index::Full, seconds)
    }

    fn text(self, column: &str, index: Index, value: &str) -> Self {
        let value = (!value.is_empty()).then(|| Value::Text(value.to_string()));
        self.any(column, index, value.into_iter().collect())
    }

    fn texts(self, column: &str, index: Index, values: &[String]) -> Self {
        self.any(column, index, of_texts(values))
    }

    fn integers(self, column: &str, index: Index, values: &[i64]) -> Self {
        self.any(column, index, of_integers(values))
    }
}

fn of_texts(values: &[String]) -> Vec<Value> {
    unique(values).cloned().map(Value::Text).collect()
}

fn of_integers(values: &[i64]) -> Vec<Value> {
    unique(values).copied().map(Value::Integer).collect()
}

/// Each value once: a row must not be found by two branches.
fn unique<T: PartialEq>(values: &[T]) -> impl Iterator<Item = &T> {
    values.iter().enumerate().filter(|(index, value)| !values[..*index].contains(value)).map(|(_, value)| value)
}

/// Which rows the index of a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Index {
    /// All.
    Full,
    /// Those where the text is not empty.
    Texts,
    /// Those with another number than this one, which nearly every row has.
    Except(i64),
}

impl Index {
    fn holds(self, value: &Value) -> bool {
        !matches!((self, value), (Self::Except(usual), Value::Integer(number)) if usual == *number)
    }

    /// What the engine must see to know that the index has the row.
    fn condition(self, column: &str) -> String {
        match self {
            Self::Full => String::new(),
            Self::Texts => format!(" AND {column} <> ''"),
            Self::Except(usual) => format!(" AND {column} <> {usual}"),
        }
    }
}

impl FsEventFilter {
    pub(super) fn query(&self) -> Query {
        let provider: Vec<i64> = self.fs_provider.into_iter().collect();
        Query::new(&self.page)
            .text("session_id", Index::Full, &self.session_id)
            .text("virtual_path", Index::Full, &self.virtual_path)
            .text("ssh_cmd", Index::Texts, &self.ssh_cmd)
            .integers("status", Index::Except(1), &self.statuses)
            .text("ip", Index::Full, &self.ip)
            .text("username", Index::Full, &self.username)
            .text("bucket", Index::Texts, &self.bucket)
            .text("endpoint", Index::Texts, &self.endpoint)
            .integers("fs_provider", Index::Except(0), &provider)
            .text("role", Index::Texts, &self.role)
            .texts("instance_id", Index::Texts, &self.instance_ids)
            .both("fs_event_action_protocol", ["action", "protocol"], of_texts(&self.actions), of_texts(&self.protocols))
    }
}

impl ProviderEventFilter {
    pub(super) fn query(&self) -> Query {
        let mut query = Query::new(&self.page)
            .text("object_name", Index::Full, &self.object_name)
            .text("ip", Index::Full, &self.ip)
            .text("username", Index::Full, &self.username)
            .both("provider_event_type_action", ["object_type", "action"], of_texts(&self.object_types), of_texts(&self.actions))
            .texts("instance_id", Index::Texts, &self.instance_ids);
        if !self.role.is_empty() {
            let role = Value::Text(self.role.clone());
            if query.branches.is_empty() {
                let of_object =
                    ("object_role = ? AND object_role <> '' AND +role <> ?".to_string(), vec![role.clone(), role.clone()]);
                query.branches = vec![("role = ? AND role <> ''".to_string(), vec![role]), of_object];
            } else {
                query.conditions.push("(+role = ? OR +object_role = ?)".into());
                query.values.extend([role.clone(), role]);
            }
        }
        query.omit = self.omit_object_data.then_some("object_data");
        query
    }
}

impl LogEventFilter {
    pub(super) fn query(&self) -> Query {
        Query::new(&self.page)
            .text("ip", Index::Full, &self.ip)
            .text("username", Index::Full, &self.username)
            .text("role", Index::Texts, &self.role)
            .texts("instance_id", Index::Texts, &self.instance_ids)
            .both("log_event_event_protocol", ["event", "protocol"], of_integers(&self.events), of_texts(&self.protocols))
    }
}
