//! Event actions: a form for every type, and their names in rules.

use entrepot_core::{
    Core, Result,
    admin::{AdminSession, ListOptions, Sort, event_actions},
};
use entrepot_model::{AdminPermission as P, BaseEventAction};
use serde_json::{Value, json};

use super::{
    cells::{self, Cell},
    fields::{Card, Field, Kind, Lists},
    object::{Column, Filter, Object, Rights, names},
};
use crate::frame::{Form, Look};

/// Types, in the order of the menu.
const TYPES: [(i64, &str); 18] = [
    (1, "act_http"),
    (3, "act_email"),
    (2, "act_command"),
    (9, "act_files"),
    (8, "act_retention"),
    (4, "act_backup"),
    (5, "act_user_quota"),
    (6, "act_folder_quota"),
    (7, "act_transfer_quota"),
    (11, "act_password"),
    (12, "act_user_expiration"),
    (14, "act_inactivity"),
    (18, "act_shares"),
    (19, "act_report"),
    (13, "act_idp"),
    (16, "act_imap"),
    (17, "act_icap"),
    (15, "act_logs"),
];
const PAIRS: [Field; 2] = [Field::new("key", Kind::Text).named("pair_name"), Field::new("value", Kind::Text).named("pair_value")];
const PARTS: [Field; 3] =
    [Field::new("name", Kind::Text).named("pair_name"), Field::new("filepath", Kind::Code), Field::new("body", Kind::Text)];
const RENAMES: [Field; 3] = [
    Field::new("key", Kind::Code).named("from_path"),
    Field::new("value", Kind::Code).named("to_path"),
    Field::new("update_modtime", Kind::Tick),
];
const COPIES: [Field; 2] = [Field::new("key", Kind::Code).named("from_path"), Field::new("value", Kind::Code).named("to_path")];
const RETENTION: [Field; 3] =
    [Field::new("path", Kind::Code), Field::new("retention", Kind::Number("hours")), Field::new("delete_empty_dirs", Kind::Tick)];
const METHODS: [&str; 6] = ["POST", "GET", "PUT", "DELETE", "PATCH", "HEAD"];
pub(super) const FS_TYPES: [(i64, &str); 10] = [
    (0, "none"),
    (1, "fs_rename"),
    (2, "fs_delete"),
    (3, "fs_mkdirs"),
    (4, "fs_exist"),
    (5, "fs_compress"),
    (6, "fs_copy"),
    (9, "fs_decompress"),
    (7, "fs_pgp"),
    (8, "fs_metadata"),
];
const PGP_MODES: [(i64, &str); 3] = [(0, "none"), (1, "pgp_encrypt"), (2, "pgp_decrypt")];
const PGP_PROFILES: [(i64, &str); 3] = [(0, "pgp_usual"), (1, "pgp_4880"), (2, "pgp_9580")];
const STATUSES: [(i64, &str); 3] = [(1, "status_ok"), (2, "status_failed"), (3, "status_quota")];

macro_rules! at {
    ($config:literal, $name:literal) => {
        concat!("options.", $config, ".", $name)
    };
}

const FIELDS: &[Field] = &[
    Field::new("type", Kind::Variants(&TYPES)).named("action_type"),
    Field::new(at!("http_config", "endpoint"), Kind::Code).named("url").of_variant(1),
    Field::new(at!("http_config", "method"), Kind::Choice(&METHODS)).of_variant(1),
    Field::new(at!("http_config", "username"), Kind::Text).named("remote_username").of_variant(1),
    Field::new(at!("http_config", "password"), Kind::Secret).named("remote_password").of_variant(1),
    Field::new(at!("http_config", "headers"), Kind::Rows(&PAIRS)).of_variant(1),
    Field::new(at!("http_config", "query_parameters"), Kind::Rows(&PAIRS)).of_variant(1),
    Field::new(at!("http_config", "body"), Kind::Area).of_variant(1),
    Field::new(at!("http_config", "parts"), Kind::Rows(&PARTS)).of_variant(1),
    Field::new(at!("http_config", "timeout"), Kind::Number("seconds")).of_variant(1),
    Field::new(at!("http_config", "skip_tls_verify"), Kind::Tick).of_variant(1),
    Field::new(at!("cmd_config", "cmd"), Kind::Code).of_variant(2),
    Field::new(at!("cmd_config", "args"), Kind::Lines).of_variant(2),
    Field::new(at!("cmd_config", "env_vars"), Kind::Rows(&PAIRS)).of_variant(2),
    Field::new(at!("cmd_config", "timeout"), Kind::Number("seconds")).of_variant(2),
    Field::new(at!("email_config", "recipients"), Kind::Lines).of_variant(3),
    Field::new(at!("email_config", "bcc"), Kind::Lines).of_variant(3),
    Field::new(at!("email_config", "subject"), Kind::Text).of_variant(3),
    Field::new(at!("email_config", "content_type"), Kind::Numbers(&[(0, "mail_text"), (1, "mail_html")])).of_variant(3),
    Field::new(at!("email_config", "body"), Kind::Area).of_variant(3),
    Field::new(at!("email_config", "attachments"), Kind::Lines).of_variant(3),
    Field::new(at!("email_config", "attach_event_report"), Kind::Tick).of_variant(3),
    Field::new(at!("retention_config", "folders"), Kind::Rows(&RETENTION)).named("retention_folders").of_variant(8),
    Field::new(at!("retention_config", "archive_folder"), Kind::Suggest("folders")).of_variant(8),
    Field::new(at!("retention_config", "archive_path"), Kind::Code).of_variant(8),
    Field::new(at!("retention_config", "source_folder"), Kind::Suggest("folders")).of_variant(8),
    Field::new(at!("retention_config", "split_reports"), Kind::Tick).of_variant(8),
    Field::new(at!("retention_config", "dry_run"), Kind::Tick).of_variant(8),
    Field::new(at!("fs_config", "type"), Kind::Numbers(&FS_TYPES)).named("fs_type").of_variant(9),
    Field::new(at!("fs_config", "renames"), Kind::Rows(&RENAMES)).of_variant(9),
    Field::new(at!("fs_config", "deletes"), Kind::Lines).of_variant(9),
    Field::new(at!("fs_config", "mkdirs"), Kind::Lines).of_variant(9),
    Field::new(at!("fs_config", "exist"), Kind::Lines).of_variant(9),
    Field::new(at!("fs_config", "copy"), Kind::Rows(&COPIES)).of_variant(9),
    Field::new(at!("fs_config", "compress.name"), Kind::Code).named("archive_name").of_variant(9),
    Field::new(at!("fs_config", "compress.paths"), Kind::Lines).named("archive_paths").of_variant(9),
    Field::new(at!("fs_config", "decompress.name"), Kind::Code).named("extract_name").of_variant(9),
    Field::new(at!("fs_config", "decompress.extract_dir"), Kind::Code).of_variant(9),
    Field::new(at!("fs_config", "pgp.mode"), Kind::Numbers(&PGP_MODES)).named("pgp_mode").of_variant(9),
    Field::new(at!("fs_config", "pgp.profile"), Kind::Numbers(&PGP_PROFILES)).named("pgp_profile").of_variant(9),
    Field::new(at!("fs_config", "pgp.paths"), Kind::Rows(&COPIES)).named("pgp_paths").of_variant(9),
    Field::new(at!("fs_config", "pgp.password"), Kind::Secret).named("pgp_password").of_variant(9),
    Field::new(at!("fs_config", "pgp.private_key"), Kind::Secret).named("pgp_private_key").of_variant(9),
    Field::new(at!("fs_config", "pgp.passphrase"), Kind::Secret).named("key_passphrase").of_variant(9),
    Field::new(at!("fs_config", "pgp.public_key"), Kind::Area).named("pgp_public_key").of_variant(9),
    Field::new(at!("fs_config", "metadata_check.path"), Kind::Code).named("metadata_path").of_variant(9),
    Field::new(at!("fs_config", "metadata_check.metadata.key"), Kind::Text).named("metadata_key").of_variant(9),
    Field::new(at!("fs_config", "metadata_check.metadata.value"), Kind::Text).named("metadata_value").of_variant(9),
    Field::new(at!("fs_config", "metadata_check.timeout"), Kind::Number("seconds")).of_variant(9),
    Field::new(at!("fs_config", "folder"), Kind::Suggest("folders")).named("source_folder").of_variant(9),
    Field::new(at!("fs_config", "target_folder"), Kind::Suggest("folders")).of_variant(9),
    Field::new(at!("fs_config", "continue_on_error"), Kind::Tick).of_variant(9),
    Field::new(at!("pwd_expiration_config", "threshold"), Kind::Number("days")).of_variant(11),
    Field::new(at!("idp_config", "mode"), Kind::Numbers(&[(0, "idp_add_update"), (1, "idp_add")]))
        .named("idp_mode")
        .of_variant(13),
    Field::new(at!("idp_config", "template_user"), Kind::Area).of_variant(13),
    Field::new(at!("idp_config", "template_admin"), Kind::Area).of_variant(13),
    Field::new(at!("user_inactivity_config", "disable_threshold"), Kind::Number("days")).of_variant(14),
    Field::new(at!("user_inactivity_config", "delete_threshold"), Kind::Number("days")).of_variant(14),
    Field::new(at!("imap_config", "endpoint"), Kind::Code).of_variant(16),
    Field::new(at!("imap_config", "username"), Kind::Text).named("remote_username").of_variant(16),
    Field::new(at!("imap_config", "password"), Kind::Secret).named("remote_password").of_variant(16),
    Field::new(at!("imap_config", "auth_type"), Kind::Number("plain")).of_variant(16),
    Field::new(at!("imap_config", "mailbox"), Kind::Text).of_variant(16),
    Field::new(at!("imap_config", "path"), Kind::Code).named("imap_path").of_variant(16),
    Field::new(at!("imap_config", "target_folder"), Kind::Suggest("folders")).of_variant(16),
    Field::new(at!("imap_config", "post_process_action"), Kind::Number("plain")).of_variant(16),
    Field::new(at!("icap_config", "endpoint"), Kind::Code).of_variant(17),
    Field::new(at!("icap_config", "method"), Kind::Choice(&["REQMOD", "RESPMOD"])).of_variant(17),
    Field::new(at!("icap_config", "paths"), Kind::Lines).named("archive_paths").of_variant(17),
    Field::new(at!("icap_config", "headers"), Kind::Rows(&PAIRS)).of_variant(17),
    Field::new(at!("icap_config", "timeout"), Kind::Number("seconds")).of_variant(17),
    Field::new(at!("icap_config", "skip_tls_verify"), Kind::Tick).of_variant(17),
    Field::new(at!("icap_config", "block_action"), Kind::Number("plain")).of_variant(17),
    Field::new(at!("icap_config", "adapt_action"), Kind::Number("plain")).of_variant(17),
    Field::new(at!("icap_config", "failure_policy"), Kind::Number("plain")).of_variant(17),
    Field::new(at!("icap_config", "quarantine_folder"), Kind::Suggest("folders")).of_variant(17),
    Field::new(at!("icap_config", "quarantine_path"), Kind::Code).of_variant(17),
    Field::new(at!("share_expiration_config", "advance_notice"), Kind::Number("days")).of_variant(18),
    Field::new(at!("share_expiration_config", "grace_period"), Kind::Number("days")).of_variant(18),
    Field::new(at!("share_expiration_config", "inactivity_threshold"), Kind::Number("days")).of_variant(18),
    Field::new(at!("share_expiration_config", "split_events"), Kind::Tick).of_variant(18),
    Field::new(at!("event_report_config", "time_window"), Kind::Number("hours")).of_variant(19),
    Field::new(at!("event_report_config", "fs_actions"), Kind::Picks(&super::event_rules::FS_EVENTS)).of_variant(19),
    Field::new(at!("event_report_config", "statuses"), Kind::Set(&STATUSES)).of_variant(19),
    Field::new(at!("event_report_config", "split_reports"), Kind::Tick).of_variant(19),
];
const BASICS: [Field; 1] = [Field::new("description", Kind::Area)];
const CREATE: &[Field] = &{
    let mut all = [Field::new("name", Kind::Text).named("object_name").required(); FIELDS.len() + 1];
    let mut at = 0;
    while at < FIELDS.len() {
        all[at + 1] = FIELDS[at];
        at += 1;
    }
    all
};
const CARDS: [Card; 2] =
    [Card { id: "action", icon: "automation", fields: FIELDS }, Card { id: "basics", icon: "file", fields: &BASICS }];

impl Object for BaseEventAction {
    const ONE: &'static str = "eventaction";
    const MANY: &'static str = "eventactions";
    const PLACE: &'static str = "automation";
    const COLUMNS: &'static [Column] = &[Column::new("type").by(Sort::Kind), Column::new("rules").by_most(Sort::Rules)];
    const FILTERS: &'static [Filter] = &[Filter::Kind(&TYPES), Filter::InUse];
    const CREATE: &'static [Field] = CREATE;

    const HAS_PLACEHOLDERS: bool = true;

    fn cards() -> &'static [Card] {
        &CARDS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn line(&self, look: &Look) -> (String, Vec<Cell>) {
        let label = TYPES.into_iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, label)| label);
        let kind = look.t.find(&format!("option.{label}")).unwrap_or_default();
        let rules: Vec<&str> = self.rules.iter().map(String::as_str).collect();
        (self.description.lines().next().unwrap_or_default().to_owned(), vec![cells::named(kind, self.kind), cells::tags(&rules)])
    }

    fn rights(session: &AdminSession) -> Rights {
        Rights::all(session.may(P::Any))
    }

    fn blank(_: &Core, _: &str) -> Value {
        json!({ "type": 1 })
    }

    async fn lists(core: &Core, session: &AdminSession) -> Lists {
        vec![("folders", names(core, session, "folders").await)]
    }

    async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<Self>> {
        event_actions::list(core, session, options).await
    }

    async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
        event_actions::count(core, session, options).await
    }

    async fn get(core: &Core, session: &AdminSession, name: &str) -> Result<Self> {
        event_actions::get(core, session, name, false).await
    }

    async fn add(self, core: &Core, session: &AdminSession) -> Result<Self> {
        event_actions::add(core, session, self).await
    }

    async fn update(self, core: &Core, session: &AdminSession, name: &str, _: &Form) -> Result<()> {
        event_actions::update(core, session, name, self).await.map(|_| ())
    }

    async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
        event_actions::delete(core, session, name).await
    }
}
