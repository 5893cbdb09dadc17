//! The one user of portable mode.

use std::{collections::BTreeMap, fs, path::Path};

use entrepot_model::{BaseUserFilters, PatternsFilter, Permission, User, UserFilters};
use entrepot_secrets::{Sensitive, random_password};

use crate::{
    arguments::Portable,
    exit::{self, Failure},
};

/// Characters of a password that is made here: about 115 bits.
const PASSWORD_LENGTH: usize = 20;

/// Who may come in.
pub(super) struct Person {
    user: User,
    password: Option<Sensitive<String>>,
    is_random: bool,
}

impl Person {
    /// The user that the flags describe (PORT-002).
    ///
    /// # Errors
    /// A flag that cannot be understood.
    pub(super) fn from_flags(flags: &Portable, folder: &Path) -> anyhow::Result<Self> {
        let given = match &flags.password_file {
            Some(path) => {
                let text = fs::read_to_string(path)
                    .map_err(|error| Failure::plain(format!("cannot read the password file {}: {error}", path.display())))?;
                Some(Sensitive::new(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
            None => flags.password.as_deref().map(Sensitive::from),
        };
        let given = given.filter(|password| !password.is_empty());
        let is_random = given.is_none() && flags.public_key.is_empty();
        let password = if is_random { Some(Sensitive::new(random_password(PASSWORD_LENGTH))) } else { given };
        let home = folder.to_str().ok_or_else(|| usage("the name of the folder is not UTF-8: serve the folder above it"))?;
        let base = BaseUserFilters {
            file_patterns: patterns(&flags.allowed_patterns, &flags.denied_patterns)?,
            start_directory: if flags.start_directory == "/" { String::new() } else { flags.start_directory.clone() },
            ..BaseUserFilters::default()
        };
        let user = User {
            status: 1,
            username: flags.username.clone(),
            public_keys: flags.public_key.clone(),
            home_dir: home.to_owned(),
            permissions: BTreeMap::from([("/".to_owned(), permissions(&flags.permissions)?)]),
            filters: UserFilters { base, ..UserFilters::default() },
            ..User::default()
        };
        Ok(Self { user, password, is_random })
    }

    /// The account to add.
    pub(super) fn user(&self, _: &Path) -> User {
        User { password: self.password.as_ref().map(|password| password.expose().clone()), ..self.user.clone() }
    }

    /// A password that was made is shown; one that was given is not (PORT-009).
    pub(super) fn shown_password(&self) -> &str {
        match &self.password {
            Some(password) if self.is_random => password.expose(),
            Some(_) => "[redacted]",
            None => "none: only the key",
        }
    }
}

fn usage(message: impl Into<String>) -> anyhow::Error {
    Failure::with_code(exit::USAGE, message)
}

fn permissions(names: &[String]) -> anyhow::Result<Vec<Permission>> {
    let known = || Permission::ALL.map(Permission::as_str).join(", ");
    let permission = |name: &String| {
        Permission::from_name(name.trim()).ok_or_else(|| usage(format!("unknown permission {name:?}; there are: {}", known())))
    };
    names.iter().map(permission).collect()
}

/// `/folder::*.jpg,*.png`, both kinds of one folder together.
fn patterns(allowed: &[String], denied: &[String]) -> anyhow::Result<Vec<PatternsFilter>> {
    let mut filters: BTreeMap<String, PatternsFilter> = BTreeMap::new();
    for (texts, is_allowed) in [(allowed, true), (denied, false)] {
        for text in texts {
            let (path, list) = text
                .split_once("::")
                .filter(|(path, list)| path.starts_with('/') && !list.trim().is_empty())
                .ok_or_else(|| usage(format!("patterns are written /folder::*.jpg,*.png and not {text:?}")))?;
            let filter = filters
                .entry(path.to_owned())
                .or_insert_with(|| PatternsFilter { path: path.to_owned(), ..PatternsFilter::default() });
            let list = list.split(',').map(|pattern| pattern.trim().to_owned()).filter(|pattern| !pattern.is_empty());
            if is_allowed { filter.allowed_patterns.extend(list) } else { filter.denied_patterns.extend(list) }
        }
    }
    Ok(filters.into_values().collect())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn person(flags: &[&str]) -> anyhow::Result<Person> {
        let arguments = ["entrepot", "portable"].iter().chain(flags);
        let Command::Portable(flags) = Arguments::try_parse_from(arguments)?.command else { panic!("another command") };
        Person::from_flags(&flags, Path::new("/srv/x"))
    }

    // PORT-009
    #[test]
    fn without_password_and_key_a_password_is_made_and_shown() {
        let person = person(&[]).expect("a user");
        assert_eq!(person.shown_password().len(), PASSWORD_LENGTH);
        assert_eq!(person.user(Path::new("/")).password.as_deref(), Some(person.shown_password()));
    }

    // PORT-009
    #[test]
    fn given_password_is_not_shown() {
        let given = person(&["-p", "swordfish"]).expect("a user");
        assert_eq!(given.shown_password(), "[redacted]");
        assert_eq!(given.user(Path::new("/")).password.as_deref(), Some("swordfish"));
        let key = person(&["-k", "ssh-ed25519 AAAA me"]).expect("a user");
        assert_eq!(key.user(Path::new("/")).password, None);
    }

    // PORT-002
    #[test]
    fn patterns_of_one_folder_become_one_filter() {
        let flags = ["--allowed-patterns", "/in::*.jpg, *.png", "--denied-patterns", "/in::x*", "--denied-patterns", "/::*.exe"];
        let filters = person(&flags).expect("a user").user.filters.base.file_patterns;
        assert_eq!(filters.len(), 2);
        assert_eq!(filters[1].allowed_patterns, ["*.jpg", "*.png"]);
        assert_eq!((filters[1].denied_patterns.len(), filters[0].denied_patterns.len()), (1, 1));
        assert!(person(&["--denied-patterns", "*.exe"]).is_err());
    }

    #[test]
    fn unknown_permission_is_named() {
        let error = person(&["-g", "list,fly"]).err().expect("refused").to_string();
        assert!(error.contains("\"fly\"") && error.contains("download"), "{error}");
    }
}
