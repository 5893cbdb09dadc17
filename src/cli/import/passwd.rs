//! Accounts of a Unix system: passwd(5) and shadow(5). proftpd's `AuthUserFile` has the same lines, with the hash inside.

use std::{collections::HashMap, path::Path, time::SystemTime};

use entrepot_model::User;

use super::accounts::{Converted, id, keys, lines, user, wrong_line};

/// Milliseconds of a day.
const DAY: i64 = 24 * 3600 * 1000;
/// Passwords that are older than this many days are as good as never old (shadow(5)).
const NEVER: i64 = 99_999;

/// Which accounts of a system are those of people who still may come in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) least: u32,
    pub(super) most: u32,
    /// The day on which that is asked, as [`today`] counts.
    pub(super) today: i64,
}

/// Days since 1970, as shadow(5) counts them.
pub(super) fn today() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / (24 * 3600)).unwrap_or_default()
}

/// A line of passwd.
struct Line<'a> {
    name: &'a str,
    hash: &'a str,
    uid: u32,
    gid: &'a str,
    description: &'a str,
    home: &'a str,
    shell: &'a str,
}

fn parse(number: usize, line: &str) -> anyhow::Result<Line<'_>> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, hash, uid, gid, gecos, home, shell] = fields[..] else {
        return Err(wrong_line(number, "seven fields are needed, with colons between them"));
    };
    let uid = uid.parse().map_err(|_| wrong_line(number, "the third field is no uid"))?;
    let description = gecos.split(',').next().unwrap_or_default().trim();
    Ok(Line { name, hash, uid, gid, description, home, shell })
}

/// Accounts of a system. `shadow` is the text of the other file, if it could be read.
///
/// # Errors
/// A line that cannot be read.
pub(super) fn of_system(text: &str, shadow: Option<&str>, range: Range) -> anyhow::Result<Converted> {
    let shadow = shadow.map(secrets).transpose()?;
    let mut converted = Converted::default();
    let mut passed_over = 0;
    for (number, line) in lines(text) {
        // "+" and "-" take accounts of another system in (nsswitch's compat).
        if line.starts_with(['+', '-']) {
            converted.note(line, "accounts of a directory service are not in the file");
            continue;
        }
        let line = parse(number, line)?;
        if !(range.least..=range.most).contains(&line.uid) {
            passed_over += 1;
            continue;
        }
        let Some(mut user) = account(&mut converted, &line) else { continue };
        user.public_keys = keys(&mut converted, line.name, &Path::new(line.home).join(".ssh/authorized_keys"));
        match shadow.as_ref().map(|shadow| shadow.get(line.name)) {
            Some(Some(secret)) => secret.give(&mut converted, &mut user, range.today),
            Some(None) if line.hash != "x" => converted.keep_hash(&mut user, line.hash),
            Some(None) | None if line.hash == "x" => {
                converted.note(line.name, "its password is in a shadow file that was not given or does not have it (--shadow)");
                converted.keep_hash(&mut user, "*");
            }
            _ => converted.keep_hash(&mut user, line.hash),
        }
        if line.shell.ends_with("/nologin") || line.shell.ends_with("/false") {
            converted.note(line.name, "has no shell on that system; here it may transfer files");
        }
        converted.add(user);
    }
    if passed_over > 0 {
        let all = format!("{passed_over} accounts");
        converted.note(&all, format!("are left out: their uids are not between {} and {}", range.least, range.most));
    }
    Ok(converted)
}

/// Users of proftpd.
///
/// # Errors
/// A line that cannot be read.
pub(super) fn of_proftpd(text: &str) -> anyhow::Result<Converted> {
    let mut converted = Converted::default();
    for (number, line) in lines(text) {
        let line = parse(number, line)?;
        if let Some(mut user) = account(&mut converted, &line) {
            converted.keep_hash(&mut user, line.hash);
            converted.add(user);
        }
    }
    Ok(converted)
}

/// What a line says, but the password. `None` if it cannot become a user, which was noted.
fn account(converted: &mut Converted, line: &Line<'_>) -> Option<User> {
    if line.home.trim_end_matches('/').is_empty() {
        converted.note(line.name, "is left out: its home is the whole machine");
        return None;
    }
    let mut user = user(line.name, line.home);
    user.description = line.description.to_owned();
    user.uid = i64::from(line.uid);
    user.gid = id(line.gid).unwrap_or_default();
    Some(user)
}

/// A line of shadow.
struct Secret<'a> {
    hash: &'a str,
    changed: Option<i64>,
    must_change: Option<i64>,
    /// Days after which an account is closed whose password had to be changed and was not.
    inactive: Option<i64>,
    expires: Option<i64>,
}

impl Secret<'_> {
    fn give(&self, converted: &mut Converted, user: &mut User, today: i64) {
        converted.keep_hash(user, self.hash);
        match self.expires {
            // 0 is no date here: it would be an account that never ends.
            Some(..=0) => {
                user.status = 0;
                converted.note(&user.username, "ended on day 0: it is made disabled");
            }
            Some(day) => user.expiration_date = day.saturating_mul(DAY),
            None => {}
        }
        if self.is_inactive(today) {
            user.status = 0;
            converted.note(&user.username, "is closed, for its password was not changed in time: it is made disabled");
        } else if self.inactive.is_some() {
            converted.note(&user.username, "is not closed here some days after its password had to be changed");
        }
        if let Some(day) = self.changed.filter(|day| *day > 0) {
            user.last_password_change = day.saturating_mul(DAY);
        }
        // A change on day 0 means: at the next login.
        user.filters.require_password_change = self.changed == Some(0);
        if let Some(days) = self.must_change.filter(|days| (1..NEVER).contains(days)) {
            user.filters.base.password_expiration = days;
        }
    }

    /// Whether the time in which an old password could still be changed is over.
    fn is_inactive(&self, today: i64) -> bool {
        let (Some(changed), Some(most), Some(inactive)) = (self.changed, self.must_change, self.inactive) else { return false };
        changed > 0 && (0..NEVER).contains(&most) && changed.saturating_add(most).saturating_add(inactive) < today
    }
}

fn secrets(text: &str) -> anyhow::Result<HashMap<&str, Secret<'_>>> {
    let mut secrets = HashMap::new();
    for (number, line) in lines(text) {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, hash, changed, _, must_change, _, inactive, expires, ..] = fields[..] else {
            return Err(wrong_line(number, "a line of shadow has nine fields, with colons between them"));
        };
        // Empty says nothing, and so does -1 (chage(1)).
        let day = |text: &str| match text {
            "" | "-1" => Ok(None),
            text => text.parse::<i64>().map(Some).map_err(|_| wrong_line(number, &format!("{text:?} is no number of days"))),
        };
        let (changed, must_change) = (day(changed)?, day(must_change)?);
        let secret = Secret { hash, changed, must_change, inactive: day(inactive)?, expires: day(expires)? };
        secrets.entry(name).or_insert(secret);
    }
    Ok(secrets)
}
