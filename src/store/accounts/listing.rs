//! Pages of objects in the order of their names.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::choosing::{self, Only, Sort};
use crate::StoreError;

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// From A to Z, from old to new.
    #[default]
    Ascending,
    /// From Z to A, from new to old.
    Descending,
}

/// From this offset on it pays to count first.
const FAR: u64 = 1000;

impl Order {
    fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }
}

/// Which page of a list (API-028). Names are compared byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListOptions {
    /// Objects to leave out at the start.
    pub offset: u64,
    /// Most objects to return.
    pub limit: u64,
    /// Whether what `sort` says goes up or down.
    pub order: Order,
    /// What the list is ordered by.
    pub sort: Sort,
    /// Only objects that all of this fits.
    pub only: Vec<Only>,
    /// Only users or administrators of this role (API-033); other objects have none, and it is not looked at.
    pub role: Option<String>,
    /// Only objects whose name contains this text; ASCII letters of both cases are the same.
    pub name: Option<String>,
    /// Only objects whose name comes after this one: a walk over all of them misses none that stays, whatever else changes.
    pub after: Option<String>,
}

impl Default for ListOptions {
    fn default() -> Self {
        Self {
            offset: 0,
            limit: 100,
            order: Order::Ascending,
            sort: Sort::Name,
            only: Vec::new(),
            role: None,
            name: None,
            after: None,
        }
    }
}

impl ListOptions {
    /// All objects.
    pub fn all() -> Self {
        Self { limit: u64::MAX, ..Self::default() }
    }
}

/// A table that can be listed: `name` is its indexed key.
pub(super) struct Listed {
    /// Name of the table.
    pub(super) table: &'static str,
    /// Whether it has a `role_id`.
    pub(super) has_role: bool,
}

impl Listed {
    /// The statement for the ids of a page, and its values.
    pub(super) fn page(&self, options: &ListOptions) -> (String, Vec<Value>) {
        self.slice(options, options.order, options.offset, options.limit)
    }

    fn slice(&self, options: &ListOptions, order: Order, offset: u64, limit: u64) -> (String, Vec<Value>) {
        let (condition, mut values) = self.condition(options);
        let (table, order) = (self.table, order.sql());
        // Names are unique: with them at the end the order is the same on every page.
        let first = choosing::order(table, options.sort).map(|by| format!("{by} {order}, ")).unwrap_or_default();
        let sql = format!("SELECT id FROM {table}{condition} ORDER BY {first}name {order} LIMIT ? OFFSET ?");
        values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        values.push(Value::Integer(i64::try_from(offset).unwrap_or(i64::MAX)));
        (sql, values)
    }

    fn condition(&self, options: &ListOptions) -> (String, Vec<Value>) {
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        if let Some(role) = options.role.as_ref().filter(|_| self.has_role) {
            conditions.push("role_id = (SELECT id FROM role WHERE name = ?)");
            values.push(Value::Text(role.clone()));
        }
        match options.name.as_ref().filter(|name| !name.is_empty()) {
            // A pattern ends at a NUL for the database, and no name has one in it.
            Some(name) if name.contains('\0') => conditions.push("0"),
            Some(name) => {
                conditions.push("name LIKE ? ESCAPE '\\'");
                values.push(Value::Text(pattern(name)));
            }
            None => {}
        }
        if let Some(after) = &options.after {
            conditions.push("name > ?");
            values.push(Value::Text(after.clone()));
        }
        for only in &options.only {
            let (condition, places) = choosing::condition(self.table, only);
            conditions.push(condition);
            values.extend(places);
        }
        let condition = match conditions.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        };
        (condition, values)
    }

    /// The ids of a page.
    pub(super) fn ids(&self, connection: &Connection, options: &ListOptions) -> Result<Vec<i64>, StoreError> {
        if options.offset >= FAR {
            return self.far_ids(connection, options);
        }
        let (sql, values) = self.page(options);
        select(connection, &sql, values)
    }

    /// As [`Self::ids`], from the nearer end: the engine walks over every row that an offset leaves out, while counting
    /// all of them is cheap.
    fn far_ids(&self, connection: &Connection, options: &ListOptions) -> Result<Vec<i64>, StoreError> {
        let count = self.count(connection, options)?;
        let behind = count.saturating_sub(options.offset);
        if behind >= options.offset {
            let (sql, values) = self.page(options);
            return select(connection, &sql, values);
        }
        let limit = behind.min(options.limit);
        let (sql, values) = self.slice(options, options.order.reversed(), behind - limit, limit);
        let mut ids = select(connection, &sql, values)?;
        ids.reverse();
        Ok(ids)
    }

    /// The names of a page.
    pub(super) fn names(&self, connection: &Connection, options: &ListOptions) -> Result<Vec<String>, StoreError> {
        let (sql, values) = self.page(options);
        let mut statement = connection.prepare_cached(&sql.replacen("SELECT id", "SELECT name", 1))?;
        let names = statement.query_map(params_from_iter(values), |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// How many objects the list has without paging.
    pub(super) fn count(&self, connection: &Connection, options: &ListOptions) -> Result<u64, StoreError> {
        let (condition, values) = self.condition(options);
        let sql = format!("SELECT count(*) FROM {}{condition}", self.table);
        let count: i64 = connection.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn select(connection: &Connection, sql: &str, values: Vec<Value>) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map(params_from_iter(values), |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// A LIKE pattern for "contains".
pub(super) fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::migration::{Schema, query_plan};

    #[test]
    fn pages_of_users_are_read_in_the_order_of_an_index() {
        let users = Listed { table: "user_account", has_role: true };
        let mut options = ListOptions { offset: 9_000, order: Order::Descending, ..ListOptions::default() };
        let (sql, values) = users.page(&options);
        let plan = query_plan(Schema::Main, &sql, values);
        assert!(plan.contains("USING COVERING INDEX sqlite_autoindex_user_account"), "{plan}");
        options.role = Some("sales".into());
        let (sql, values) = users.page(&options);
        let plan = query_plan(Schema::Main, &sql, values);
        assert!(plan.contains("user_account_role (role_id=?)"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }

    #[test]
    fn far_pages_are_the_same_from_either_end() {
        let connection = Connection::open_in_memory().expect("a database");
        connection
            .execute_batch("CREATE TABLE role (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT")
            .expect("a table");
        for id in 0..3000 {
            connection.execute("INSERT INTO role VALUES (?, ?)", (id, format!("{id:05}"))).expect("a row");
        }
        let roles = Listed { table: "role", has_role: false };
        for (offset, limit) in
            [(0, 10), (999, 5), (1000, 5), (1499, 3), (1500, 3), (2990, 100), (2999, 1), (3000, 10), (9000, 10)]
        {
            for order in [Order::Ascending, Order::Descending] {
                let all: Vec<i64> = if order == Order::Ascending { (0..3000).collect() } else { (0..3000).rev().collect() };
                let expected: Vec<i64> = all.into_iter().skip(offset as usize).take(limit as usize).collect();
                let options = ListOptions { offset, limit, order, ..ListOptions::default() };
                assert_eq!(roles.ids(&connection, &options).expect("a page"), expected, "{offset} {limit} {order:?}");
            }
        }
    }

    // UI-220
    #[test]
    fn every_order_and_condition_is_understood_by_the_tables_it_is_for() {
        let sorts = [
            Sort::Status,
            Sort::Role,
            Sort::Email,
            Sort::LastLogin,
            Sort::Used,
            Sort::Expires,
            Sort::Created,
            Sort::Factor,
            Sort::Groups,
            Sort::Users,
            Sort::Admins,
            Sort::Folders,
            Sort::Kind,
            Sort::Rules,
        ];
        let only = vec![
            Only::Text("x".into()),
            Only::Enabled(1),
            Only::Disabled(1),
            Only::Expired(1),
            Only::Role("x".into()),
            Only::Group("x".into()),
            Only::Folder("x".into()),
            Only::Factor(false),
            Only::IdleSince(1),
            Only::InUse(false),
            Only::Kind(1),
        ];
        for table in ["user_account", "admin", "user_group", "virtual_folder", "role", "event_rule", "event_action"] {
            let listed = Listed { table, has_role: false };
            for sort in sorts {
                let options = ListOptions { sort, only: only.clone(), ..ListOptions::default() };
                let (sql, values) = listed.page(&options);
                let plan = query_plan(Schema::Main, &sql, values);
                assert!(!plan.is_empty(), "{sql}");
            }
        }
    }

    #[test]
    fn pattern_takes_wildcards_literally() {
        assert_eq!(pattern("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }
}
