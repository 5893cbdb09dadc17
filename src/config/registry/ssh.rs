//! Section `sftpd`.

use super::build::{bool, int, list, port, text};
use super::{Check, Setting};

/// The SSH commands that can be enabled; `*` is all of them.
pub(super) const DEFAULT_COMMANDS: &[&str] = &["md5sum", "sha1sum", "sha256sum", "cd", "pwd", "scp"];

/// Section `sftpd` (CFG-059..078, 338).
#[rustfmt::skip]
pub(super) const SFTPD: &[Setting] = &[
    port("sftpd.bindings[].port", 2022, "Port of the SSH server; 0 turns the binding off.").hot(),
    text("sftpd.bindings[].address", "", "Address to listen on; empty is all.").check(Check::Address).hot(),
    bool("sftpd.bindings[].apply_proxy_config", true, "Whether the PROXY protocol settings of `common` apply.").hot(),
    int("sftpd.max_auth_tries", 0, "Authentication attempts per connection; 0 is 6, a negative number no limit.").range(-1, 1000).hot(),
    list("sftpd.host_keys", &[], "Files of the host keys; empty makes id_ed25519 and id_rsa in the data folder, and uses id_ecdsa if it is there."),
    list("sftpd.host_certificates", &[], "Files of host certificates."),
    list("sftpd.host_key_algorithms", &[], "Host key algorithms offered; empty is a safe choice, `+name` adds to it."),
    list("sftpd.kex_algorithms", &[], "Key exchange algorithms; empty is a safe choice, `+name` adds to it."),
    int("sftpd.min_dh_group_exchange_key_size", 2048, "Smallest modulus of the group exchange in bits.").ints(&[2048, 3072]),
    list("sftpd.ciphers", &[], "Ciphers; empty is a safe choice, `+name` adds to it."),
    list("sftpd.macs", &[], "Message authentication codes; empty is a safe choice, `+name` adds to it."),
    list("sftpd.public_key_algorithms", &[], "Algorithms of client keys that are accepted; empty is a safe choice, `+name` adds to it."),
    list("sftpd.trusted_user_ca_keys", &[], "Files of the public keys of authorities that sign client keys."),
    text("sftpd.revoked_user_certs_file", "", "JSON file with the fingerprints of revoked client certificates.").hot(),
    text("sftpd.opkssh_path", "", "Absolute path of the opkssh program, which says whose certificates count; excludes `trusted_user_ca_keys`.").check(Check::AbsolutePath),
    text("sftpd.opkssh_checksum", "", "SHA-256 of the opkssh program in hexadecimal; empty is not compared."),
    text("sftpd.login_banner_file", "", "File with the text shown before the login."),
    list("sftpd.enabled_ssh_commands", DEFAULT_COMMANDS, "SSH commands that clients may run; `*` is all.").hot(),
    bool("sftpd.keyboard_interactive_authentication", true, "Offers keyboard-interactive authentication."),
    text("sftpd.keyboard_interactive_auth_hook", "", "Program or URL that leads the keyboard-interactive conversation.").refused(),
    bool("sftpd.password_authentication", true, "Offers password authentication."),
];
