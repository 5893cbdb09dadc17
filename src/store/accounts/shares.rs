//! Shares of users. `Share::password` holds the stored hash in what is read, and is the hash to store in what is written.

use std::sync::Arc;

use entrepot_model::{Group, Share, filters::SharePolicy};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::choosing;
use super::document::Document;
use super::groups::load_document;
use super::listing::{ListOptions, Listed, Order};
use super::relations::{find, refer, require, require_free};
use crate::engine::{Database, Durability};
use crate::{ObjectKind, StoreError};

const KIND: ObjectKind = ObjectKind::Share;
const FROM_OWNED: &str = "FROM share s JOIN user_account u ON u.id = s.user_id";
const LISTED: Listed = Listed { table: "share", has_role: false };
/// Members that have columns or are computed.
const ELSEWHERE: [&str; 2] = ["updated_at", "user_permissions"];

/// The shares.
#[derive(Clone)]
pub struct Shares {
    database: Arc<Database>,
}

impl Shares {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// The share of this id, with the hash of its password.
    pub async fn get(&self, id: &str) -> Result<Option<Share>, StoreError> {
        let name = id.to_string();
        self.database.read(move |c| find(c, KIND, &name)?.map(|id| load(c, id)).transpose()).await
    }

    /// A page of all shares, by id (API-028).
    pub async fn list(&self, options: ListOptions) -> Result<Vec<Share>, StoreError> {
        self.database.read(move |c| LISTED.ids(c, &options)?.into_iter().map(|id| load(c, id)).collect()).await
    }

    /// A page of the shares that a user sees, by id: its own ones, and those that are bound to one of its groups with the
    /// permission to view (API-175, API-221).
    pub async fn list_visible(&self, username: &str, options: ListOptions) -> Result<Vec<Share>, StoreError> {
        let name = username.to_owned();
        self.database
            .read(move |c| {
                let Some(user) = find(c, ObjectKind::User, &name)? else { return Ok(Vec::new()) };
                let most = |number| i64::try_from(number).unwrap_or(i64::MAX);
                let mut statement = c.prepare_cached(&visible(options.order))?;
                let ids = statement.query_map(params![user, most(options.limit), most(options.offset)], |row| row.get(0))?;
                let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
                ids.into_iter().map(|id| load(c, id)).collect()
            })
            .await
    }

    /// A page of the shares of users, by id unless something else is asked for: of the users of `options.role`, if it is set,
    /// and of one user, if it is named.
    pub async fn list_of(&self, username: Option<&str>, options: ListOptions) -> Result<Vec<Share>, StoreError> {
        let (condition, mut values) = condition_of(username, &options);
        let order = options.order.sql();
        let first = choosing::order(LISTED.table, options.sort).map(|by| format!("{by} {order}, ")).unwrap_or_default();
        let sql = format!("SELECT s.id {FROM_OWNED}{condition} ORDER BY {first}s.name {order} LIMIT ? OFFSET ?");
        values.extend([options.limit, options.offset].map(|value| Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))));
        self.database
            .read(move |c| {
                let mut statement = c.prepare_cached(&sql)?;
                let ids: Vec<i64> = statement.query_map(params_from_iter(values), |row| row.get(0))?.collect::<Result<_, _>>()?;
                ids.into_iter().map(|id| load(c, id)).collect()
            })
            .await
    }

    /// How many shares that list has without paging.
    pub async fn count_of(&self, username: Option<&str>, options: ListOptions) -> Result<u64, StoreError> {
        let (condition, values) = condition_of(username, &options);
        let sql = format!("SELECT count(*) {FROM_OWNED}{condition}");
        self.database
            .read(move |c| {
                let count: i64 = c.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
                Ok(u64::try_from(count).unwrap_or(0))
            })
            .await
    }

    /// What the groups of a user say about its shares, whatever kind its memberships are, in their order (API-224): names of
    /// groups that say something.
    pub async fn policies(&self, username: &str) -> Result<Vec<(String, SharePolicy)>, StoreError> {
        let name = username.to_owned();
        self.database
            .read(move |c| {
                let mut statement = c.prepare_cached(
                    "SELECT g.id FROM user_group_member m JOIN user_group g ON g.id = m.group_id \
                     JOIN user_account u ON u.id = m.user_id WHERE u.name = ? ORDER BY m.position",
                )?;
                let groups: Vec<i64> = statement.query_map([name], |row| row.get(0))?.collect::<Result<_, _>>()?;
                let mut policies = Vec::new();
                for group in groups {
                    let (name, document) = load_document(c, group)?;
                    let group: Group = document.into_object(ObjectKind::Group, &name)?;
                    let policy = group.user_settings.filters.share_policy;
                    if policy != SharePolicy::default() {
                        policies.push((name, policy));
                    }
                }
                Ok(policies)
            })
            .await
    }

    /// Uses a share `count` times, if it has as many uses left: two callers at once never get more than there are (API-190).
    /// `now` in Unix milliseconds becomes its last use (API-192). Answers when it was used before; `None` = nothing is left.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn spend(&self, id: &str, count: u32, now: i64) -> Result<Option<i64>, StoreError> {
        let name = id.to_owned();
        self.database
            .write(Durability::Normal, move |c| {
                let id = require(c, KIND, &name)?;
                let before = c.prepare_cached("SELECT last_use_at FROM share WHERE id = ?")?.query_row([id], |row| row.get(0))?;
                let used = c
                    .prepare_cached(
                        "UPDATE share SET used_tokens = used_tokens + ?1, last_use_at = ?2 \
                         WHERE id = ?3 AND (?1 = 0 OR max_tokens = 0 OR used_tokens + ?1 <= max_tokens)",
                    )?
                    .execute(params![count, now, id])?;
                Ok((used == 1).then_some(before))
            })
            .await
    }

    /// Gives uses back that were taken at `taken` and came to nothing; the last use is the one `before`, unless there was another
    /// meanwhile. A share that is gone is no error.
    pub async fn give_back(&self, id: &str, count: u32, taken: i64, before: i64) -> Result<(), StoreError> {
        let name = id.to_owned();
        self.database
            .write(Durability::Normal, move |c| {
                c.prepare_cached(
                    "UPDATE share SET used_tokens = max(used_tokens - ?1, 0), \
                     last_use_at = iif(last_use_at = ?2, ?3, last_use_at) WHERE name = ?4",
                )?
                .execute(params![count, taken, before, name])?;
                Ok(())
            })
            .await
    }

    /// Stores another hash of the same password, unless the password was changed meanwhile (SEC-041).
    pub async fn replace_password_hash(&self, id: &str, old: String, new: String) -> Result<bool, StoreError> {
        let name = id.to_owned();
        self.database
            .write(Durability::Normal, move |c| {
                let changed = c
                    .prepare_cached("UPDATE share SET password_hash = ?1 WHERE name = ?2 AND password_hash = ?3")?
                    .execute(params![new, name, old])?;
                Ok(changed == 1)
            })
            .await
    }

    /// Adds a share; its times are set here, it has not been used.
    ///
    /// # Errors
    /// `Conflict` if the id is taken; `Reference` if the owner or a group does not exist: then nothing is saved.
    pub async fn insert(&self, share: Share, now: i64) -> Result<Share, StoreError> {
        let share = Share { created_at: 0, updated_at: 0, last_use_at: 0, used_tokens: 0, ..share };
        let document = Document::of(KIND, &share)?;
        self.database
            .write(Durability::Full, move |c| {
                require_free(c, KIND, &share.id)?;
                insert(c, document, now)
            })
            .await
    }

    /// Adds a share from a backup, or replaces the whole of one that exists: times and uses are those of the backup (API-096).
    ///
    /// # Errors
    /// `Reference` as `insert`.
    pub async fn restore(&self, share: Share, now: i64) -> Result<Share, StoreError> {
        let document = Document::of(KIND, &share)?;
        self.database
            .write(Durability::Full, move |c| {
                c.prepare_cached("DELETE FROM share WHERE name = ?")?.execute([&share.id])?;
                insert(c, document, now)
            })
            .await
    }

    /// Replaces what a save can change of a share: not its owner, its uses and the time of its creation (API-042, API-176). It
    /// must be as it was when it was read, with `share.updated_at`: `None` = somebody else has changed it since.
    ///
    /// # Errors
    /// `NotFound` if it does not exist; `Reference` if a group does not exist.
    pub async fn update(&self, share: Share, now: i64) -> Result<Option<Share>, StoreError> {
        let mut document = Document::of(KIND, &share)?;
        let read_at = share.updated_at;
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &document.take_text("id"))?;
                let groups = document.take_list("groups");
                let password = Some(document.take_text("password")).filter(|hash| !hash.is_empty());
                let (expires_at, most) = (document.take_integer("expires_at"), document.take_integer("max_tokens"));
                document.drop_members(&ELSEWHERE);
                document.drop_members(&["username", "created_at", "last_use_at", "used_tokens"]);
                // Two changes in one millisecond have different times.
                let now = now.max(read_at.saturating_add(1));
                let saved = c
                    .prepare_cached(
                        "UPDATE share SET updated_at = ?, expires_at = ?, max_tokens = ?, password_hash = ?, document = ? \
                         WHERE id = ? AND updated_at = ?",
                    )?
                    .execute(params![now, expires_at, most, password, document.text()?, id, read_at])?;
                if saved == 0 {
                    return Ok(None);
                }
                save_groups(c, id, groups)?;
                load(c, id).map(Some)
            })
            .await
    }

    /// Deletes a share.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub async fn delete(&self, id: &str) -> Result<(), StoreError> {
        let name = id.to_string();
        self.database
            .write(Durability::Full, move |c| {
                let id = require(c, KIND, &name)?;
                c.prepare_cached("DELETE FROM share WHERE id = ?")?.execute([id])?;
                Ok(())
            })
            .await
    }
}

/// Which shares of users a list has.
fn condition_of(username: Option<&str>, options: &ListOptions) -> (String, Vec<Value>) {
    let (mut conditions, mut values) = (Vec::new(), Vec::new());
    let named = [("u.name = ?", username), ("u.role_id = (SELECT id FROM role WHERE name = ?)", options.role.as_deref())];
    for (condition, name) in named {
        if let Some(name) = name {
            conditions.push(condition);
            values.push(Value::Text(name.to_owned()));
        }
    }
    for only in &options.only {
        let (condition, places) = choosing::condition(LISTED.table, only);
        conditions.push(condition);
        values.extend(places);
    }
    let condition = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    (condition, values)
}

/// Ids of the shares that a user sees.
fn visible(order: Order) -> String {
    format!(
        "SELECT id FROM share WHERE user_id = ?1 OR id IN (SELECT b.share_id FROM share_group b \
         JOIN user_group_member m ON m.group_id = b.group_id WHERE m.user_id = ?1 AND b.permissions & 1 = 1) \
         ORDER BY name {} LIMIT ?2 OFFSET ?3",
        order.sql()
    )
}

fn insert(connection: &Connection, mut document: Document, now: i64) -> Result<Share, StoreError> {
    let name = document.take_text("id");
    let owner = refer(connection, ObjectKind::User, &document.take_text("username"))?;
    let groups = document.take_list("groups");
    let password = Some(document.take_text("password")).filter(|hash| !hash.is_empty());
    let or_now = |time: i64| if time > 0 { time } else { now };
    let [created_at, updated_at] = ["created_at", "updated_at"].map(|member| or_now(document.take_integer(member)));
    let [expires_at, last_use_at, used, most] =
        ["expires_at", "last_use_at", "used_tokens", "max_tokens"].map(|member| document.take_integer(member));
    document.drop_members(&ELSEWHERE);
    connection
        .prepare_cached(
            "INSERT INTO share (name, user_id, created_at, updated_at, expires_at, last_use_at, used_tokens, max_tokens, \
             password_hash, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![name, owner, created_at, updated_at, expires_at, last_use_at, used, most, password, document.text()?])?;
    let id = connection.last_insert_rowid();
    save_groups(connection, id, groups)?;
    load(connection, id)
}

fn save_groups(connection: &Connection, share: i64, groups: Vec<Document>) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM share_group WHERE share_id = ?")?.execute([share])?;
    let mut insert =
        connection.prepare_cached("INSERT INTO share_group (share_id, position, group_id, permissions) VALUES (?, ?, ?, ?)")?;
    for (position, mut group) in (0_i64..).zip(groups) {
        let id = refer(connection, ObjectKind::Group, &group.take_text("group_name"))?;
        insert.execute(params![share, position, id, group.take_integer("permissions")])?;
    }
    Ok(())
}

fn load(connection: &Connection, id: i64) -> Result<Share, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.name, s.document, u.name, s.password_hash, s.created_at, s.updated_at, s.expires_at, s.last_use_at, \
         s.used_tokens, s.max_tokens FROM share s JOIN user_account u ON u.id = s.user_id WHERE s.id = ?",
    )?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(|| StoreError::database("a listed share is missing"))?;
    let name: String = row.get(0)?;
    let mut document = Document::parse(KIND, &name, row.get_ref(1)?.as_str().map_err(StoreError::database)?)?;
    document.put("id", name.clone());
    document.put_text("username", row.get(2)?);
    document.put_text("password", row.get::<_, Option<String>>(3)?.unwrap_or_default());
    let columns = ["created_at", "updated_at", "expires_at", "last_use_at", "used_tokens", "max_tokens"];
    for (index, member) in (4..).zip(columns) {
        document.put(member, row.get::<_, i64>(index)?);
    }
    let mut statement = connection.prepare_cached(
        "SELECT g.name, m.permissions FROM share_group m JOIN user_group g ON g.id = m.group_id \
         WHERE m.share_id = ? ORDER BY m.position",
    )?;
    let groups = statement.query_map([id], |row| {
        let mut group = Document::default();
        group.put("group_name", row.get::<_, String>(0)?);
        group.put("permissions", row.get::<_, i64>(1)?);
        Ok(group)
    })?;
    document.put_list("groups", groups.collect::<Result<_, _>>()?);
    document.into_object(KIND, &name)
}
