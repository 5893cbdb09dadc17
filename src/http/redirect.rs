//! From plain HTTP to HTTPS.

use actix_web::{HttpResponse, dev::ServiceRequest, http::header};

/// The answer that sends a client to the same path over HTTPS (HTTP-015), or `None` where no host is known.
pub(crate) fn to_https(request: &ServiceRequest, port: u16) -> HttpResponse {
    let target = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| {
            request
                .uri()
                .authority()
                .map(|authority| authority.as_str())
        })
        .and_then(|host| {
            location(
                host,
                port,
                request
                    .uri()
                    .path_and_query()
                    .map_or("/", |path| path.as_str()),
            )
        });
    match target {
        Some(target) => HttpResponse::TemporaryRedirect()
            .insert_header((header::LOCATION, target))
            .finish(),
        None => HttpResponse::BadRequest().body("the request names no valid host"),
    }
}

/// `https://` + host without its port + `port` unless it is the usual one. `None` if `host` is no host.
fn location(host: &str, port: u16, path: &str) -> Option<String> {
    let name = match host.strip_prefix('[') {
        Some(rest) => &host[..rest.find(']')? + 2],
        None => host.split(':').next()?,
    };
    let inner = name.trim_start_matches('[').trim_end_matches(']');
    let valid = !inner.is_empty()
        && inner
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':'));
    if !valid {
        return None;
    }
    let path = if path.starts_with('/') { path } else { "/" };
    Some(if port == 443 {
        format!("https://{name}{path}")
    } else {
        format!("https://{name}:{port}{path}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // HTTP-015
    #[test]
    fn location_keeps_host_and_path_and_changes_the_port() {
        assert_eq!(
            location("nas.local:8080", 8443, "/setup/x?a=b").as_deref(),
            Some("https://nas.local:8443/setup/x?a=b")
        );
        assert_eq!(
            location("nas.local", 443, "/").as_deref(),
            Some("https://nas.local/")
        );
        assert_eq!(
            location("[::1]:8080", 8443, "/").as_deref(),
            Some("https://[::1]:8443/")
        );
    }

    #[test]
    fn host_that_would_leave_the_host_part_is_refused() {
        for host in ["", "a@b", "a/b", "[::1", "a b", "a\\b", "[]"] {
            assert_eq!(location(host, 8443, "/"), None, "{host:?}");
        }
    }
}
