//! Virtual users of vsftpd: the list that `db_load -T -t hash` makes a database of (a line with a name, a line with a password),
//! the server's own settings, and a file of settings per user (`user_config_dir`), as vsftpd.conf(5) says.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use entrepot_model::Permission as P;

use super::accounts::{self, Converted, user, wrong_line};

/// Settings that limit somebody and have no likeness here.
const LOST: [(&str, &str); 8] = [
    ("cmds_allowed", "set permissions instead"),
    ("cmds_denied", "set permissions instead"),
    ("deny_file", "use filters of file patterns"),
    ("hide_file", "use filters of file patterns"),
    ("max_per_ip", "use max_sessions of the user"),
    ("max_clients", "use common.max_total_connections"),
    ("idle_session_timeout", "use common.idle_timeout"),
    ("local_umask", "new files get the mode that the server gives them"),
];

/// Where the list comes from.
pub(super) struct Options<'a> {
    /// `vsftpd.conf`, if given.
    pub(super) configuration: Option<&'a Path>,
    /// `user_config_dir`, if given; else that of the configuration.
    pub(super) per_user: Option<&'a Path>,
    /// Home of a user without a `local_root`; `%u` is the name.
    pub(super) home: Option<&'a str>,
}

type Settings = HashMap<String, String>;

/// Users of the list.
///
/// # Errors
/// A list with a name without a password, or a file of settings that cannot be read.
pub(super) fn convert(text: &str, options: &Options<'_>) -> anyhow::Result<Converted> {
    let mut converted = Converted::default();
    let general = options.configuration.map(read).transpose()?;
    if general.is_none() {
        converted
            .note("every user", "may do everything in its home: give the server's settings with --vsftpd-conf to keep its rules");
    }
    let general = general.unwrap_or_else(|| {
        Settings::from([("virtual_use_local_privs".into(), "YES".into()), ("write_enable".into(), "YES".into())])
    });
    let configured = general.get("user_config_dir").map(PathBuf::from);
    let per_user = options.per_user.map(Path::to_owned).or(configured);
    let gate = Gate::of(&general)?;
    // No comments: a name or a password may begin with anything.
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
    let count = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    for (index, pair) in lines[..count].chunks(2).enumerate() {
        let number = 2 * index + 1;
        let [name, password] = pair else { return Err(wrong_line(number, "a name without a password in the next line")) };
        if name.is_empty() {
            return Err(wrong_line(number, "a name is expected: the list has a line with a name, then one with its password"));
        }
        let mut settings = general.clone();
        if let Some(folder) = &per_user {
            match read(&folder.join(name)) {
                Ok(own) => settings.extend(own),
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        account(&mut converted, name, password, &settings, options.home);
        if let Some(user) = converted.users.iter_mut().find(|user| user.username == *name && gate.keeps_out(name)) {
            user.status = 0;
            converted.note(name, format!("is kept out by {}: it is made disabled", gate.path.display()));
        }
    }
    Ok(converted)
}

/// The list of those who are kept out, or let in alone (`userlist_enable`, `userlist_deny`, `userlist_file`).
#[derive(Default)]
struct Gate {
    path: PathBuf,
    names: HashSet<String>,
    lets_in: bool,
    is_there: bool,
}

impl Gate {
    /// The list that the settings name.
    ///
    /// # Errors
    /// It cannot be read: accounts that it closes would be open here.
    fn of(settings: &Settings) -> anyhow::Result<Self> {
        if !is_on(settings, "userlist_enable", false) {
            return Ok(Self::default());
        }
        let path = settings.get("userlist_file").filter(|path| !path.is_empty()).map_or("/etc/vsftpd.user_list", String::as_str);
        let text = accounts::read(Path::new(path)).with_context(|| {
            format!(
                "the list of users {path} (userlist_file) cannot be read, which says whose accounts are closed: put it there, or \
                 take userlist_enable out of the copy of vsftpd.conf that is given"
            )
        })?;
        let names = accounts::lines(&text).map(|(_, line)| line.trim().to_owned()).collect();
        Ok(Self { path: path.into(), names, lets_in: !is_on(settings, "userlist_deny", true), is_there: true })
    }

    fn keeps_out(&self, name: &str) -> bool {
        self.is_there && self.names.contains(name) != self.lets_in
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// `name=value` lines, without blanks around the `=`.
fn read(path: &Path) -> anyhow::Result<Settings> {
    let text = accounts::read(path).with_context(|| path.display().to_string())?;
    let settings = accounts::lines(&text).filter_map(|(_, line)| line.split_once('='));
    Ok(settings.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect())
}

fn account(converted: &mut Converted, name: &str, password: &str, settings: &Settings, home: Option<&str>) {
    let value = |key: &str| settings.get(key).map(String::as_str).filter(|value| !value.is_empty());
    let token = value("user_sub_token").unwrap_or("$USER");
    let home = match (value("local_root"), home) {
        (Some(root), _) => root.replace(token, name),
        (None, Some(template)) => template.replace("%u", name),
        (None, None) => {
            converted.note(name, "is left out: it has no local_root; say where homes are with --home, for example /srv/ftp/%u");
            return;
        }
    };
    let mut user = user(name, &home);
    user.permissions.insert("/".to_owned(), permissions(settings));
    let rate = if is_on(settings, "virtual_use_local_privs", false) { "local_max_rate" } else { "anon_max_rate" };
    // Bytes a second there, KB a second here: a limit never becomes none.
    let rate = value(rate).and_then(|rate| rate.parse::<i64>().ok()).filter(|rate| *rate > 0).map(|rate| (rate / 1024).max(1));
    (user.upload_bandwidth, user.download_bandwidth) = (rate.unwrap_or(0), rate.unwrap_or(0));
    if password.is_empty() {
        user.status = 0;
        converted.note(name, "has an empty password, and nobody may log in without one: it is made disabled");
    } else {
        user.password = Some(password.to_owned());
    }
    for (key, instead) in LOST {
        if value(key).is_some_and(|value| value != "0") {
            converted.note(name, format!("{key} is not kept: {instead}"));
        }
    }
    if !is_on(settings, "virtual_use_local_privs", false) && is_on(settings, "anon_world_readable_only", true) {
        converted.note(
            name,
            "anon_world_readable_only is not kept: files that not everybody on the machine may read can be downloaded",
        );
    }
    converted.add(user);
}

fn is_on(settings: &Settings, key: &str, default: bool) -> bool {
    settings.get(key).map_or(default, |value| matches!(value.to_ascii_uppercase().as_str(), "YES" | "TRUE" | "1"))
}

/// What a guest may do: as a local user with `virtual_use_local_privs`, else as an anonymous one.
fn permissions(settings: &Settings) -> Vec<P> {
    let on = |key: &str, default: bool| is_on(settings, key, default);
    let (can_list, can_read) = (on("dirlist_enable", true), on("download_enable", true));
    let can_write = on("write_enable", false);
    if on("virtual_use_local_privs", false) && can_write && can_list && can_read {
        return vec![P::Any];
    }
    let as_local = on("virtual_use_local_privs", false);
    let mut permissions = Vec::new();
    let mut allow = |condition: bool, more: &[P]| {
        if condition {
            permissions.extend_from_slice(more);
        }
    };
    allow(can_list, &[P::List]);
    allow(can_read, &[P::Download]);
    allow(can_write && (as_local || on("anon_upload_enable", false)), &[P::Upload]);
    allow(can_write && (as_local || on("anon_mkdir_write_enable", false)), &[P::CreateDirs]);
    allow(can_write && (as_local || on("anon_other_write_enable", false)), &[P::Overwrite, P::Delete, P::Rename, P::Chtimes]);
    permissions
}
