//! One line per request (LOG-005).

use std::time::Instant;

use actix_web::{
    dev::ServiceRequest,
    http::{StatusCode, header},
};

use crate::{Client, binding::Listener, tls_facts::TlsFacts};

/// The service whose requests have no id in the log.
const TELEMETRY: &str = "telemetry";

/// What the line says about the request, taken before handlers consume it.
pub(crate) struct Line {
    sender: &'static str,
    started: Instant,
    method: String,
    proto: String,
    uri: String,
    user_agent: String,
    tls: Option<TlsFacts>,
    quiet: bool,
}

impl Line {
    pub(crate) fn of(request: &ServiceRequest, sender: &'static str) -> Self {
        let uri = request.uri();
        let scheme = if Listener::of(request).secure { "https" } else { "http" };
        // HTTP/2 has it in the address (RFC 9113 section 8.3.1).
        let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let host = named.or_else(|| uri.authority().map(|authority| authority.as_str())).unwrap_or_default();
        Self {
            sender,
            started: Instant::now(),
            method: request.method().to_string(),
            proto: format!("{:?}", request.version()),
            uri: format!("{scheme}://{host}{}", masked(uri.path(), uri.query())),
            user_agent: request
                .headers()
                .get(header::USER_AGENT)
                .map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned())
                .unwrap_or_default(),
            tls: request.conn_data::<TlsFacts>().cloned(),
            // Health checks come every few seconds and say nothing (API-018).
            quiet: uri.path() == "/healthz",
        }
    }

    /// Writes the line: errors of ours as error, refusals as warning, the rest as debug.
    pub(crate) fn write(self, client: &Client, status: StatusCode, size: u64) {
        if self.quiet && status.is_success() {
            return;
        }
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        // TEL-013
        let request_id = (self.sender != TELEMETRY).then_some(client.request_id.as_str());
        let tls = self.tls.as_ref();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    sender = self.sender,
                    local_addr = %client.local,
                    remote_addr = %client.address,
                    proto = self.proto,
                    method = self.method,
                    user_agent = self.user_agent,
                    uri = self.uri,
                    tls_ver = tls.map(|tls| tls.version.as_str()),
                    cipher_suite = tls.map(|tls| tls.cipher_suite.as_str()),
                    kex = tls.map(|tls| tls.key_exchange.as_str()),
                    request_id,
                    resp_status = status.as_u16(),
                    resp_size = size,
                    elapsed_ms = elapsed,
                )
            };
        }
        match status.as_u16() {
            500.. => line!(error),
            400..=499 => line!(warn),
            _ => line!(debug),
        }
    }
}

/// Names of query parameters whose values are secret, or contain these.
const SECRET_PARAMETERS: [&str; 7] = ["token", "password", "passphrase", "secret", "code", "key", "state"];
/// Where a login leads afterwards: an address, which may have a secret in it as any other.
const NEXT: &str = "next";
/// Parts of a path that are followed by the id of a share, which opens it, or by that of an upload through one.
const BEFORE_IDS: [&str; 7] = ["s", "share", "shares", "sharing", "pubshares", "shares-chunked-uploads", "chunked-uploads"];

/// Path and query without anything that lets in whoever reads the log.
fn masked(path: &str, query: Option<&str>) -> String {
    let mut text = match path.strip_prefix("/setup/") {
        Some(rest) if !rest.is_empty() => "/setup/***".to_owned(),
        _ => without_ids(path),
    };
    let Some(query) = query else { return text };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=***"),
        _ => pair.to_owned(),
    });
    text.push('?');
    text.push_str(&pairs.collect::<Vec<_>>().join("&"));
    text
}

/// The path without the ids of shares: whoever has one needs no more to open it.
fn without_ids(path: &str) -> String {
    let mut is_id = false;
    let parts = path.split('/').map(|part| {
        if part.is_empty() {
            return part;
        }
        if std::mem::take(&mut is_id) {
            return "***";
        }
        // An encoded part is not read: what follows it may be anything.
        is_id = part.contains('%') || BEFORE_IDS.iter().any(|name| part.eq_ignore_ascii_case(name));
        part
    });
    parts.collect::<Vec<_>>().join("/")
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // An encoded name is not read: whoever encodes it has something to hide.
    name.contains('%') || name == NEXT || SECRET_PARAMETERS.iter().any(|secret| name.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    // LOG-005
    #[test]
    fn setup_token_and_secret_parameters_are_masked() {
        assert_eq!(masked("/setup/abcdef", None), "/setup/***");
        assert_eq!(masked("/setup/abcdef/more", None), "/setup/***");
        assert_eq!(masked("/setup", Some("token=abc&x=1")), "/setup?token=***&x=1");
        assert_eq!(masked("/x", Some("access_TOKEN=abc")), "/x?access_TOKEN=***");
        assert_eq!(masked("/x", Some("%74oken=abc")), "/x?%74oken=***");
    }

    // API-161: whoever knows the id of a share without a password can open it.
    #[test]
    fn ids_of_shares_are_masked() {
        for (path, shown) in [
            ("/s/ID", "/s/***"),
            ("//s//ID", "//s//***"),
            ("/api/v2/shares/ID", "/api/v2/shares/***"),
            ("/api/v2/shares/ID/files/a/b", "/api/v2/shares/***/files/a/b"),
            ("/api/v2/user/shares/ID", "/api/v2/user/shares/***"),
            ("/api/v2/x/shares/ID", "/api/v2/x/shares/***"),
            ("/api/v2/shares-chunked-uploads/ID", "/api/v2/shares-chunked-uploads/***"),
            ("/web/client/visit/shares/ID/chunked-uploads/ID", "/web/client/visit/shares/***/chunked-uploads/***"),
            ("/web/client/pubshares/ID/browse", "/web/client/pubshares/***/browse"),
            ("/web/client/share/ID", "/web/client/share/***"),
            ("/web/client/share/ID/link", "/web/client/share/***/link"),
            ("/web/client/share/ID/delete", "/web/client/share/***/delete"),
            ("/web/admin/sharing/ID/end", "/web/admin/sharing/***/end"),
            ("/web/admin/sharing", "/web/admin/sharing"),
            ("/web/client/visit/shares/ID/dirs", "/web/client/visit/shares/***/dirs"),
            ("/web/client/%70ubshares/ID/login", "/web/client/%70ubshares/***/login"),
            ("/api/v2/shares/shares/files", "/api/v2/shares/***/files"),
            ("/api/v2/user/shares", "/api/v2/user/shares"),
        ] {
            assert_eq!(masked(path, None), shown);
        }
        let next = masked("/web/client/pubshares/ID/login", Some("next=%2Fweb%2Fclient%2Fpubshares%2FID&a=b"));
        assert_eq!(next, "/web/client/pubshares/***/login?next=***&a=b");
    }

    #[test]
    fn other_parameters_stay_readable() {
        assert_eq!(masked("/api/v2/users", Some("limit=10&order=DESC")), "/api/v2/users?limit=10&order=DESC");
    }
}
