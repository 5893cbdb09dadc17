//! Section `acme` (CFG-049..058).

use super::build::{int, list, port, text};
use super::{Check, Setting};

const KEY_TYPES: &[&str] = &["2048", "3072", "4096", "8192", "P256", "P384"];

#[rustfmt::skip]
pub(super) const ACME: &[Setting] = &[
    list("acme.domains", &[], "Certificates to obtain: the names of each, separated by commas or spaces; empty is off."),
    text("acme.email", "", "Address that the certificate authority may write to."),
    text("acme.key_type", "4096", "Kind of the keys of certificates: bits of RSA, or P256 or P384.").texts(KEY_TYPES),
    text("acme.certs_path", "certs", "Folder of accounts, certificates and their keys.").check(Check::NotEmpty),
    text("acme.ca_endpoint", "https://acme-v02.api.letsencrypt.org/directory", "Address of the directory of the certificate authority.").check(Check::NotEmpty),
    int("acme.renew_days", 30, "A certificate is renewed when fewer days are left.").range(1, 3650),
    port("acme.http01_challenge.port", 80, "Port where HTTP-01 is answered, if no binding of `httpd` has it; 0 without webroot turns HTTP-01 off."),
    text("acme.http01_challenge.proxy_header", "", "Header that a proxy puts the host name in; empty is Host."),
    text("acme.http01_challenge.webroot", "", "Folder of another web server where answers to HTTP-01 are written instead.").check(Check::AbsolutePath),
    port("acme.tls_alpn01_challenge.port", 0, "Port where TLS-ALPN-01 is answered, if no HTTPS binding has it; 0 turns it off."),
];
