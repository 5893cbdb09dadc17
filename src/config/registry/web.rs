//! Sections `httpd` and `http`.

use super::build::{bool, float, int, list, port, size, text};
use super::{Check, Setting};

const LANGUAGES: &[&str] = &["en", "it", "de", "fr", "es", "hu", "zh-CN"];

/// `httpd.bindings[]` (CFG-191..213, 227..245, 348).
#[rustfmt::skip]
pub(super) const BINDINGS: &[Setting] = &[
    port("httpd.bindings[].port", 8080, "Port of the HTTP server; 0 turns the binding off."),
    text("httpd.bindings[].address", "", "Address or absolute path of a unix socket; empty is all addresses.").check(Check::Address),
    bool("httpd.bindings[].enable_web_admin", true, "Serves the pages of administrators."),
    bool("httpd.bindings[].enable_web_client", true, "Serves the pages of users."),
    bool("httpd.bindings[].enable_rest_api", true, "Serves the REST interface."),
    int("httpd.bindings[].enabled_login_methods", 0, "Former form of the next setting; bits 1 OIDC admin, 2 OIDC client, 4 form admin, 8 form client; 0 is all.").range(0, 15),
    int("httpd.bindings[].disabled_login_methods", 0, "Bits: 1 OIDC admin, 2 OIDC client, 4 form admin, 8 form client, 16 admin token, 32 user token, 64 admin API key, 128 user API key.").range(0, 255),
    bool("httpd.bindings[].enable_https", false, "Serves HTTPS; needs a certificate, of its own, global or self-signed."),
    bool("httpd.bindings[].self_signed", false, "Makes a self-signed certificate where none is configured."),
    bool("httpd.bindings[].redirect_to_https", false, "Answers every request with a redirect to the first HTTPS binding."),
    text("httpd.bindings[].certificate_file", "", "Certificate of the binding."),
    text("httpd.bindings[].certificate_key_file", "", "Key of the certificate."),
    bool("httpd.bindings[].disable_auto_tls", false, "Certificates obtained automatically are not used for this binding."),
    int("httpd.bindings[].min_tls_version", 12, "Oldest TLS version: 10, 11, 12 or 13; below 12 means 12.").ints(&[10, 11, 12, 13]),
    int("httpd.bindings[].client_auth_type", 0, "1 requires a client certificate.").range(0, 1),
    list("httpd.bindings[].tls_cipher_suites", &[], "Cipher suites up to TLS 1.2, most wanted first."),
    list("httpd.bindings[].tls_protocols", &["http/1.1", "h2"], "Protocols offered by ALPN.").check(Check::EachText(&["http/1.1", "h2"])),
    int("httpd.bindings[].proxy_mode", 0, "1 applies the PROXY protocol settings of `common`.").range(0, 1),
    list("httpd.bindings[].proxy_allowed", &[], "Proxies whose headers are trusted.").check(Check::Networks),
    text("httpd.bindings[].client_ip_proxy_header", "", "Header with the address of the client, for instance X-Forwarded-For."),
    int("httpd.bindings[].client_ip_header_depth", 0, "Position of the address in the header from the right; -1 is the leftmost.").range(-1, 100),
    int("httpd.bindings[].hide_login_url", 0, "Bits that hide links on login pages: 1 to the administrators', 2 to the users'.").range(0, 3),
    bool("httpd.bindings[].render_openapi", true, "Serves the description of the REST interface."),
    text("httpd.bindings[].base_url", "", "Address of the server as clients see it, used in links."),
    list("httpd.bindings[].languages", &["en"], "Languages of the pages.").check(Check::EachText(LANGUAGES)),
    int("httpd.bindings[].upload_chunk_size", 8, "MB of a chunk of a resumable upload from the browser; 0 turns them off.").range(0, 1024),
    bool("httpd.bindings[].security.enabled", true, "Turns the settings of this group on."),
    list("httpd.bindings[].security.allowed_hosts", &[], "Host names under which requests are answered; empty is all."),
    bool("httpd.bindings[].security.allowed_hosts_are_regex", false, "The host names are regular expressions.").refused(),
    list("httpd.bindings[].security.hosts_proxy_headers", &[], "Headers of a proxy that carry the host name."),
    bool("httpd.bindings[].security.https_redirect", false, "Redirects HTTP to HTTPS."),
    text("httpd.bindings[].security.https_host", "", "Host name of such redirects; empty is that of the request."),
    text("httpd.bindings[].security.https_proxy_headers[].key", "", "Header by which a proxy tells that the client uses HTTPS."),
    text("httpd.bindings[].security.https_proxy_headers[].value", "", "Value of that header."),
    int("httpd.bindings[].security.sts_seconds", 0, "Seconds of Strict-Transport-Security; 0 is no header."),
    bool("httpd.bindings[].security.sts_include_subdomains", false, "Strict-Transport-Security covers subdomains."),
    bool("httpd.bindings[].security.sts_preload", false, "Strict-Transport-Security allows preloading."),
    bool("httpd.bindings[].security.content_type_nosniff", true, "Sends X-Content-Type-Options: nosniff."),
    text("httpd.bindings[].security.content_security_policy", "", "Content-Security-Policy; empty is the strict one of the pages."),
    text("httpd.bindings[].security.permissions_policy", "", "Permissions-Policy."),
    text("httpd.bindings[].security.cross_origin_opener_policy", "same-origin", "Cross-Origin-Opener-Policy."),
    text("httpd.bindings[].security.cross_origin_resource_policy", "same-origin", "Cross-Origin-Resource-Policy."),
    text("httpd.bindings[].security.cross_origin_embedder_policy", "", "Cross-Origin-Embedder-Policy."),
    text("httpd.bindings[].security.referrer_policy", "same-origin", "Referrer-Policy."),
    text("httpd.bindings[].security.cache_control", "", "`private` keeps dynamic pages out of caches.").texts(&["", "private"]),
    text("httpd.bindings[].wopi.server_url", "", "Address of an office server (Collabora Online, ONLYOFFICE) in which documents are edited; empty is none."),
    text("httpd.bindings[].wopi.callback_url", "", "Address under which the office server reaches this binding; needed with server_url."),
    list("httpd.bindings[].wopi.allowed_from", &[], "Networks of the office server; empty is any.").check(Check::Networks),
    bool("httpd.bindings[].wopi.skip_proof_key_verify", false, "Requests of the office server are taken without the signature that proves where they come from."),
    list("httpd.bindings[].wopi.skipped_extensions", &[], "Endings of names that are never opened in the office server."),
    int("httpd.bindings[].wopi.max_users", 0, "Number of users within 30 days that may open documents in the office server; 0 is any."),
];

/// The rest of section `httpd` (CFG-254..273).
#[rustfmt::skip]
pub(super) const HTTPD: &[Setting] = &[
    text("httpd.templates_path", "templates", "Accepted; pages are built in.").ignored(),
    text("httpd.static_files_path", "static", "Accepted; static files are built in.").ignored(),
    text("httpd.openapi_path", "openapi", "Accepted; the description of the REST interface is built in.").ignored(),
    text("httpd.web_root", "", "Absolute prefix of the paths of pages.").check(Check::AbsolutePath).refused(),
    text("httpd.certificate_file", "", "Certificate of HTTPS bindings without one of their own."),
    text("httpd.certificate_key_file", "", "Key of the certificate."),
    list("httpd.ca_certificates", &[], "Authorities of client certificates."),
    list("httpd.ca_revocation_lists", &[], "Revocation lists of the authorities."),
    text("httpd.signing_passphrase", "", "Source of the key that signs tokens; empty uses keys kept in the database.").secret(),
    text("httpd.signing_passphrase_file", "", "File with the source of the key, which wins."),
    int("httpd.token_validation", 0, "Bits: 1 tokens are not bound to the address, 2 they end with any change of the account.").range(0, 3).hot(),
    int("httpd.cookie_lifetime", 20, "Minutes of a login cookie, at most 720.").range(1, 720).repaired().hot(),
    int("httpd.share_cookie_lifetime", 120, "Minutes of a cookie of a share, at most 720.").range(1, 720).repaired().hot(),
    int("httpd.jwt_lifetime", 20, "Minutes of a REST token, at most 720.").range(1, 720).repaired().hot(),
    int("httpd.wopi_token_lifetime", 360, "Minutes that a document stays open in the office server without being opened again, at most 720.").range(1, 720).repaired().hot(),
    size("httpd.max_upload_file_size", 0, "Largest upload in one HTTP request in bytes; 0 is any.").hot(),
    text("httpd.setup.installation_code", "", "Code asked for by the setup page, beside its token.").secret(),
    text("httpd.setup.installation_code_hint", "Installation code", "Label of the code.").check(Check::NotEmpty).repaired(),
    bool("httpd.hide_support_link", false, "Accepted; there is no such link.").ignored(),
];

/// Section `http` (CFG-283, 287, 290, 364): what this server asks others over HTTP.
#[rustfmt::skip]
pub(super) const HTTP: &[Setting] = &[
    float("http.timeout", 20.0, "Seconds that another server may take to answer, between 1 and 120.").range(1, 120).hot(),
    list("http.ca_certificates", &[], "Files of authorities that are trusted beside those of the system.").hot(),
    bool("http.skip_tls_verify", false, "Takes any certificate of another server.").hot(),
    text("http.skip_tls_verify_for_urls[].url", "", "Beginning of addresses whose servers may show any certificate.").hot(),
];
