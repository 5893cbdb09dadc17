//! Headers that every answer carries.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use entrepot_config::settings::Security;

/// Nothing inline, nothing from elsewhere (SEC-176). Pages, styles and signs come from this server only. No page of ours can be
/// in a frame; a file that is shown in place, such as a PDF, can.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; \
     script-src 'self'; connect-src 'self'; media-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const DEFAULTS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: browsers then send `Origin: null` with forms, and the origin check would be blind.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // What a handler does not declare cacheable is kept by nobody (SEC-175).
    (header::CACHE_CONTROL, "no-store"),
];

/// Headers that the settings of a binding want otherwise (HTTP-013).
#[derive(Debug, Clone, Default)]
pub struct HeaderOverrides {
    /// Replacements, verbatim.
    pub replace: Vec<(HeaderName, HeaderValue)>,
    /// `Strict-Transport-Security`; sent over HTTPS only.
    pub strict_transport_security: Option<HeaderValue>,
}

impl HeaderOverrides {
    /// What differs from the defaults. What cannot stand in a header is left out, with a warning.
    pub fn from_settings(security: &Security) -> Self {
        if !security.enabled {
            return Self::default();
        }
        let named = [
            (header::CONTENT_SECURITY_POLICY, &security.content_security_policy),
            (header::PERMISSIONS_POLICY, &security.permissions_policy),
            (HeaderName::from_static("cross-origin-opener-policy"), &security.cross_origin_opener_policy),
            (HeaderName::from_static("cross-origin-resource-policy"), &security.cross_origin_resource_policy),
            (HeaderName::from_static("cross-origin-embedder-policy"), &security.cross_origin_embedder_policy),
            (header::REFERRER_POLICY, &security.referrer_policy),
        ];
        let replace = named.into_iter().filter(|(_, text)| !text.is_empty()).filter_map(|(name, text)| {
            let value = HeaderValue::from_str(text);
            value
                .inspect_err(|_| tracing::warn!(header = %name, "the configured value is no valid header, the default is sent"))
                .ok()
                .map(|value| (name, value))
        });
        let strict = (security.sts_seconds > 0).then(|| {
            let subdomains = if security.sts_include_subdomains { "; includeSubDomains" } else { "" };
            let preload = if security.sts_preload { "; preload" } else { "" };
            HeaderValue::from_str(&format!("max-age={}{subdomains}{preload}", security.sts_seconds)).ok()
        });
        Self { replace: replace.collect(), strict_transport_security: strict.flatten() }
    }
}

/// Adds what is missing: a header that the handler set stays as it is.
pub(crate) fn complete(headers: &mut HeaderMap, overrides: &HeaderOverrides, secure: bool, request_id: &str) {
    for (name, value) in &overrides.replace {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let (true, Some(value)) = (secure, &overrides.strict_transport_security) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value.clone());
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // HTTP-013
    #[test]
    fn strict_transport_security_is_sent_over_https_only() {
        let overrides = HeaderOverrides {
            strict_transport_security: Some(HeaderValue::from_static("max-age=60")),
            ..HeaderOverrides::default()
        };
        let mut plain = HeaderMap::new();
        complete(&mut plain, &overrides, false, "1");
        assert!(!plain.contains_key(header::STRICT_TRANSPORT_SECURITY));
        let mut encrypted = HeaderMap::new();
        complete(&mut encrypted, &overrides, true, "1");
        assert!(encrypted.contains_key(header::STRICT_TRANSPORT_SECURITY));
        let mut unset = HeaderMap::new();
        complete(&mut unset, &HeaderOverrides::default(), true, "1");
        assert!(!unset.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }

    // SEC-176
    #[test]
    fn default_policy_allows_nothing_inline() {
        let mut headers = HeaderMap::new();
        complete(&mut headers, &HeaderOverrides::default(), false, "1");
        let policy = headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("data:"));
    }

    #[test]
    fn settings_and_handlers_come_before_the_defaults() {
        let overrides = HeaderOverrides {
            replace: vec![(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))],
            ..HeaderOverrides::default()
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=5"));
        complete(&mut headers, &overrides, false, "1");
        assert_eq!(headers.get(header::REFERRER_POLICY).unwrap(), "no-referrer");
        assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "max-age=5");
    }
}
