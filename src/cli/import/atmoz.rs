//! Users of the container image atmoz/sftp: `users.conf`, a line `name:password[:e][:uid[:gid[:folder[,folder…]]]]` for each.
//! Their homes are the property of root there: only the folders of the line, and what was mounted, can be written to.

use std::{fs, path::Path};

use entrepot_model::Permission as P;

use super::accounts::{Converted, id, keys, lines, user, wrong_line};

/// Home of a user if nothing else is said.
pub(super) const HOME: &str = "/home/%u";

/// Users of the file. `home` is where their homes are; `%u` is the name.
///
/// # Errors
/// A line that cannot be read.
pub(super) fn convert(text: &str, home: &str) -> anyhow::Result<Converted> {
    let mut converted = Converted::default();
    for (number, line) in lines(text) {
        // A comment may follow.
        let line = line.split_whitespace().next().unwrap_or_default();
        let mut fields = line.split(':').peekable();
        let (Some(name), Some(password)) = (fields.next().filter(|name| !name.is_empty()), fields.next()) else {
            return Err(wrong_line(number, "name:password is needed"));
        };
        let is_hash = fields.next_if_eq(&"e").is_some();
        let owner = |field: Option<&str>, what: &str| match field {
            None | Some("") => Ok(0),
            Some(text) => id(text).ok_or_else(|| wrong_line(number, &format!("{text:?} is no {what}"))),
        };
        let mut user = user(name, &home.replace("%u", name));
        user.uid = owner(fields.next(), "uid")?;
        user.gid = owner(fields.next(), "gid")?;
        let folders: Vec<&str> = fields.next().unwrap_or_default().split(',').filter(|folder| !folder.is_empty()).collect();
        if fields.next().is_some() {
            return Err(wrong_line(number, "there are too many fields"));
        }
        confine(&mut converted, &mut user, &folders);
        user.public_keys = keys_of(&mut converted, &user);
        match (is_hash, password) {
            (true, hash) => converted.keep_hash(&mut user, hash),
            (false, "") => converted.keep_hash(&mut user, "*"),
            (false, password) => user.password = Some(password.to_owned()),
        }
        converted.add(user);
    }
    Ok(converted)
}

/// Permissions as the image gives them by the owners of folders.
fn confine(converted: &mut Converted, user: &mut entrepot_model::User, folders: &[&str]) {
    if folders.is_empty() {
        converted.note(&user.username, "may write everywhere in its home; in the image only where something was mounted");
        return;
    }
    user.permissions.insert("/".to_owned(), vec![P::List, P::Download]);
    for folder in folders {
        user.permissions.insert(format!("/{}", folder.trim_matches('/')), vec![P::Any]);
    }
    converted.note(&user.username, format!("may write to {} only; they are not made: copy the files", folders.join(", ")));
}

/// The image puts every file of `.ssh/keys` into `authorized_keys`.
fn keys_of(converted: &mut Converted, user: &entrepot_model::User) -> Vec<String> {
    let ssh = Path::new(&user.home_dir).join(".ssh");
    let mut files: Vec<_> =
        fs::read_dir(ssh.join("keys")).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.push(ssh.join("authorized_keys"));
    let mut found: Vec<String> = files.iter().flat_map(|file| keys(converted, &user.username, file)).collect();
    found.sort();
    found.dedup();
    found
}
