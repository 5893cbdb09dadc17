//! From settings to listeners of the web: their certificates are opened once each, however many bindings use them.

use std::{path::PathBuf, sync::Arc};

use entrepot_config::{Settings, settings::HttpBinding};
use entrepot_http::Binding;
use entrepot_net::{
    NetError, ProxyPolicy,
    acme::{Challenges, Plan},
    tls::{
        CertificateSource, CertificateStore, ClientAuthentication, ClientAuthorities, KeptCertificate, TlsOptions,
        listener_config,
    },
};
use rustls::ServerConfig;

/// Folder of the certificates that the server makes, in the data folder.
const CERTIFICATES: &str = "certificates";

/// The web's listeners.
#[derive(Default)]
pub(crate) struct WebBindings {
    /// What to bind, and the place of each in `httpd.bindings`.
    pub(crate) bindings: Vec<(usize, Binding)>,
    /// Certificates, for reloading; the first is that of the first HTTPS binding.
    pub(crate) stores: Vec<Arc<CertificateStore>>,
    /// Whose client certificates are believed, if a binding asks for them.
    pub(crate) authorities: Vec<Arc<ClientAuthorities>>,
    /// Certificates to obtain, and what listeners answer meanwhile.
    pub(crate) acme: Option<(Plan, Arc<Challenges>)>,
    /// The certificate of the database.
    pub(crate) kept: KeptCertificate,
    /// The certificate that the server makes.
    own: Option<CertificateSource>,
    sources: Vec<Vec<CertificateSource>>,
}

impl WebBindings {
    /// All bindings that are on. With `any_port`, a free port instead of the configured one.
    ///
    /// # Errors
    /// A certificate cannot be used, or a binding asks for what is not built.
    pub(crate) fn from_settings(settings: &Settings, any_port: bool, kept: KeptCertificate) -> Result<Self, NetError> {
        Self::with_own(settings, any_port, kept, CertificateSource::SelfSigned { directory: own_certificates(settings) })
    }

    /// The same for who only tries: no certificate is made.
    ///
    /// # Errors
    /// As [`WebBindings::from_settings`].
    pub(crate) fn tried(settings: &Settings, any_port: bool, kept: KeptCertificate) -> Result<Self, NetError> {
        Self::with_own(settings, any_port, kept, CertificateSource::SelfSignedTrial { directory: own_certificates(settings) })
    }

    fn with_own(settings: &Settings, any_port: bool, kept: KeptCertificate, own: CertificateSource) -> Result<Self, NetError> {
        let mut web = Self { kept, own: Some(own), ..Self::default() };
        if let Some(plan) = Plan::from_settings(settings)? {
            let challenges = Arc::new(Challenges::new(plan.proxy_header()));
            web.acme = Some((plan, challenges));
        }
        for (index, configured) in settings.httpd.bindings.iter().enumerate() {
            let is_encrypted = configured.port != 0 && configured.enable_https;
            let tls = if is_encrypted { web.tls(settings, configured)? } else { None };
            if let Some(mut binding) = Binding::from_settings(index, configured, tls)? {
                if any_port {
                    binding.listen.port = 0;
                }
                // CFG-205
                if configured.proxy_mode == 1 {
                    binding.proxy = proxy_policy(settings);
                }
                web.bindings.push((index, binding));
            }
        }
        Ok(web)
    }

    /// `None` if the binding has no certificate.
    fn tls(&mut self, settings: &Settings, binding: &HttpBinding) -> Result<Option<Arc<ServerConfig>>, NetError> {
        let sources = sources(settings, self.acme.as_ref().map(|(plan, _)| plan), binding, &self.kept, self.own.as_ref());
        if sources.is_empty() {
            return Ok(None);
        }
        let clients = match binding.client_auth_type {
            0 => None,
            kind => Some(ClientAuthentication { authorities: self.authorities(settings)?, is_required: kind == 1 }),
        };
        let protocols: Vec<&str> = binding.tls_protocols.iter().map(String::as_str).collect();
        let options = TlsOptions {
            certificates: self.store(sources)?,
            protocols: &protocols,
            min_version: i64::from(binding.min_tls_version),
            cipher_suites: &binding.tls_cipher_suites,
            clients,
        };
        listener_config(&options).map(Some)
    }

    fn store(&mut self, sources: Vec<CertificateSource>) -> Result<Arc<CertificateStore>, NetError> {
        if let Some(known) = self.sources.iter().position(|known| *known == sources) {
            return Ok(self.stores[known].clone());
        }
        let challenges = self.acme.as_ref().filter(|(plan, _)| plan.proves_over_tls()).map(|(_, challenges)| challenges.clone());
        let store = Arc::new(CertificateStore::open_all(sources.clone(), challenges)?);
        self.sources.push(sources);
        self.stores.push(store.clone());
        Ok(store)
    }

    /// Those of the section: all bindings share them.
    fn authorities(&mut self, settings: &Settings) -> Result<Arc<ClientAuthorities>, NetError> {
        if let Some(known) = self.authorities.first() {
            return Ok(known.clone());
        }
        let paths = |names: &[String]| -> Vec<PathBuf> { names.iter().map(|name| settings.resolve(name)).collect() };
        let httpd = &settings.httpd;
        let opened = ClientAuthorities::open(paths(&httpd.ca_certificates), paths(&httpd.ca_revocation_lists))?;
        let opened = Arc::new(opened);
        self.authorities.push(opened.clone());
        Ok(opened)
    }
}

/// The certificates of a binding, the default first: its own, or that of the database, which hides what follows (TLS-008); that
/// of the section, those of ACME. A self-signed one stands in where ACME has yet to obtain the first, where that of the database
/// may go, and where the settings want it.
fn sources(
    settings: &Settings,
    plan: Option<&Plan>,
    binding: &HttpBinding,
    kept: &KeptCertificate,
    self_signed: Option<&CertificateSource>,
) -> Vec<CertificateSource> {
    let obtained = plan.map(Plan::sources).unwrap_or_default();
    let files = |certificate: &str, key: &str| {
        let is_set = !certificate.is_empty() && !key.is_empty();
        let (certificate, key) = (settings.resolve(certificate), settings.resolve(key));
        // The settings may name the files that ACME is going to write (ACME-004).
        let planned = CertificateSource::Obtained { certificate: certificate.clone(), key: key.clone() };
        let is_planned = obtained.contains(&planned);
        is_set.then_some(if is_planned { planned } else { CertificateSource::Files { certificate, key } })
    };
    let own = files(&binding.certificate_file, &binding.certificate_key_file);
    let shared = files(&settings.httpd.certificate_file, &settings.httpd.certificate_key_file);
    let takes_kept = own.is_none() && !binding.disable_auto_tls;
    let mut sources: Vec<CertificateSource> = own.into_iter().chain(shared).collect();
    // CFG-348
    let automatic = obtained.iter().filter(|_| !binding.disable_auto_tls);
    for source in automatic {
        if !sources.contains(source) {
            sources.push(source.clone());
        }
    }
    // TLS-009. A binding that would not start without it does not depend on it later.
    if takes_kept && (kept.is_there() || binding.self_signed || !sources.is_empty()) {
        sources.insert(0, CertificateSource::Kept(kept.clone()));
    }
    let has_files = sources.iter().any(|source| matches!(source, CertificateSource::Files { .. }));
    if !has_files && (binding.self_signed || !sources.is_empty()) {
        sources.extend(self_signed.cloned());
    }
    sources
}

/// Folder of the certificates that the server makes.
fn own_certificates(settings: &Settings) -> PathBuf {
    settings.resolve(CERTIFICATES)
}

/// From whom listeners read a PROXY header, if they do (NET-001).
pub(crate) fn proxy_policy(settings: &Settings) -> Option<ProxyPolicy> {
    let common = &settings.common;
    (common.proxy_protocol != 0).then(|| ProxyPolicy {
        required: common.proxy_protocol == 2,
        allowed: common.proxy_allowed.clone(),
        skipped: common.proxy_skipped.clone(),
    })
}

#[cfg(test)]
mod tests {
    use entrepot_config::Sources;

    use super::*;

    #[test]
    fn defaults_are_https_with_a_certificate_of_our_own_and_a_redirect() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let settings = entrepot_config::load(Sources::new(folder.path())).expect("defaults").settings;
        let web = WebBindings::from_settings(&settings, true, KeptCertificate::default()).expect("bindings");
        assert_eq!(web.bindings.len(), 2);
        assert!(web.bindings[0].1.tls.is_some() && web.bindings[1].1.tls.is_none());
        assert!(web.bindings.iter().all(|(_, binding)| binding.listen.port == 0));
        assert!(web.stores.len() == 1 && web.stores[0].is_self_signed());
    }

    // ACME-004, ACME-007, CFG-348
    #[test]
    fn acme_serves_every_binding_that_does_not_refuse_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let text = r#"
            [acme]
            domains = ["a.example.com, b.example.com", "c.example.com"]
            email = "me@example.com"
            [[httpd.bindings]]
            port = 8443
            enable_https = true
            [[httpd.bindings]]
            port = 8444
            enable_https = true
            self_signed = true
            disable_auto_tls = true
            [[httpd.bindings]]
            port = 8445
            enable_https = true
            certificate_file = "certs/c.example.com.crt"
            certificate_key_file = "certs/c.example.com.key"
            disable_auto_tls = true
        "#;
        let file = folder.path().join("entrepot.toml");
        std::fs::write(&file, text).expect("settings");
        let sources_of_settings = Sources { config_file: Some(file), ..Sources::new(folder.path()) };
        let settings = entrepot_config::load(sources_of_settings).expect("settings").settings;
        let plan = Plan::from_settings(&settings).expect("plan");
        let names = |index: usize| -> Vec<String> {
            let file = |source: &CertificateSource| match source {
                CertificateSource::Obtained { certificate, .. } => {
                    certificate.file_name().expect("a name").to_string_lossy().into_owned()
                }
                CertificateSource::Kept(_) => "kept".to_owned(),
                CertificateSource::SelfSigned { .. } | CertificateSource::SelfSignedTrial { .. } => "self-signed".to_owned(),
                CertificateSource::Files { .. } => "files".to_owned(),
            };
            let own = CertificateSource::SelfSigned { directory: own_certificates(&settings) };
            sources(&settings, plan.as_ref(), &settings.httpd.bindings[index], &KeptCertificate::default(), Some(&own))
                .iter()
                .map(file)
                .collect()
        };
        assert_eq!(names(0), ["kept", "a.example.com.crt", "c.example.com.crt", "self-signed"]);
        assert_eq!(names(1), ["self-signed"]);
        assert_eq!(names(2), ["c.example.com.crt", "self-signed"]);
        let web = WebBindings::from_settings(&settings, true, KeptCertificate::default()).expect("bindings");
        assert!(web.stores.iter().all(|store| store.is_self_signed()), "until ACME has obtained the first");
    }
}
