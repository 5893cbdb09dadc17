//! From settings to listeners of the web: their certificates are opened once each, however many bindings use them.

use std::{path::PathBuf, sync::Arc};

use entrepot_config::{Settings, settings::HttpBinding};
use entrepot_http::Binding;
use entrepot_net::{
    NetError,
    tls::{CertificateSource, CertificateStore, server_config},
};

/// Folder of the certificates that the server makes, in the data folder.
const CERTIFICATES: &str = "certificates";

/// The web's listeners.
#[derive(Default)]
pub(crate) struct WebBindings {
    /// What to bind, and the place of each in `httpd.bindings`.
    pub(crate) bindings: Vec<(usize, Binding)>,
    /// Certificates, for reloading; the first is that of the first HTTPS binding.
    pub(crate) certificates: Vec<Arc<CertificateStore>>,
    sources: Vec<CertificateSource>,
}

impl WebBindings {
    /// All bindings that are on. With `any_port`, a free port instead of the configured one.
    ///
    /// # Errors
    /// A certificate cannot be used, or a binding asks for what is not built.
    pub(crate) fn from_settings(settings: &Settings, any_port: bool) -> Result<Self, NetError> {
        let mut web = Self::default();
        for (index, configured) in settings.httpd.bindings.iter().enumerate() {
            let source = (configured.port != 0 && configured.enable_https).then(|| source(settings, configured)).flatten();
            let tls = match source {
                Some(source) => {
                    let store = web.certificate(source)?;
                    let protocols: Vec<&str> = configured.tls_protocols.iter().map(String::as_str).collect();
                    Some(server_config(store, &protocols, i64::from(configured.min_tls_version))?)
                }
                None => None,
            };
            if let Some(mut binding) = Binding::from_settings(index, configured, tls)? {
                if any_port {
                    binding.listen.port = 0;
                }
                web.bindings.push((index, binding));
            }
        }
        Ok(web)
    }

    fn certificate(&mut self, source: CertificateSource) -> Result<Arc<CertificateStore>, NetError> {
        if let Some(known) = self.sources.iter().position(|known| *known == source) {
            return Ok(self.certificates[known].clone());
        }
        let store = Arc::new(CertificateStore::open(source.clone())?);
        self.sources.push(source);
        self.certificates.push(store.clone());
        Ok(store)
    }
}

/// The binding's own certificate, else that of the section, else a self-signed one.
fn source(settings: &Settings, binding: &HttpBinding) -> Option<CertificateSource> {
    let files = |certificate: &str, key: &str| {
        let is_set = !certificate.is_empty() && !key.is_empty();
        let path = |path: &str| -> PathBuf { settings.resolve(path) };
        is_set.then(|| CertificateSource::Files { certificate: path(certificate), key: path(key) })
    };
    files(&binding.certificate_file, &binding.certificate_key_file)
        .or_else(|| files(&settings.httpd.certificate_file, &settings.httpd.certificate_key_file))
        .or_else(|| binding.self_signed.then(|| CertificateSource::SelfSigned { directory: settings.resolve(CERTIFICATES) }))
}

#[cfg(test)]
mod tests {
    use entrepot_config::Sources;

    use super::*;

    #[test]
    fn defaults_are_https_with_a_certificate_of_our_own_and_a_redirect() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let settings = entrepot_config::load(Sources::new(folder.path())).expect("defaults").settings;
        let web = WebBindings::from_settings(&settings, true).expect("bindings");
        assert_eq!(web.bindings.len(), 2);
        assert!(web.bindings[0].1.tls.is_some() && web.bindings[1].1.tls.is_none());
        assert!(web.bindings.iter().all(|(_, binding)| binding.listen.port == 0));
        assert!(web.certificates.len() == 1 && web.certificates[0].is_self_signed());
    }
}
