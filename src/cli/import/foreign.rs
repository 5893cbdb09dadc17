//! Which format a file of accounts has, and what else it needs.

use std::path::Path;

use super::{
    accounts::{self, Converted},
    atmoz,
    passwd::{self, Range},
    vsftpd,
};
use crate::{
    arguments::{Import, ImportFormat},
    exit::{self, Failure},
};

/// Reads the accounts of another server.
///
/// # Errors
/// A line that cannot be read, or a flag that does not fit; nothing is imported then.
pub(super) fn convert(command: &Import, content: &[u8]) -> anyhow::Result<Converted> {
    check_flags(command)?;
    let text = std::str::from_utf8(content);
    let text = text.map_err(|_| Failure::plain("the file is not UTF-8, which names of users must be; nothing was imported"))?;
    let mut converted = match command.format {
        ImportFormat::Passwd => {
            let shadow = command.shadow.as_deref().map(read).transpose()?;
            let range = Range { least: command.uid_min, most: command.uid_max, today: passwd::today() };
            passwd::of_system(text, shadow.as_deref(), range)?
        }
        ImportFormat::Proftpd => passwd::of_proftpd(text)?,
        ImportFormat::Vsftpd => {
            let options = vsftpd::Options {
                configuration: command.vsftpd_conf.as_deref(),
                per_user: command.user_config_dir.as_deref(),
                home: command.home.as_deref(),
            };
            vsftpd::convert(text, &options)?
        }
        ImportFormat::Atmoz => atmoz::convert(text, command.home.as_deref().unwrap_or(atmoz::HOME))?,
        ImportFormat::Dump => Converted::default(),
    };
    let has_owners = converted.users.iter().any(|user| user.uid != 0 || user.gid != 0);
    if has_owners {
        converted.note("owners", "new files get the uid and gid of a user only if the server runs as root or with CAP_CHOWN");
    }
    Ok(converted)
}

fn read(path: &Path) -> anyhow::Result<String> {
    accounts::read(path).map_err(|error| Failure::plain(format!("cannot read {}: {error}", path.display())))
}

/// A flag of another format would have no effect, which nobody expects who gives one.
fn check_flags(command: &Import) -> anyhow::Result<()> {
    use ImportFormat as F;
    let given: [(&str, bool, &[F]); 4] = [
        ("--shadow", command.shadow.is_some(), &[F::Passwd]),
        ("--vsftpd-conf", command.vsftpd_conf.is_some(), &[F::Vsftpd]),
        ("--user-config-dir", command.user_config_dir.is_some(), &[F::Vsftpd]),
        ("--home", command.home.is_some(), &[F::Vsftpd, F::Atmoz]),
    ];
    match given.iter().find(|(_, is_given, formats)| *is_given && !formats.contains(&command.format)) {
        Some((flag, ..)) => Err(Failure::with_code(exit::USAGE, format!("{flag} does not belong to this --format"))),
        None => Ok(()),
    }
}
