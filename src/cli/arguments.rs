//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::version;

/// A managed file transfer server in one file.
#[derive(Debug, Parser)]
#[command(name = "entrepot", display_name = "Entrepot", version = version::text(), subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    Serve(Serve),
    /// Serve one folder now, to one person, until Ctrl-C.
    Portable(Box<Portable>),
    /// Ask the running server whether it is well; for health checks.
    Ping(Place),
    /// Look at everything that keeps the server from working, or soon will, and say what to do about it.
    Doctor(Doctor),
    /// Give an administrator a new password, beside a running server or without one.
    Resetpwd(ResetPassword),
    /// Make a new link for setting the server up, as long as there is no administrator.
    SetupUrl(Place),
    /// Load a backup of this program, a dump of an SFTPGo server, or the accounts of other servers, into the running server or
    /// into the database.
    Import(Import),
    /// Write the whole server (database, settings, keys, certificates; no files of users) into one sealed file.
    ///
    /// The passphrase is asked for, or read from --passphrase-file or ENTREPOT_BACKUP_PASSPHRASE. Without it nobody can open
    /// the file.
    Backup(Backup),
    /// Make an empty data folder the server that a backup was made of.
    Restore(Restore),
    /// Look at the settings, and take back what was saved in WebAdmin or over REST.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the completions of a shell.
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
    /// Print the licences of the software that is inside.
    Licenses,
}

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting as the file, the environment and the defaults have it.
    Show(ShowConfig),
    /// Print the settings that are saved in the database, which win over the file.
    List(Place),
    /// Take saved settings back: the file or the default holds again.
    ///
    /// It works beside a running server and without one, also where a saved setting keeps the server from starting.
    Unset(UnsetConfig),
}

/// Where the server keeps its things.
#[derive(Debug, Args, Clone)]
pub(crate) struct Place {
    /// Folder of the database, keys and logs; made if missing
    #[arg(short = 'c', long, value_name = "FOLDER", env = "ENTREPOT_DATA_DIR", default_value = "./entrepot-data")]
    pub(crate) data_dir: PathBuf,
    /// Configuration file; without it, entrepot.toml (.yaml, .json) is looked for in the data folder and in /etc/entrepot
    #[arg(long, value_name = "FILE", env = "ENTREPOT_CONFIG_FILE")]
    pub(crate) config_file: Option<PathBuf>,
}

/// Least severe lines that are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What needs attention.
    Warn,
    /// What failed.
    Error,
}

impl LogLevel {
    /// The value as settings write it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// The log.
#[derive(Debug, Args, Clone)]
pub(crate) struct LogFlags {
    /// Log file, relative to the data folder; empty for standard output [default: log/entrepot.log]
    #[arg(short = 'l', long, value_name = "FILE")]
    pub(crate) log_file_path: Option<String>,
    /// Least severe lines that are logged [default: debug]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
    /// Write times in UTC
    #[arg(long)]
    pub(crate) log_utc_time: bool,
}

/// `entrepot serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) log: LogFlags,
    /// MB at which the log file is rotated
    #[arg(short = 's', long, value_name = "MB")]
    pub(crate) log_max_size: Option<u32>,
    /// Rotated log files that are kept; 0 keeps all
    #[arg(short = 'b', long, value_name = "NUMBER")]
    pub(crate) log_max_backups: Option<u32>,
    /// Days for which rotated log files are kept; 0 keeps them for ever
    #[arg(short = 'a', long, value_name = "DAYS")]
    pub(crate) log_max_age: Option<u32>,
    /// Seconds for which running transfers may go on when the server stops
    #[arg(long, value_name = "SECONDS")]
    pub(crate) grace_time: Option<u32>,
    /// Backup that is loaded before anything listens
    #[arg(long, value_name = "FILE")]
    pub(crate) loaddata_from: Option<PathBuf>,
    /// What the backup does to objects that exist: 0 replaces them, 1 leaves them alone [default: 1]
    #[arg(long, value_name = "MODE", value_parser = clap::value_parser!(u32).range(0..=1))]
    pub(crate) loaddata_mode: Option<u32>,
    /// Whose files are counted after loading: 0 nobody's, 1 everybody's, 2 those of users with limits [default: 0]
    #[arg(long, value_name = "CHOICE", value_parser = clap::value_parser!(u32).range(0..=2))]
    pub(crate) loaddata_scan: Option<u32>,
    /// Remove the backup after it was loaded completely
    #[arg(long)]
    pub(crate) loaddata_clean: bool,
    /// Listen on free ports instead of the configured ones; ready.json in the data folder names them
    #[arg(long)]
    pub(crate) any_port: bool,
}

/// `entrepot portable`.
#[derive(Debug, Args)]
pub(crate) struct Portable {
    /// Folder to serve
    #[arg(short, long, value_name = "FOLDER", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Folder, as the user sees it, where sessions begin
    #[arg(long, value_name = "PATH", default_value = "/")]
    pub(crate) start_directory: String,
    /// Port of SFTP; 0 takes a free one
    #[arg(short = 's', long, value_name = "PORT", default_value_t = 0)]
    pub(crate) sftpd_port: u16,
    /// Address to listen on; all if not given
    #[arg(long, value_name = "ADDRESS", default_value = "")]
    pub(crate) address: String,
    /// Name of the user
    #[arg(short, long, value_name = "NAME", default_value = "user")]
    pub(crate) username: String,
    /// Password of the user; without one and without a key, a random one is made
    #[arg(short, long, value_name = "PASSWORD", env = "ENTREPOT_PORTABLE_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
    /// File that holds the password
    #[arg(long, value_name = "FILE", conflicts_with = "password")]
    pub(crate) password_file: Option<PathBuf>,
    /// Public key of the user, as in authorized_keys; may be given more than once
    #[arg(short = 'k', long, value_name = "KEY")]
    pub(crate) public_key: Vec<String>,
    /// What the user may do: list, download, upload, overwrite, delete, rename, create_dirs, … or *
    #[arg(short = 'g', long, value_name = "PERMISSIONS", value_delimiter = ',', default_value = "list,download")]
    pub(crate) permissions: Vec<String>,
    /// Allowed names in a folder: /folder::*.jpg,*.png; may be given more than once
    #[arg(long, value_name = "PATTERNS")]
    pub(crate) allowed_patterns: Vec<String>,
    /// Refused names in a folder: /folder::*.exe; may be given more than once
    #[arg(long, value_name = "PATTERNS")]
    pub(crate) denied_patterns: Vec<String>,
    /// Configuration file for everything else; none is read without it
    #[arg(long, value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) log: LogFlags,
    /// Seconds for which running transfers may go on after Ctrl-C
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) grace_time: u32,
}

/// `entrepot resetpwd`.
#[derive(Debug, Args)]
pub(crate) struct ResetPassword {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Name of the administrator
    #[arg(long, value_name = "NAME")]
    pub(crate) admin: String,
}

/// `entrepot doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `entrepot import` reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// A backup of accounts of this program, or a dump of an SFTPGo server.
    Dump,
    /// Accounts of a Unix system: /etc/passwd, with /etc/shadow as --shadow.
    Passwd,
    /// Virtual users of vsftpd: the list from which db_load made the database.
    Vsftpd,
    /// The AuthUserFile of proftpd.
    Proftpd,
    /// The users.conf of the container image atmoz/sftp.
    Atmoz,
}

/// `entrepot import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The backup, or a file with accounts; - reads it from standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What the file is
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "dump")]
    pub(crate) format: ImportFormat,
    /// Check everything, say what would be made and what cannot be kept, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What happens to objects that exist: 0 replaced, 1 left alone, 2 replaced and sessions of users ended
    #[arg(long, value_name = "MODE", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(crate) mode: u8,
    /// Whose files are counted afterwards: 0 nobody's, 1 everybody's, 2 those of users with limits
    #[arg(long, value_name = "CHOICE", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(crate) scan_quota: u8,
    /// passwd: the file with the hashes
    #[arg(long, value_name = "FILE")]
    pub(crate) shadow: Option<PathBuf>,
    /// passwd: accounts with smaller uids are left out
    #[arg(long, value_name = "UID", default_value_t = 1000)]
    pub(crate) uid_min: u32,
    /// passwd: accounts with greater uids are left out
    #[arg(long, value_name = "UID", default_value_t = 60_000)]
    pub(crate) uid_max: u32,
    /// vsftpd: its configuration, for what users may do and where their homes are
    #[arg(long, value_name = "FILE")]
    pub(crate) vsftpd_conf: Option<PathBuf>,
    /// vsftpd: the folder with settings of single users, if it is not the user_config_dir of the configuration
    #[arg(long, value_name = "FOLDER")]
    pub(crate) user_config_dir: Option<PathBuf>,
    /// vsftpd, atmoz: home of a user, with %u for the name
    #[arg(long, value_name = "PATH")]
    pub(crate) home: Option<String>,
}

/// `entrepot backup`.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The file to write; - writes to standard output
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// File with the passphrase in its first line
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// `entrepot restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// File with the passphrase in its first line
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Verify the backup from its beginning to its end, and restore nothing
    #[arg(long)]
    pub(crate) check: bool,
}

/// `entrepot config unset`.
#[derive(Debug, Args)]
pub(crate) struct UnsetConfig {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Key of the setting, for instance sftpd.ciphers or 'httpd.bindings[0].address'; a section means all that is saved below it
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,
}

/// `entrepot config show`.
#[derive(Debug, Args)]
pub(crate) struct ShowConfig {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Say where every value comes from
    #[arg(long)]
    pub(crate) origin: bool,
    /// Print only what was configured somewhere
    #[arg(long)]
    pub(crate) changed: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    // PORT-002
    #[test]
    fn portable_defaults_are_those_of_the_reference() {
        let arguments = Arguments::try_parse_from(["entrepot", "portable"]).expect("no argument is required");
        let Command::Portable(portable) = arguments.command else { panic!("another command") };
        assert_eq!((portable.username.as_str(), portable.sftpd_port), ("user", 0));
        assert_eq!(portable.permissions, ["list", "download"]);
        assert_eq!(portable.directory, PathBuf::from("."));
    }

    #[test]
    fn a_password_and_a_password_file_exclude_each_other() {
        let arguments = ["entrepot", "portable", "-p", "x", "--password-file", "y"];
        assert!(Arguments::try_parse_from(arguments).is_err());
    }

    // CLI-008
    #[test]
    fn modes_of_loading_are_those_of_the_reference() {
        let serve = |mode| Arguments::try_parse_from(["entrepot", "serve", "--loaddata-from", "/x", "--loaddata-mode", mode]);
        assert!(serve("0").is_ok() && serve("1").is_ok() && serve("2").is_err());
        let import = |mode| Arguments::try_parse_from(["entrepot", "import", "x", "--mode", mode]);
        assert!(import("2").is_ok() && import("3").is_err());
    }

    // CLI-001
    #[test]
    fn unknown_commands_are_refused() {
        assert!(Arguments::try_parse_from(["entrepot", "fly"]).is_err());
    }
}
