//! Pages of objects in the order of their names.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

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

impl Order {
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
    /// Order by name.
    pub order: Order,
    /// Only users or administrators of this role (API-033); other objects have none, and it is not looked at.
    pub role: Option<String>,
    /// Only objects whose name contains this text; ASCII letters of both cases are the same.
    pub name: Option<String>,
    /// Only objects whose name comes after this one: a walk over all of them misses none that stays, whatever else changes.
    pub after: Option<String>,
}

impl Default for ListOptions {
    fn default() -> Self {
        Self { offset: 0, limit: 100, order: Order::Ascending, role: None, name: None, after: None }
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
        let (condition, mut values) = self.condition(options);
        let (table, order) = (self.table, options.order.sql());
        let sql = format!("SELECT id FROM {table}{condition} ORDER BY name {order} LIMIT ? OFFSET ?");
        values.push(Value::Integer(i64::try_from(options.limit).unwrap_or(i64::MAX)));
        values.push(Value::Integer(i64::try_from(options.offset).unwrap_or(i64::MAX)));
        (sql, values)
    }

    fn condition(&self, options: &ListOptions) -> (String, Vec<Value>) {
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        if let Some(role) = options.role.as_ref().filter(|_| self.has_role) {
            conditions.push("role_id = (SELECT id FROM role WHERE name = ?)");
            values.push(Value::Text(role.clone()));
        }
        if let Some(name) = options.name.as_ref().filter(|name| !name.is_empty()) {
            conditions.push("name LIKE ? ESCAPE '\\'");
            values.push(Value::Text(pattern(name)));
        }
        if let Some(after) = &options.after {
            conditions.push("name > ?");
            values.push(Value::Text(after.clone()));
        }
        let condition = match conditions.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        };
        (condition, values)
    }

    /// The ids of a page.
    pub(super) fn ids(&self, connection: &Connection, options: &ListOptions) -> Result<Vec<i64>, StoreError> {
        let (sql, values) = self.page(options);
        let mut statement = connection.prepare_cached(&sql)?;
        let ids = statement.query_map(params_from_iter(values), |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// How many objects the list has without paging.
    pub(super) fn count(&self, connection: &Connection, options: &ListOptions) -> Result<u64, StoreError> {
        let (condition, values) = self.condition(options);
        let sql = format!("SELECT count(*) FROM {}{condition}", self.table);
        let count: i64 = connection.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// A LIKE pattern for "contains".
fn pattern(text: &str) -> String {
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
    fn pattern_takes_wildcards_literally() {
        assert_eq!(pattern("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }
}
