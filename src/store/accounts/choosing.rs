//! What lists can be ordered by and narrowed to beside the name: the SQL of it, one table for all kinds of objects.

use rusqlite::types::Value;

use super::listing::pattern;

/// What a list is ordered by. Equals come in the order of their names; what a kind of objects does not have is no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The name, or the id of those that have no unique name.
    #[default]
    Name,
    /// Enabled or not.
    Status,
    /// Name of the role.
    Role,
    /// E-mail address.
    Email,
    /// The last sign-in.
    LastLogin,
    /// Bytes, or uses of a share, that are used.
    Used,
    /// When it ends.
    Expires,
    /// When it was made.
    Created,
    /// Whether there is a second factor.
    Factor,
    /// Name of the first group, or how many there are.
    Groups,
    /// How many users, or the name of the one.
    Users,
    /// How many administrators.
    Admins,
    /// How many folders.
    Folders,
    /// Trigger, type or scope.
    Kind,
    /// How many rules.
    Rules,
    /// A name that several may have.
    Label,
    /// The last use.
    LastUse,
}

/// What a list is narrowed to. What a kind of objects does not have fits none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// Name, e-mail address or description has the text; ASCII letters of both cases are the same.
    Text(String),
    /// Enabled and, at this moment in Unix milliseconds, not expired.
    Enabled(i64),
    /// Disabled and not expired.
    Disabled(i64),
    /// Expired, enabled or not.
    Expired(i64),
    /// Of this role.
    Role(String),
    /// In this group, or mounted by it.
    Group(String),
    /// With this folder as one of its own.
    Folder(String),
    /// With or without a second factor.
    Factor(bool),
    /// No sign-in since this moment in Unix milliseconds.
    IdleSince(i64),
    /// Anything uses it, or nothing does.
    InUse(bool),
    /// This trigger, type or scope.
    Kind(i64),
    /// API keys that stand for this user.
    User(String),
    /// Shares that can be used at this moment in Unix milliseconds.
    Running(i64),
    /// Shares that have ended by then, or have no uses left.
    Over(i64),
    /// Shares that never end.
    Endless,
    /// With or without a password.
    Protected(bool),
}

/// What the rows of a table are ordered by; `None` for what they do not have.
pub(super) fn order(table: &str, sort: Sort) -> Option<&'static str> {
    const ROLE: &str = "(SELECT name FROM role WHERE id = role_id)";
    const FACTOR: &str = "coalesce(json_extract(document, '$.filters.totp_config.enabled'), 0)";
    let sql = match (table, sort) {
        ("user_account" | "admin" | "event_rule", Sort::Status) => "status",
        ("user_account" | "admin", Sort::Role) => ROLE,
        ("user_account" | "admin", Sort::Email) => "email COLLATE NOCASE",
        ("user_account" | "admin", Sort::Factor) => FACTOR,
        ("user_account" | "admin" | "user_group" | "event_rule" | "role", Sort::Created) => "created_at",
        ("user_account", Sort::LastLogin) => "(SELECT last_login FROM user_usage WHERE user_id = user_account.id)",
        ("admin", Sort::LastLogin) => "last_login",
        ("user_account", Sort::Used) => "(SELECT used_quota_size FROM user_usage WHERE user_id = user_account.id)",
        ("virtual_folder", Sort::Used) => "(SELECT used_quota_size FROM folder_usage WHERE folder_id = virtual_folder.id)",
        ("user_account", Sort::Expires) => "expiration_date",
        ("user_account", Sort::Groups) => {
            "(SELECT min(g.name) FROM user_group_member m JOIN user_group g ON g.id = m.group_id WHERE m.user_id = user_account.id)"
        }
        ("user_group", Sort::Users) => "(SELECT count(*) FROM user_group_member WHERE group_id = user_group.id)",
        ("user_group", Sort::Admins) => "(SELECT count(*) FROM admin_group WHERE group_id = user_group.id)",
        ("user_group", Sort::Folders) => "(SELECT count(*) FROM group_folder WHERE group_id = user_group.id)",
        ("virtual_folder", Sort::Users) => {
            "(SELECT count(DISTINCT user_id) FROM user_folder WHERE folder_id = virtual_folder.id)"
        }
        ("virtual_folder", Sort::Groups) => {
            "(SELECT count(DISTINCT group_id) FROM group_folder WHERE folder_id = virtual_folder.id)"
        }
        ("role", Sort::Users) => "(SELECT count(*) FROM user_account WHERE role_id = role.id)",
        ("role", Sort::Admins) => "(SELECT count(*) FROM admin WHERE role_id = role.id)",
        ("event_rule", Sort::Kind) => "trigger_type",
        ("event_action", Sort::Kind) => "type",
        ("event_action", Sort::Rules) => "(SELECT count(*) FROM event_rule_action WHERE action_id = event_action.id)",
        ("api_key", Sort::Kind) => "k.scope",
        ("api_key", Sort::Label) => "k.name COLLATE NOCASE",
        ("api_key", Sort::Expires) => "k.expires_at",
        ("api_key", Sort::LastUse) => "k.last_use_at",
        ("api_key", Sort::Users) => "coalesce(u.name, a.name)",
        ("share", Sort::Kind) => "json_extract(s.document, '$.scope')",
        ("share", Sort::Label) => "json_extract(s.document, '$.name') COLLATE NOCASE",
        // Those that never end come after all others.
        ("share", Sort::Expires) => "iif(s.expires_at > 0, s.expires_at, 9223372036854775807)",
        ("share", Sort::Used) => "s.used_tokens",
        ("share", Sort::LastUse) => "s.last_use_at",
        ("share", Sort::Created) => "s.created_at",
        ("share", Sort::Users) => "u.name",
        _ => return None,
    };
    Some(sql)
}

/// The condition of a table, with its values in order.
pub(super) fn condition(table: &str, only: &Only) -> (&'static str, Vec<Value>) {
    match only {
        Only::Text(text) => text_condition(table, text),
        Only::Enabled(now) | Only::Disabled(now) | Only::Expired(now) => state_condition(table, only, *now),
        Only::Role(name) => match table {
            "user_account" | "admin" => ("role_id = (SELECT id FROM role WHERE name = ?)", vec![Value::Text(name.clone())]),
            _ => ("0", Vec::new()),
        },
        Only::Group(name) | Only::Folder(name) => (member_condition(table, matches!(only, Only::Group(_))), named(name)),
        Only::Factor(has) => match table {
            "user_account" | "admin" => (
                "coalesce(json_extract(document, '$.filters.totp_config.enabled'), 0) = ?",
                vec![Value::Integer(i64::from(*has))],
            ),
            _ => ("0", Vec::new()),
        },
        Only::IdleSince(moment) => match table {
            "user_account" => (
                "coalesce((SELECT last_login FROM user_usage WHERE user_id = user_account.id), 0) < ?",
                vec![Value::Integer(*moment)],
            ),
            "admin" => ("last_login < ?", vec![Value::Integer(*moment)]),
            _ => ("0", Vec::new()),
        },
        Only::InUse(is) => (use_condition(table), vec![Value::Integer(i64::from(*is))]),
        Only::Kind(kind) => {
            let sql = match table {
                "event_rule" => "trigger_type = ?",
                "event_action" => "type = ?",
                "api_key" => "k.scope = ?",
                "share" => "json_extract(s.document, '$.scope') = ?",
                _ => "? IS NULL",
            };
            (sql, vec![Value::Integer(*kind)])
        }
        Only::User(name) => match table {
            "api_key" => ("k.user_id = (SELECT id FROM user_account WHERE name = ?)", named(name)),
            _ => ("0", Vec::new()),
        },
        Only::Running(_) | Only::Over(_) | Only::Endless | Only::Protected(_) if table != "share" => ("0", Vec::new()),
        Only::Running(now) => (
            "((s.expires_at <= 0 OR s.expires_at > ?) AND (s.max_tokens <= 0 OR s.used_tokens < s.max_tokens))",
            vec![Value::Integer(*now)],
        ),
        Only::Over(now) => (
            "((s.expires_at > 0 AND s.expires_at <= ?) OR (s.max_tokens > 0 AND s.used_tokens >= s.max_tokens))",
            vec![Value::Integer(*now)],
        ),
        Only::Endless => ("s.expires_at <= 0", Vec::new()),
        Only::Protected(has) => ("(s.password_hash IS NOT NULL) = ?", vec![Value::Integer(i64::from(*has))]),
    }
}

fn named(name: &str) -> Vec<Value> {
    vec![Value::Text(name.to_owned())]
}

fn text_condition(table: &str, text: &str) -> (&'static str, Vec<Value>) {
    // A pattern ends at a NUL for the database, and nothing has one in it.
    if text.contains('\0') {
        return ("0", Vec::new());
    }
    let (sql, places) = match table {
        "user_account" | "admin" => (
            "(name LIKE ? ESCAPE '\\' OR email LIKE ? ESCAPE '\\' OR json_extract(document, '$.description') LIKE ? ESCAPE '\\')",
            3,
        ),
        "role" => ("(name LIKE ? ESCAPE '\\' OR description LIKE ? ESCAPE '\\')", 2),
        "api_key" => ("(k.id LIKE ? ESCAPE '\\' OR k.name LIKE ? ESCAPE '\\' OR k.description LIKE ? ESCAPE '\\')", 3),
        "share" => (
            "(json_extract(s.document, '$.name') LIKE ? ESCAPE '\\' OR u.name LIKE ? ESCAPE '\\' \
             OR EXISTS (SELECT 1 FROM json_each(s.document, '$.paths') WHERE value LIKE ? ESCAPE '\\'))",
            3,
        ),
        _ => ("(name LIKE ? ESCAPE '\\' OR json_extract(document, '$.description') LIKE ? ESCAPE '\\')", 2),
    };
    (sql, vec![Value::Text(pattern(text)); places])
}

/// Each is in one state at a time, as lists show it.
fn state_condition(table: &str, only: &Only, now: i64) -> (&'static str, Vec<Value>) {
    let expires = |sql| (sql, vec![Value::Integer(now)]);
    match (table, only) {
        ("user_account", Only::Enabled(_)) => expires("status = 1 AND (expiration_date <= 0 OR expiration_date > ?)"),
        ("user_account", Only::Disabled(_)) => expires("status <> 1 AND (expiration_date <= 0 OR expiration_date > ?)"),
        ("user_account", _) => expires("expiration_date > 0 AND expiration_date <= ?"),
        ("admin" | "event_rule", Only::Enabled(_)) => ("status = 1", Vec::new()),
        ("admin" | "event_rule", Only::Disabled(_)) => ("status <> 1", Vec::new()),
        _ => ("0", Vec::new()),
    }
}

fn member_condition(table: &str, is_group: bool) -> &'static str {
    match (table, is_group) {
        ("user_account", true) => {
            "id IN (SELECT user_id FROM user_group_member WHERE group_id = (SELECT id FROM user_group WHERE name = ?))"
        }
        ("admin", true) => "id IN (SELECT admin_id FROM admin_group WHERE group_id = (SELECT id FROM user_group WHERE name = ?))",
        ("virtual_folder", true) => {
            "id IN (SELECT folder_id FROM group_folder WHERE group_id = (SELECT id FROM user_group WHERE name = ?))"
        }
        ("user_account", false) => {
            "id IN (SELECT user_id FROM user_folder WHERE folder_id = (SELECT id FROM virtual_folder WHERE name = ?))"
        }
        ("user_group", false) => {
            "id IN (SELECT group_id FROM group_folder WHERE folder_id = (SELECT id FROM virtual_folder WHERE name = ?))"
        }
        _ => "? IS NULL",
    }
}

fn use_condition(table: &str) -> &'static str {
    match table {
        "user_group" => "EXISTS (SELECT 1 FROM user_group_member WHERE group_id = user_group.id) = ?",
        "virtual_folder" => {
            "(EXISTS (SELECT 1 FROM user_folder WHERE folder_id = virtual_folder.id) OR \
             EXISTS (SELECT 1 FROM group_folder WHERE folder_id = virtual_folder.id)) = ?"
        }
        "role" => {
            "(EXISTS (SELECT 1 FROM user_account WHERE role_id = role.id) OR \
             EXISTS (SELECT 1 FROM admin WHERE role_id = role.id)) = ?"
        }
        "event_action" => "EXISTS (SELECT 1 FROM event_rule_action WHERE action_id = event_action.id) = ?",
        _ => "? IS NULL",
    }
}
