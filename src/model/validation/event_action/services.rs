//! Mailboxes and scanners.

use super::{Checked, Faults, FieldError, NamingRules, folder, headers, missing, paths, text, url};
use crate::{
    event_action::{IcapConfig, ImapConfig, OAuth2Config},
    secret::Secret,
};

const QUARANTINE: i64 = 3;

/// ACT-062, ACT-108
pub(super) fn imap(config: &mut ImapConfig, names: NamingRules) -> Checked {
    let mut faults = Faults::default();
    let field = |member: &str| format!("options.imap_config.{member}");
    faults.set(url(&field("endpoint"), &config.endpoint, &["imap", "imaps"]), &mut config.endpoint);
    if config.username.trim().is_empty() {
        faults.note(Err(missing(&field("username"))));
    }
    faults.note(text::one_of(&field("auth_type"), config.auth_type, 0..=1));
    if config.auth_type == 0 {
        if config.password.is_empty() {
            faults.note(Err(missing(&field("password"))));
        }
        config.oauth2 = OAuth2Config::default();
    } else {
        config.password = Secret::default();
        faults.note(text::one_of(&field("oauth2.provider"), config.oauth2.provider, 0..=1));
        for (member, is_missing) in [
            ("client_id", config.oauth2.client_id.trim().is_empty()),
            ("client_secret", config.oauth2.client_secret.is_empty()),
            ("refresh_token", config.oauth2.refresh_token.is_empty()),
        ] {
            if is_missing {
                faults.note(Err(missing(&field(&format!("oauth2.{member}")))));
            }
        }
    }
    faults.note(text::one_of(&field("post_process_action"), config.post_process_action, 0..=1));
    faults.note(folder(&field("target_folder"), &mut config.target_folder, names));
    if config.path.trim().is_empty() {
        "/".clone_into(&mut config.path);
    } else {
        faults.set(paths::path(&field("path"), &config.path), &mut config.path);
    }
    faults.end()
}

/// ACT-067, ACT-069, ACT-070, ACT-113
pub(super) fn icap(config: &mut IcapConfig, names: NamingRules) -> Checked {
    let mut faults = Faults::default();
    let field = |member: &str| format!("options.icap_config.{member}");
    faults.set(url(&field("endpoint"), &config.endpoint, &["icap", "icaps"]), &mut config.endpoint);
    if config.method.is_empty() {
        "REQMOD".clone_into(&mut config.method);
    }
    if config.method != "REQMOD" {
        faults.note(Err(FieldError::new(field("method"), format!("invalid method {:?}, it must be REQMOD", config.method))));
    }
    faults.note(text::not_negative(&field("timeout"), config.timeout));
    faults.note(headers(&field("headers"), &mut config.headers));
    faults.note(paths::list(&field("paths"), &mut config.paths, paths::path));
    faults.note(text::one_of(&field("block_action"), config.block_action, 1..=3));
    faults.note(text::one_of(&field("adapt_action"), config.adapt_action, 1..=4));
    faults.note(text::one_of(&field("failure_policy"), config.failure_policy, 1..=3));
    faults.note(folder(&field("quarantine_folder"), &mut config.quarantine_folder, names));
    if !config.quarantine_path.trim().is_empty() {
        faults.set(paths::path_or_directory(&field("quarantine_path"), &config.quarantine_path), &mut config.quarantine_path);
    }
    let quarantines = [config.block_action, config.adapt_action, config.failure_policy].contains(&QUARANTINE);
    if quarantines && config.quarantine_folder.is_empty() && config.quarantine_path.trim().is_empty() {
        let message = "options.icap_config: quarantine needs a quarantine_folder or a quarantine_path";
        faults.note(Err(FieldError::new(field("quarantine_path"), message)));
    }
    faults.end()
}
