//! What is set aside for something that is in the way, and what holds in its place.

use entrepot_config::{Loaded, Origin};
use entrepot_core::Obstacle;
use serde_json::{Value, json};

/// Settings that keep somebody out: without them the server would be less protected than whoever saved them wants.
const PROTECTING: [&str; 7] = [
    "ca_certificates",
    "ca_revocation_lists",
    "client_auth_type",
    "enable_https",
    "redirect_to_https",
    "auth_user_file",
    "revoked_user_certs_file",
];
/// Only this machine gets there.
const HERE: &str = "127.0.0.1";

/// Settings that go together: whole, or not at all.
#[derive(Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) moved: Vec<Moved>,
    /// What comes of it, where that is not plain; for people.
    pub(super) consequence: String,
}

/// A setting that is set aside, by the key under which it is saved.
#[derive(Debug, PartialEq)]
pub(super) struct Moved {
    pub(super) key: String,
    /// What is saved in its place.
    pub(super) instead: Option<Value>,
    /// What held, where nothing was saved.
    pub(super) held: Option<Value>,
}

impl Choice {
    /// For one of the keys that an obstacle names; `is_movable` says it of keys as they are saved, `before` is what would be loaded
    /// without any of them. `None` where none is movable, or the server would be less protected.
    pub(super) fn against(
        obstacle: &Obstacle,
        loaded: &Loaded,
        before: &Loaded,
        is_movable: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        obstacle.keys.iter().find_map(|key| {
            let saved = loaded.saved_key(key).filter(|saved| is_movable(saved) && !is_protecting(saved))?;
            match Binding::of(key, saved, loaded) {
                Some(binding) if is_address(key) => binding.without_address(),
                // Metrics in the clear are no substitute for metrics over HTTPS.
                Some(binding) if binding.is_telemetry() && partner(saved).is_some() => {
                    let mut choice = binding.off()?;
                    choice.moved.extend([Some(saved.to_owned()), partner(saved)].into_iter().flatten().map(Moved::plain));
                    Some(choice)
                }
                // Without its port an element that is only saved would get that of another one.
                Some(binding) if is_port(key) && !before.origins.contains_key(saved) => binding.off(),
                _ => Some(Self::plain(saved)),
            }
        })
    }

    /// The key, and what goes with it.
    pub(super) fn plain(saved: &str) -> Self {
        let moved = [Some(saved.to_owned()), partner(saved)].into_iter().flatten().map(Moved::plain).collect();
        Self { moved, consequence: String::new() }
    }
}

impl Moved {
    fn plain(key: String) -> Self {
        Self { key, instead: None, held: None }
    }
}

pub(super) fn is_protecting(key: &str) -> bool {
    PROTECTING.iter().any(|name| key.ends_with(name))
}

fn is_address(key: &str) -> bool {
    key.ends_with("].address") || key == "telemetry.bind_address"
}

fn is_port(key: &str) -> bool {
    key.ends_with("].port")
}

/// The setting without which this one means nothing.
fn partner(key: &str) -> Option<String> {
    match key {
        "sftpd.opkssh_path" => Some("sftpd.opkssh_checksum".to_owned()),
        key if key.ends_with("certificate_file") => Some(key.replace("certificate_file", "certificate_key_file")),
        key if key.ends_with("certificate_key_file") => Some(key.replace("certificate_key_file", "certificate_file")),
        _ => None,
    }
}

/// The listener that a setting belongs to.
struct Binding<'a> {
    loaded: &'a Loaded,
    /// Its key as it is loaded, and as it is saved: `httpd.bindings[2]` may be saved as `httpd.bindings[3]`.
    key: &'a str,
    saved: &'a str,
}

impl<'a> Binding<'a> {
    fn of(key: &'a str, saved: &'a str, loaded: &'a Loaded) -> Option<Self> {
        if key.starts_with("telemetry.") {
            return Some(Self { loaded, key: "telemetry", saved: "telemetry" });
        }
        let is_one = key.starts_with("sftpd.bindings[") || key.starts_with("httpd.bindings[");
        let (key, saved) = (&key[..=key.find(']')?], &saved[..=saved.find(']')?]);
        is_one.then_some(Self { loaded, key, saved })
    }

    fn is_telemetry(&self) -> bool {
        self.key == "telemetry"
    }

    fn member(&self, of: &str, name: &str) -> String {
        format!("{of}{}{name}", if self.is_telemetry() { ".bind_" } else { "." })
    }

    fn index(&self) -> usize {
        let index = self.key.rsplit(['[', ']']).nth(1).and_then(|index| index.parse().ok());
        index.unwrap_or(usize::MAX)
    }

    fn port(&self) -> u16 {
        let settings = &self.loaded.settings;
        match self.key.split('.').next() {
            Some("sftpd") => settings.sftpd.bindings.get(self.index()).map_or(0, |binding| binding.port),
            Some("httpd") => settings.httpd.bindings.get(self.index()).map_or(0, |binding| binding.port),
            _ => settings.telemetry.bind_port,
        }
    }

    /// Off, if what is saved decides that.
    fn off(&self) -> Option<Choice> {
        let origin = self.loaded.origins.get(&self.member(self.key, "port"))?;
        let is_ours = matches!(origin, Origin::Default | Origin::File(_) | Origin::Database);
        let port = Moved { key: self.member(self.saved, "port"), instead: Some(json!(0)), held: Some(json!(self.port())) };
        let consequence = format!("{} is off instead", self.key);
        is_ours.then(|| Choice { moved: vec![port], consequence })
    }

    /// Nobody who is kept out by its address may be let in: it is off, or for this machine only where that would leave nothing
    /// like it.
    fn without_address(&self) -> Option<Choice> {
        let address = self.member(self.saved, "address");
        if self.has_others()
            && let Some(mut choice) = self.off()
        {
            choice.moved.push(Moved::plain(address));
            return Some(choice);
        }
        let way_in = match self.key.split('.').next() {
            Some("httpd") => ": nobody gets in from elsewhere before another address is saved for it",
            _ => "",
        };
        let consequence = format!("{} listens on {HERE} instead, for this machine only{way_in}", self.key);
        Some(Choice { moved: vec![Moved { key: address, instead: Some(json!(HERE)), held: None }], consequence })
    }

    /// Whether other listeners do what this one does; nobody comes in through telemetry.
    fn has_others(&self) -> bool {
        let (own, settings) = (self.index(), &self.loaded.settings);
        if self.key.starts_with("sftpd.") {
            let mut bindings = settings.sftpd.bindings.iter().enumerate();
            return bindings.any(|(index, other)| index != own && other.port != 0);
        }
        let Some(this) = settings.httpd.bindings.get(own).filter(|_| !self.is_telemetry()) else { return true };
        settings.httpd.bindings.iter().enumerate().any(|(index, other)| {
            let is_on = index != own && other.port != 0;
            let is_better = (other.enable_web_admin || !this.enable_web_admin) && (other.enable_https || !this.enable_https);
            is_on && (this.redirect_to_https || (!other.redirect_to_https && is_better))
        })
    }
}

#[cfg(test)]
mod tests {
    use entrepot_config::Sources;

    use super::*;

    /// What is chosen where these are saved and this key is in the way: keys and what is in their place.
    fn chosen(key: &str, saved: &[(&str, Value)]) -> Option<Vec<(String, Option<Value>)>> {
        let mut sources = Sources::new("/nowhere");
        let before = entrepot_config::load(sources.clone()).expect("defaults");
        sources.database = saved.iter().map(|(key, value)| ((*key).to_owned(), value.to_string())).collect();
        let loaded = entrepot_config::load(sources).expect("settings");
        let obstacle = Obstacle { keys: vec![key.to_owned()], message: String::new(), may_pass: false };
        let choice = Choice::against(&obstacle, &loaded, &before, |key| saved.iter().any(|(saved, _)| *saved == key))?;
        Some(choice.moved.into_iter().map(|moved| (moved.key, moved.instead)).collect())
    }

    fn plain(key: &str) -> (String, Option<Value>) {
        (key.to_owned(), None)
    }

    fn off(key: &str) -> (String, Option<Value>) {
        (key.to_owned(), Some(json!(0)))
    }

    // BKP-028, BKP-029
    #[test]
    fn a_certificate_goes_with_its_key_and_protection_never_goes() {
        let (file, key) = ("httpd.certificate_file", "httpd.certificate_key_file");
        let pair = [(file, json!("a")), (key, json!("b"))];
        assert_eq!(chosen(key, &pair), Some(vec![plain(key), plain(file)]));
        for (protecting, value) in [
            ("httpd.ca_certificates", json!(["a"])),
            ("httpd.bindings[0].enable_https", json!(true)),
            ("httpd.bindings[1].redirect_to_https", json!(true)),
            ("sftpd.revoked_user_certs_file", json!("a")),
        ] {
            assert_eq!(chosen(protecting, &[(protecting, value)]), None, "{protecting}");
        }
        let (file, key, port) = ("telemetry.certificate_file", "telemetry.certificate_key_file", "telemetry.bind_port");
        let telemetry = [(file, json!("a")), (key, json!("b")), (port, json!(9))];
        assert_eq!(chosen(file, &telemetry), Some(vec![off(port), plain(file), plain(key)]), "no metrics in the clear");
        assert_eq!(chosen("sftpd.ciphers", &[]), None, "what is not saved cannot be set aside");
    }

    // BKP-029
    #[test]
    fn no_listener_gets_more_public_than_it_was() {
        let (address, here) = ("httpd.bindings[0].address", Some(json!(HERE)));
        let far = json!("192.0.2.7");
        let local = |key: &str| Some(vec![(key.to_owned(), here.clone())]);
        // The redirect of the defaults is no way in.
        assert_eq!(chosen(address, &[(address, far.clone())]), local(address));
        let second = |key: &str, value: Value| (format!("httpd.bindings[2].{key}"), value);
        let other = [second("port", json!(9)), second("enable_https", json!(true)), second("self_signed", json!(true))];
        let other: Vec<(&str, Value)> = other.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        let mut saved = [&other[..], &[(address, far.clone())]].concat();
        assert_eq!(chosen(address, &saved), Some(vec![off("httpd.bindings[0].port"), plain(address)]));
        saved.push(("httpd.bindings[2].enable_web_admin", json!(false)));
        assert_eq!(chosen(address, &saved), local(address), "the other one has no pages of administrators");
        let sftp = "sftpd.bindings[0].address";
        assert_eq!(chosen(sftp, &[(sftp, far.clone())]), local(sftp));
        let telemetry = [("telemetry.bind_port", json!(9)), ("telemetry.bind_address", far)];
        let expected = vec![off("telemetry.bind_port"), plain("telemetry.bind_address")];
        assert_eq!(chosen("telemetry.bind_address", &telemetry), Some(expected));
    }

    // BKP-028
    #[test]
    fn an_element_that_is_only_saved_is_off_without_its_port_and_found_under_its_own_key() {
        let saved = [("httpd.bindings[3].port", json!(80)), ("httpd.bindings[0].port", json!(443))];
        assert_eq!(chosen("httpd.bindings[2].port", &saved), Some(vec![off("httpd.bindings[3].port")]));
        assert_eq!(chosen("httpd.bindings[0].port", &saved), Some(vec![plain("httpd.bindings[0].port")]));
    }
}
