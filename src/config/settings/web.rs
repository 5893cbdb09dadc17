//! Sections `httpd` and `http`.

use ipnet::IpNet;
use serde::Deserialize;

use super::SecretText;

/// Section `httpd`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Httpd {
    /// A listener of the HTTP server.
    pub bindings: Vec<HttpBinding>,
    /// Accepted; pages are built in.
    pub templates_path: String,
    /// Accepted; static files are built in.
    pub static_files_path: String,
    /// Accepted; the description of the REST interface is built in.
    pub openapi_path: String,
    /// Absolute prefix of the paths of pages.
    pub web_root: String,
    /// Certificate of HTTPS bindings without one of their own.
    pub certificate_file: String,
    /// Key of the certificate.
    pub certificate_key_file: String,
    /// Authorities of client certificates.
    pub ca_certificates: Vec<String>,
    /// Revocation lists of the authorities.
    pub ca_revocation_lists: Vec<String>,
    /// Source of the key that signs tokens; empty uses keys kept in the database.
    pub signing_passphrase: SecretText,
    /// File with the source of the key, which wins.
    pub signing_passphrase_file: String,
    /// Bits: 1 tokens are not bound to the address, 2 they end with any change of the account.
    pub token_validation: u32,
    /// Minutes of a login cookie, at most 720.
    pub cookie_lifetime: u32,
    /// Minutes of a cookie of a share, at most 720.
    pub share_cookie_lifetime: u32,
    /// Minutes of a REST token, at most 720.
    pub jwt_lifetime: u32,
    /// Minutes that a document stays open in the office server without being opened again, at most 720.
    pub wopi_token_lifetime: u32,
    /// Largest upload in one HTTP request in bytes; 0 is any.
    pub max_upload_file_size: i64,
    /// The setup page.
    pub setup: Setup,
    /// Accepted; there is no such link.
    pub hide_support_link: bool,
}

/// A listener of the HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpBinding {
    /// Port of the HTTP server; 0 turns the binding off.
    pub port: u16,
    /// Address or absolute path of a unix socket; empty is all addresses.
    pub address: String,
    /// Serves the pages of administrators.
    pub enable_web_admin: bool,
    /// Serves the pages of users.
    pub enable_web_client: bool,
    /// Serves the REST interface.
    pub enable_rest_api: bool,
    /// Former form of the next setting; bits 1 OIDC admin, 2 OIDC client, 4 form admin, 8 form client; 0 is all.
    pub enabled_login_methods: u32,
    /// Bits: 1 OIDC admin, 2 OIDC client, 4 form admin, 8 form client, 16 admin token, 32 user token, 64 admin API key, 128 user API key.
    pub disabled_login_methods: u32,
    /// Serves HTTPS; needs a certificate, of its own, global or self-signed.
    pub enable_https: bool,
    /// Makes a self-signed certificate where none is configured.
    pub self_signed: bool,
    /// Answers every request with a redirect to the first HTTPS binding.
    pub redirect_to_https: bool,
    /// Certificate of the binding.
    pub certificate_file: String,
    /// Key of the certificate.
    pub certificate_key_file: String,
    /// Certificates obtained automatically are not used for this binding.
    pub disable_auto_tls: bool,
    /// Oldest TLS version: 10, 11, 12 or 13; below 12 means 12.
    pub min_tls_version: u32,
    /// 1 requires a client certificate.
    pub client_auth_type: u32,
    /// Cipher suites up to TLS 1.2, most wanted first.
    pub tls_cipher_suites: Vec<String>,
    /// Protocols offered by ALPN.
    pub tls_protocols: Vec<String>,
    /// 1 applies the PROXY protocol settings of `common`.
    pub proxy_mode: u32,
    /// Proxies whose headers are trusted.
    #[serde(deserialize_with = "super::networks")]
    pub proxy_allowed: Vec<IpNet>,
    /// Header with the address of the client, for instance X-Forwarded-For.
    pub client_ip_proxy_header: String,
    /// Position of the address in the header from the right; -1 is the leftmost.
    pub client_ip_header_depth: i32,
    /// Bits that hide links on login pages: 1 to the administrators', 2 to the users'.
    pub hide_login_url: u32,
    /// Serves the description of the REST interface.
    pub render_openapi: bool,
    /// Address of the server as clients see it, used in links.
    pub base_url: String,
    /// Languages of the pages.
    pub languages: Vec<String>,
    /// MB of a chunk of a resumable upload from the browser; 0 turns them off.
    pub upload_chunk_size: u32,
    /// Hosts, redirects and headers of a binding.
    pub security: Security,
    /// The office server in which documents are edited.
    pub wopi: Wopi,
}

/// The office server in which documents are edited.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wopi {
    /// Its address; empty is none.
    pub server_url: String,
    /// Address under which it reaches this binding.
    pub callback_url: String,
    /// Its networks; empty is any.
    #[serde(deserialize_with = "super::networks")]
    pub allowed_from: Vec<IpNet>,
    /// Requests are taken without the signature that proves where they come from.
    pub skip_proof_key_verify: bool,
    /// Endings of names that are never opened in it.
    pub skipped_extensions: Vec<String>,
    /// Number of users within 30 days that may open documents; 0 is any.
    pub max_users: u32,
}

impl Wopi {
    /// Whether documents can be opened (API-234).
    pub fn is_on(&self) -> bool {
        !self.server_url.is_empty() && !self.callback_url.is_empty()
    }
}

/// Section `http`: what this server asks others over HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Seconds that another server may take to answer.
    pub timeout: f64,
    /// Files of authorities that are trusted beside those of the system.
    pub ca_certificates: Vec<String>,
    /// Takes any certificate of another server.
    pub skip_tls_verify: bool,
    /// Servers that may show any certificate.
    pub skip_tls_verify_for_urls: Vec<UrlPrefix>,
}

impl Http {
    /// Whether the server at `url` may show any certificate (CFG-364).
    pub fn takes_any_certificate(&self, url: &str) -> bool {
        let named = self.skip_tls_verify_for_urls.iter().any(|entry| !entry.url.is_empty() && url.starts_with(&entry.url));
        named || self.skip_tls_verify
    }
}

/// The beginning of addresses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UrlPrefix {
    /// Beginning of addresses whose servers may show any certificate.
    pub url: String,
}

/// Hosts, redirects and headers of a binding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Turns the settings of this group on.
    pub enabled: bool,
    /// Host names under which requests are answered; empty is all.
    pub allowed_hosts: Vec<String>,
    /// The host names are regular expressions.
    pub allowed_hosts_are_regex: bool,
    /// Headers of a proxy that carry the host name.
    pub hosts_proxy_headers: Vec<String>,
    /// Redirects HTTP to HTTPS.
    pub https_redirect: bool,
    /// Host name of such redirects; empty is that of the request.
    pub https_host: String,
    /// A header and its value.
    pub https_proxy_headers: Vec<HeaderValue>,
    /// Seconds of Strict-Transport-Security; 0 is no header.
    pub sts_seconds: u32,
    /// Strict-Transport-Security covers subdomains.
    pub sts_include_subdomains: bool,
    /// Strict-Transport-Security allows preloading.
    pub sts_preload: bool,
    /// Sends X-Content-Type-Options: nosniff.
    pub content_type_nosniff: bool,
    /// Content-Security-Policy; empty is the strict one of the pages.
    pub content_security_policy: String,
    /// Permissions-Policy.
    pub permissions_policy: String,
    /// Cross-Origin-Opener-Policy.
    pub cross_origin_opener_policy: String,
    /// Cross-Origin-Resource-Policy.
    pub cross_origin_resource_policy: String,
    /// Cross-Origin-Embedder-Policy.
    pub cross_origin_embedder_policy: String,
    /// Referrer-Policy.
    pub referrer_policy: String,
    /// `private` keeps dynamic pages out of caches.
    pub cache_control: String,
}

/// A header and its value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderValue {
    /// Header by which a proxy tells that the client uses HTTPS.
    pub key: String,
    /// Value of that header.
    pub value: String,
}

/// The setup page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Code asked for by the setup page, beside its token.
    pub installation_code: SecretText,
    /// Label of the code.
    pub installation_code_hint: String,
}
