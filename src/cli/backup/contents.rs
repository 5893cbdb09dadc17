//! What belongs into a backup beside the databases: settings, keys, certificates and whatever else lies in the data folder,
//! and the files that the settings name elsewhere. Files of users, logs and other backups do not.

use std::{
    fs::{self, File},
    io,
    path::{Component, Path, PathBuf},
};

use entrepot_config::Settings;
use entrepot_core::admin::first_steps::PASSPHRASES;
use entrepot_store::{COMPANIONS, is_companion};
use serde::{Deserialize, Serialize};

use super::archive::FILE_LIMIT;
use crate::{
    exit::{self, Failure},
    load,
};

/// Folders in the data folder that hold what is not ours, or comes again by itself.
const LEFT_OUT_FOLDERS: [&str; 4] = ["homes", "log", "lost+found", "outside"];
/// Files that a running server makes anew.
const LEFT_OUT_FILES: [&str; 3] = ["ready.json", "setup-url", "control.sock"];
/// Begin of the names of what is being made.
const STAGED: &str = ".entrepot-";
/// Deepest folder that is looked into.
const DEPTH: usize = 16;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Its path: beneath the data folder, or beneath the root if it lies elsewhere.
    pub(crate) path: PathBuf,
    /// Where it lies; a relative path is one below a [`super::snapshot::Snapshot`].
    pub(crate) source: PathBuf,
    /// Whether it lies outside of the data folder.
    pub(crate) is_outside: bool,
}

/// The files of a backup, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contents {
    /// Name of the main database in a data folder.
    pub(crate) database: String,
    /// The data folder.
    pub(crate) data_dir: String,
    /// The files.
    pub(crate) members: Vec<Member>,
    /// What was left out though somebody may miss it, and what to do after a restore.
    pub(crate) notes: Vec<String>,
}

impl Contents {
    /// Looks. `configuration` are the files that settings came from.
    ///
    /// # Errors
    /// A folder cannot be read: a backup that silently lacks a key is none.
    pub(crate) fn of(settings: &Settings, configuration: &[PathBuf]) -> anyhow::Result<Self> {
        let data = &settings.data_dir;
        let configured = load::database_file(settings);
        let is_inside = Path::new(&configured).components().all(|part| matches!(part, Component::Normal(_)));
        let database = if is_inside { configured.clone() } else { "entrepot.db".to_owned() };
        let data_dir = data.to_string_lossy().into_owned();
        let mut contents = Self { database, data_dir, members: Vec::new(), notes: Vec::new() };
        if !is_inside {
            contents.notes.push(format!(
                "the database lay at {configured}; a restore puts it into the data folder: move it there, or remove \
                 data_provider.name and data_provider.connection_string from the settings"
            ));
        }
        let left_out = left_out(settings, &configured);
        contents.walk(&Tree { root: data, left_out: &left_out, is_outside: false }, Path::new(""), DEPTH)?;
        contents.members.sort_by(|one, other| one.path.cmp(&other.path));
        for path in outside(settings, configuration) {
            contents.add_outside(data, &path);
        }
        for folder in outside_folders(settings) {
            contents.add_outside_folder(data, &folder, &left_out)?;
        }
        if contents.members.iter().any(|member| member.is_outside) {
            contents.notes.push(
                "files that lay outside of the data folder are restored into its folder `outside`, by their whole paths: put \
                 them back by hand"
                    .to_owned(),
            );
        }
        contents.note_master_key(settings);
        if !settings.backup.passphrase_file.is_empty() {
            let path = settings.resolve(&settings.backup.passphrase_file);
            contents.notes.push(format!("the passphrase of backups by timetable ({}) is not in the backup", path.display()));
        }
        Ok(contents)
    }

    fn walk(&mut self, tree: &Tree<'_>, below: &Path, depth: usize) -> anyhow::Result<()> {
        let folder = tree.root.join(below);
        let failed = |error: io::Error| Failure::with_code(exit::DATA, format!("{} cannot be read: {error}", folder.display()));
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (name, path) = (entry.file_name(), entry.path());
            let relative = below.join(&name);
            let is_top = below.as_os_str().is_empty() && !tree.is_outside;
            if tree.left_out.contains(&path)
                || is_top && is_left_out(&name.to_string_lossy())
                || is_staged(&name.to_string_lossy())
            {
                continue;
            }
            // A link to a file is that file: links of certificates to the newest one are usual.
            let Ok(found) = fs::metadata(&path) else { continue };
            let is_link = entry.file_type().map_err(failed)?.is_symlink();
            if found.is_dir() && !is_link && depth > 0 {
                self.walk(tree, &relative, depth - 1)?;
            } else if found.is_file() && found.len() <= FILE_LIMIT && path.to_str().is_some() {
                let whole = path.strip_prefix("/").unwrap_or(&path).to_owned();
                let place = if tree.is_outside { whole } else { relative };
                self.members.push(Member { path: place, source: path, is_outside: tree.is_outside });
            } else if found.is_file() || found.is_dir() {
                self.notes.push(format!("left out: {} (too large, too deep, a link or not named in UTF-8)", path.display()));
            }
        }
        Ok(())
    }

    fn add_outside(&mut self, data: &Path, path: &Path) {
        let is_known = self.members.iter().any(|member| member.source == path);
        if is_known || path.starts_with(data) {
            return;
        }
        // A pipe must not be opened before it is known to be none.
        let found = fs::metadata(path).and_then(|found| if found.is_file() { File::open(path)?.metadata() } else { Ok(found) });
        match (found, path.strip_prefix("/")) {
            (Ok(found), Ok(relative)) if found.is_file() && found.len() <= FILE_LIMIT && relative.to_str().is_some() => {
                self.members.push(Member { path: relative.to_owned(), source: path.to_owned(), is_outside: true });
            }
            _ => self.notes.push(format!("left out: {}, which cannot be read", path.display())),
        }
    }

    /// A folder that is not there has nothing that somebody could miss.
    fn add_outside_folder(&mut self, data: &Path, folder: &Path, left_out: &[PathBuf]) -> anyhow::Result<()> {
        if folder.starts_with(data) || data.starts_with(folder) || !folder.is_dir() {
            return Ok(());
        }
        self.walk(&Tree { root: folder, left_out, is_outside: true }, Path::new(""), DEPTH)
    }

    /// The master key opens everything in the database: it travels only if it already lies beside it.
    fn note_master_key(&mut self, settings: &Settings) {
        let secrets = &settings.kms.secrets;
        let files = [&secrets.master_key_path, &secrets.additional_master_keys_path];
        for path in files.into_iter().filter(|path| !path.is_empty()).map(|path| settings.resolve(path)) {
            if !path.starts_with(&settings.data_dir) {
                self.notes.push(format!("the master key {} is not in the backup: keep it yourself", path.display()));
            }
        }
        if secrets.master_key_path.is_empty() && !secrets.master_key.trim().is_empty() {
            self.notes.push("the master key is set directly (kms.secrets.master_key): keep it yourself".to_owned());
        }
    }
}

/// A folder with everything in it.
struct Tree<'a> {
    root: &'a Path,
    left_out: &'a [PathBuf],
    is_outside: bool,
}

/// Whole paths of what is left out.
fn left_out(settings: &Settings, database: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = LEFT_OUT_FOLDERS.iter().chain(&LEFT_OUT_FILES).map(|name| settings.resolve(name)).collect();
    paths.push(settings.resolve(&settings.data_provider.backups_path));
    paths.push(settings.resolve(&settings.backup.directory));
    if !settings.log.file_path.is_empty() {
        paths.push(settings.resolve(&settings.log.file_path));
    }
    let database = settings.resolve(database);
    let folder = database.parent().map(Path::to_owned).unwrap_or_default();
    let main = database.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
    let is_database = |name: &str| {
        name == main || is_companion(&main, name) || COMPANIONS.iter().any(|other| name == *other || is_companion(other, name))
    };
    paths.extend(beside.filter(|entry| is_database(&entry.file_name().to_string_lossy())).map(|entry| entry.path()));
    // The passphrase of backups inside a backup would be of use to nobody but a thief of its plain text.
    if !settings.backup.passphrase_file.is_empty() {
        paths.push(settings.resolve(&settings.backup.passphrase_file));
    }
    paths
}

fn is_left_out(name: &str) -> bool {
    name.ends_with(".new") || name.starts_with(PASSPHRASES)
}

fn is_staged(name: &str) -> bool {
    name.starts_with(STAGED)
}

/// Files outside of the data folder that the settings name, and those that they stand in.
fn outside(settings: &Settings, configuration: &[PathBuf]) -> Vec<PathBuf> {
    let httpd = &settings.httpd;
    let mut names: Vec<&str> = Vec::new();
    names.extend(settings.sftpd.host_keys.iter().map(String::as_str));
    names.extend(settings.sftpd.host_certificates.iter().map(String::as_str));
    names.extend(httpd.ca_certificates.iter().chain(&httpd.ca_revocation_lists).map(String::as_str));
    names.extend([httpd.certificate_file.as_str(), &httpd.certificate_key_file]);
    for binding in &httpd.bindings {
        names.extend([binding.certificate_file.as_str(), &binding.certificate_key_file]);
    }
    names.extend([settings.telemetry.certificate_file.as_str(), &settings.telemetry.certificate_key_file]);
    names.push(&settings.telemetry.auth_user_file);
    names.extend(settings.sftpd.trusted_user_ca_keys.iter().map(String::as_str));
    names.extend([settings.sftpd.revoked_user_certs_file.as_str(), &settings.sftpd.login_banner_file]);
    names.extend([httpd.signing_passphrase_file.as_str(), settings.hook.share_legal_tmpl_path.trim()]);
    let named = names.into_iter().filter(|name| !name.is_empty()).map(|name| settings.resolve(name));
    // Settings that were read from a file of their own count among the configuration: master keys must not.
    let secrets = &settings.kms.secrets;
    let keys = [&secrets.master_key_path, &secrets.additional_master_keys_path].map(|name| settings.resolve(name));
    configuration.iter().cloned().chain(named).filter(|path| !keys.contains(path)).collect()
}

/// Folders that the settings name: certificates with the account at their authority, and texts of mails.
fn outside_folders(settings: &Settings) -> Vec<PathBuf> {
    let mails = settings.smtp.templates_path.trim();
    let mails = (!mails.is_empty()).then(|| settings.resolve(mails).join("email"));
    [settings.resolve(&settings.acme.certs_path)].into_iter().chain(mails).collect()
}

#[cfg(test)]
mod tests {
    use entrepot_config::Sources;

    use super::*;

    fn place(folder: &Path, name: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, name).expect("written");
    }

    // BKP-001
    #[test]
    fn settings_and_keys_are_in_it_and_files_of_users_are_not() {
        let (folder, elsewhere) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
        let data = folder.path();
        let kept =
            ["certificates/self-signed.key", "certs/a.example.crt", "entrepot.toml", "env.d/x.env", "id_ed25519", "id_rsa.pub"];
        let left = [
            "entrepot.db",
            "entrepot.db-wal",
            "entrepot.db.lock",
            "entrepot.db.backup-v3",
            "events.db",
            "uploads.journal",
            "homes/joe/letter.txt",
            "log/entrepot.log",
            "backups/backup_1.json",
            "ready.json",
            "setup-url",
            ".entrepot-x/y",
            "outside/etc/x",
            "pass",
        ];
        kept.iter().chain(&left).for_each(|name| place(data, name));
        place(elsewhere.path(), "key.pem");
        let file = elsewhere.path().join("entrepot.toml");
        let [key, banner, certs] = ["key.pem", "banner", "acme"].map(|name| elsewhere.path().join(name));
        ["banner", "acme/accounts/x.json", "acme/a.example.key"].iter().for_each(|name| place(elsewhere.path(), name));
        let text = format!(
            "[sftpd]\nhost_keys = [\"id_ed25519\", {key:?}]\nlogin_banner_file = {banner:?}\n[acme]\ncerts_path = {certs:?}\n\
             [backup]\nat = \"03:00\"\npassphrase_file = \"pass\"\n"
        );
        fs::write(&file, text).expect("written");
        let sources = Sources { config_file: Some(file.clone()), ..Sources::new(data) };
        let settings = entrepot_config::load(sources).expect("settings").settings;
        let contents = Contents::of(&settings, std::slice::from_ref(&file)).expect("looked");
        let inside: Vec<_> = contents.members.iter().filter(|member| !member.is_outside).map(|member| &member.path).collect();
        assert_eq!(inside, kept.iter().map(Path::new).collect::<Vec<_>>());
        let mut outside: Vec<_> =
            contents.members.iter().filter(|member| member.is_outside).map(|member| member.source.clone()).collect();
        outside.sort();
        let mut wanted = vec![file.clone(), key, banner, certs.join("accounts/x.json"), certs.join("a.example.key")];
        wanted.sort();
        assert_eq!(outside, wanted);
        let is_whole = |member: &Member| Path::new("/").join(&member.path) == member.source;
        assert!(contents.members.iter().filter(|member| member.is_outside).all(is_whole), "{contents:?}");
        assert!(contents.notes.iter().any(|note| note.contains("`outside`")), "{:?}", contents.notes);
    }

    // BKP-001
    #[test]
    fn master_key_travels_only_if_it_lies_in_the_data_folder() {
        let (folder, elsewhere) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
        place(folder.path(), "master");
        place(elsewhere.path(), "master");
        let with = |path: &Path| {
            let mut sources = Sources::new(folder.path());
            sources.overrides.push(("kms.secrets.master_key_path".to_owned(), path.to_str().expect("a path").into()));
            let loaded = entrepot_config::load(sources).expect("settings");
            Contents::of(&loaded.settings, &crate::backup::configuration_files(&loaded)).expect("looked")
        };
        let inside = with(&folder.path().join("master"));
        assert!(inside.members.iter().any(|member| member.path == Path::new("master")) && inside.notes.is_empty());
        let outside = with(&elsewhere.path().join("master"));
        assert!(outside.members.iter().all(|member| !member.is_outside), "{outside:?}");
        assert!(outside.notes.iter().any(|note| note.contains("keep it yourself")), "{outside:?}");
    }
}
