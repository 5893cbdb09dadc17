//! The SSH service: what all its connections share, and its listeners.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use entrepot_config::{Settings, regular_file};
use entrepot_core::Core;
use entrepot_model::status::{SshBinding, SshServiceStatus};
use entrepot_net::{BindSpec, Gatekeeper, NetError, ProxyPolicy};
use entrepot_secrets::Sensitive;
use parking_lot::Mutex;
use russh::{MethodKind, keys::PrivateKey, server::Config};

use crate::{
    algorithms::Algorithms,
    authority::{AuthorityError, Revocations},
    cipher_choice::{ClientLists, Offer, has_fast_aes},
    descriptors::HandleBudget,
    exec::EnabledCommands,
    host_key_service::parse,
    host_keys::{HostKey, load_host_certificates, load_host_keys, missing_rsa_key},
    listening::{self, Listening},
    login::LoginRules,
    negotiated::{Negotiated, Offered},
    start::{StartError, identification, rules, uses_files},
    transport::{attempts, russh_attempts, transport},
};

/// No banner is longer, in bytes: a packet of SSH takes about half of it.
const MAX_BANNER: u64 = 64 << 10;

/// What the connections share.
pub struct Service {
    pub(crate) core: Core,
    pub(crate) rules: Arc<LoginRules>,
    pub(crate) banner: Option<String>,
    pub(crate) identification: String,
    pub(crate) dot_entries: bool,
    pub(crate) handles: HandleBudget,
    /// Whether the ciphers on offer follow the client.
    pub(crate) is_choosing: bool,
    identity: ArcSwap<Identity>,
    /// Host keys of the database, the preferred ones first.
    kept: ArcSwap<Vec<PrivateKey>>,
    showing: Mutex<()>,
    pub(crate) gatekeeper: Arc<dyn Gatekeeper>,
}

/// Who the server is for a new connection: its keys, and the transport that shows them.
struct Identity {
    host_keys: Vec<HostKey>,
    /// Names under which they are offered.
    host_key_algorithms: Vec<String>,
    config: Arc<Config>,
    gcm_config: Option<Arc<Config>>,
}

impl Service {
    /// Attempts that a connection which begins now has; `None` = no limit (SSH-005).
    pub(crate) fn tries(&self) -> Option<usize> {
        attempts(self.core.settings().sftpd.max_auth_tries)
    }

    /// The configuration for what a client is offered with `tries` attempts, and what both sides will agree on.
    pub(crate) fn transport(
        &self,
        offer: Offer,
        client: Option<&ClientLists>,
        tries: Option<usize>,
    ) -> (Arc<Config>, Option<Negotiated>) {
        let identity = self.identity.load();
        let (config, is_gcm) = match (&identity.gcm_config, offer) {
            (Some(gcm), Offer::GcmOnly) => (gcm.clone(), true),
            _ => (identity.config.clone(), false),
        };
        let algorithms = &self.rules.algorithms;
        let gcm: Vec<String> = algorithms.ciphers.iter().filter(|name| name.contains("gcm")).cloned().collect();
        let offered = Offered {
            kex: &algorithms.kex,
            host_key: &identity.host_key_algorithms,
            ciphers: if is_gcm { &gcm } else { &algorithms.ciphers },
            macs: &algorithms.macs,
        };
        (self.with_tries(config, tries), client.and_then(|client| Negotiated::of(client, offered)))
    }

    /// The same, with that many attempts: the setting may have changed since the keys were loaded.
    fn with_tries(&self, config: Arc<Config>, tries: Option<usize>) -> Arc<Config> {
        let tries = russh_attempts(tries);
        if config.max_auth_attempts == tries {
            return config;
        }
        let (keys, certificates) = (config.keys.clone(), config.certificates.clone());
        let other = transport(&self.identification, &self.rules.methods, config.preferred.clone(), tries);
        Arc::new(Config { keys, certificates, ..other })
    }
}

/// Loads the host keys and makes ready what shows them. Files that the settings name win over keys of the database, and these
/// over the files that are made where there is nothing else (SSH-036).
fn identify(core: &Core, rules: &LoginRules, identification: &str, kept: &[PrivateKey]) -> Result<Identity, StartError> {
    let settings = core.settings();
    let (sftpd, algorithms) = (&settings.sftpd, &rules.algorithms);
    let mut host_keys = if uses_files(&settings, kept) {
        load_host_keys(core.data_directory(), &sftpd.host_keys)?
    } else {
        kept.iter().map(|key| HostKey { path: PathBuf::new(), key: key.clone() }).collect()
    };
    let certificates = load_host_certificates(core.data_directory(), &sftpd.host_certificates)?;
    host_keys.retain(|key| algorithms.offers_host_key(&key.key.algorithm()));
    if host_keys.is_empty() {
        return Err(StartError::NoHostKey);
    }
    let tries = russh_attempts(attempts(sftpd.max_auth_tries));
    let keys: Vec<PrivateKey> = host_keys.iter().map(|key| key.key.clone()).collect();
    let config = |preferred| {
        let (keys, certificates) = (keys.clone(), certificates.clone());
        Arc::new(Config { keys, certificates, ..transport(identification, &rules.methods, preferred, tries) })
    };
    let is_auto = settings.ssh.cipher_choice == "auto" && has_fast_aes();
    let host_key_algorithms = host_keys.iter().flat_map(|key| algorithms.signatures_of(&key.key.algorithm())).collect();
    Ok(Identity {
        config: config(algorithms.preferred()),
        gcm_config: algorithms.preferred_gcm().filter(|_| is_auto).map(config),
        host_key_algorithms,
        host_keys,
    })
}

/// The SSH server. Cheap to clone.
#[derive(Clone)]
pub struct SshServer(Arc<Service>);

impl SshServer {
    /// Prepares the service from the settings of `core`: host keys are loaded or made, lists of algorithms resolved.
    /// `kept` are the host keys of the database; `product` and `version` make the identification line (SSH-002). Nothing
    /// listens yet.
    ///
    /// # Errors
    /// Host keys that cannot be used, and settings that cannot be met.
    pub fn new(
        core: Core,
        gatekeeper: Arc<dyn Gatekeeper>,
        kept: &[Sensitive<String>],
        product: &str,
        version: &str,
    ) -> Result<Self, StartError> {
        let settings = core.settings();
        let sftpd = &settings.sftpd;
        let rules = Arc::new(rules(core.data_directory(), &settings)?);
        for name in EnabledCommands::new(&sftpd.enabled_ssh_commands).unknown() {
            tracing::warn!(name, "sftpd.enabled_ssh_commands: this is no command of the server");
        }
        let identification = identification(&settings.common.server_version, product, version)?;
        let kept = parse(kept);
        let identity = identify(&core, &rules, &identification, &kept)?;
        let server = Self(Arc::new(Service {
            is_choosing: identity.gcm_config.is_some(),
            identity: ArcSwap::from_pointee(identity),
            kept: ArcSwap::from_pointee(kept),
            showing: Mutex::default(),
            banner: banner(&settings),
            dot_entries: !settings.hook.disable_dot_entries,
            handles: HandleBudget::of_process(),
            rules,
            identification,
            gatekeeper,
            core,
        }));
        server.complete_host_keys();
        Ok(server)
    }

    /// Makes the RSA key that is still missing, beside the work: clients that need one are rare, and it takes its time.
    fn complete_host_keys(&self) {
        let core = &self.0.core;
        if !uses_files(&core.settings(), &self.0.kept.load()) {
            return;
        }
        let Some(path) = missing_rsa_key(core.data_directory(), &core.settings().sftpd.host_keys) else { return };
        let (server, making) = (self.clone(), core.tasks().storage().run(move || crate::host_keys::generate(path)));
        let stopping = core.tasks().stopping();
        core.tasks().spawn(async move {
            let made = tokio::select! {
                // A key that is half made is worth no waiting: the next start makes another.
                () = stopping.cancelled() => return,
                made = making => made,
            };
            match made {
                Ok(Ok(_)) => server.reload(),
                Ok(Err(error)) => tracing::warn!(%error, "no RSA host key"),
                Err(error) => tracing::debug!(%error, "no RSA host key"),
            }
        });
    }

    /// Reads host keys, host certificates and revocations again (SIG-001, SSH-036, SSH-051). New connections meet what is
    /// there now; what cannot be read stays as it was.
    pub fn reload(&self) {
        let service = &self.0;
        service.rules.authorities.reload();
        self.show(None);
    }

    /// The revocations that `settings` ask for, if they are in another file than those that hold. It blocks.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn other_revocations(&self, settings: &Settings) -> Result<Option<Revocations>, AuthorityError> {
        let (directory, name) = (self.0.core.data_directory(), &settings.sftpd.revoked_user_certs_file);
        if self.0.rules.authorities.revokes_by(directory, name) {
            return Ok(None);
        }
        Revocations::read(directory, name).map(Some)
    }

    /// Makes these the revocations that hold, from the next login on (SSH-051).
    pub fn revoke(&self, revoked: Revocations) {
        self.0.rules.authorities.revoke(revoked);
    }

    /// Takes these keys as those of the database: new connections meet them.
    pub(crate) fn keep(&self, kept: Vec<PrivateKey>) {
        self.show(Some(kept));
    }

    /// Whether there would be a key for clients if these were those of the database.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn could_show(&self, kept: &[PrivateKey]) -> Result<(), String> {
        let service = &self.0;
        identify(&service.core, &service.rules, &service.identification, kept).map(drop).map_err(|error| error.to_string())
    }

    fn show(&self, kept: Option<Vec<PrivateKey>>) {
        let service = &self.0;
        // Who is later here shows what is newer.
        let _turn = service.showing.lock();
        if let Some(kept) = kept {
            service.kept.store(kept.into());
        }
        match identify(&service.core, &service.rules, &service.identification, &service.kept.load()) {
            Ok(identity) => service.identity.store(identity.into()),
            Err(error) => return tracing::error!(%error, "the host keys stay as they were"),
        }
        let services = service.core.services();
        services.report_ssh(SshServiceStatus { host_keys: self.reported_keys(), ..services.ssh() });
    }

    /// Listens, and serves from now on until the server or the listener is stopped. `proxy` says from whom a PROXY header
    /// is read before the first word of SSH (NET-001).
    ///
    /// # Errors
    /// The address cannot be had; the text names the setting.
    pub fn listen(&self, spec: &BindSpec, proxy: Option<ProxyPolicy>) -> Result<Listening, NetError> {
        listening::start(&self.0, spec, proxy)
    }

    /// What the service says about itself when it listens at `bindings` and goes by `settings` (API-066).
    pub fn status(&self, bindings: Vec<SshBinding>, settings: &Settings) -> SshServiceStatus {
        let algorithms = &self.0.rules.algorithms;
        // API-241: the values of the REST document.
        let offers = |kind| self.0.rules.methods.contains(&kind);
        let methods = [
            ("publickey", true),
            ("password", offers(MethodKind::Password)),
            ("keyboard-interactive", offers(MethodKind::KeyboardInteractive)),
            ("publickey+password", offers(MethodKind::Password)),
            ("publickey+keyboard-interactive", offers(MethodKind::KeyboardInteractive)),
        ];
        SshServiceStatus {
            is_active: !bindings.is_empty(),
            bindings,
            host_keys: self.reported_keys(),
            ssh_commands: EnabledCommands::new(&settings.sftpd.enabled_ssh_commands).names(),
            authentications: methods.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| (*name).to_owned()).collect(),
            public_key_algorithms: algorithms.public_key.clone(),
            macs: algorithms.macs.clone(),
            kex_algorithms: algorithms.kex.clone(),
            ciphers: algorithms.ciphers.clone(),
        }
    }

    /// The host keys that are offered (SSH-034).
    pub fn host_keys(&self) -> Vec<HostKey> {
        self.0.identity.load().host_keys.clone()
    }

    /// The lists in force (SSH-047).
    pub fn algorithms(&self) -> &Algorithms {
        &self.0.rules.algorithms
    }

    /// Names of the offered authentication methods (SSH-047).
    pub fn authentications(&self) -> Vec<&'static str> {
        self.0.rules.methods.iter().map(Into::into).collect()
    }
}

/// SSH-020: a file that cannot be read is only a warning.
fn banner(settings: &Settings) -> Option<String> {
    let file = &settings.sftpd.login_banner_file;
    if file.is_empty() {
        return None;
    }
    match regular_file::read_text(&settings.resolve(file), MAX_BANNER) {
        Ok(text) => Some(text),
        Err(error) => {
            tracing::warn!(file, %error, "the login banner cannot be read");
            None
        }
    }
}
