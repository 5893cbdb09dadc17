use std::sync::Arc;

use entrepot_config::{Settings, Sources};

use super::*;
use crate::{
    Examiner,
    admin::settings::Configuration,
    login::tests::{House, house},
};

/// Every name leads somewhere.
struct Anywhere;

impl Examiner for Anywhere {
    fn examine(&self) -> Vec<entrepot_model::doctor::Finding> {
        Vec::new()
    }

    fn addresses(&self, _: &str) -> std::result::Result<Vec<IpAddr>, String> {
        Ok(vec![[192, 0, 2, 1].into()])
    }
}

/// A server whose settings come from a file, and from what wins over it.
async fn configured(file: &str, overrides: &[(&str, Value)]) -> (House, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = Sources::new(folder.path());
    let path = folder.path().join("entrepot.toml");
    std::fs::File::create_new(&path).and_then(|mut new| std::io::Write::write_all(&mut new, file.as_bytes())).unwrap();
    sources.config_file = Some(path);
    sources.overrides = overrides.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let loaded = entrepot_config::load(sources.clone()).unwrap();
    let settings = loaded.settings.clone();
    let house = house(|own| own.acme = settings.acme.clone()).await;
    house.core.services().configure_from(Configuration::new(sources, loaded));
    house.core.services().examine_with(Arc::new(Anywhere));
    (house, folder)
}

fn domain(name: &str, email: &str) -> Reach {
    Reach::Domain { name: name.into(), email: email.into() }
}

// UI-200
#[tokio::test]
async fn names_of_the_file_are_gone_where_people_come_from_the_own_network() {
    let (house, _folder) = configured("[acme]\nemail = \"ana@example.com\"\ndomains = [\"a.example.com\"]\n", &[]).await;
    let (core, session) = (&house.core, AdminSession::system());
    choose_reach(core, &session, domain("b.example.com", "ana@example.com")).await.unwrap();
    assert_eq!(core.settings().acme.domains, ["b.example.com"]);
    choose_reach(core, &session, Reach::Local).await.unwrap();
    assert!(core.settings().acme.domains.is_empty(), "also those of the file");
    let (house, _folder) =
        configured("", &[("acme.domains", json!(["a.example.com"])), ("acme.email", json!("ana@example.com"))]).await;
    let refused = choose_reach(&house.core, &session, Reach::Local).await.unwrap_err();
    assert!(matches!(&refused, Error::Conflict(message) if message.contains("acme.domains")), "{refused:?}");
}

// UI-200
#[tokio::test]
async fn several_names_stay_as_they_are() {
    let (house, _folder) =
        configured("[acme]\nemail = \"ana@example.com\"\ndomains = [\"a.example.com\", \"b.example.com\"]\n", &[]).await;
    let core = &house.core;
    choose_reach(core, &AdminSession::system(), domain("c.example.com", "bo@example.com")).await.unwrap();
    let acme = core.settings().acme.clone();
    assert_eq!((acme.domains.len(), acme.email.as_str()), (2, "bo@example.com"));
}

fn bindings(change: impl FnOnce(&mut HttpBinding)) -> Vec<HttpBinding> {
    let folder = tempfile::tempdir().unwrap();
    let settings: Settings = entrepot_config::load(Sources::new(folder.path())).unwrap().settings;
    let mut bindings = settings.httpd.bindings;
    change(&mut bindings[0]);
    bindings
}

// UI-200
#[test]
fn proxy_is_believed_beside_those_that_are_already() {
    let bindings = bindings(|binding| {
        binding.port = 8443;
        binding.proxy_allowed = vec!["192.0.2.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        binding.client_ip_proxy_header = "X-Real-IP".into();
    });
    let local: SocketAddr = "127.0.0.1:8443".parse().unwrap();
    let known = ["192.0.2.1".to_owned(), "10.0.0.0/8".to_owned()];
    assert!(of_proxy(&bindings, &known, local).unwrap().is_empty(), "nothing is new");
    let changes = of_proxy(&bindings, &["192.0.2.2".to_owned()], local).unwrap();
    let all = json!(["192.0.2.1/32", "10.0.0.0/8", "192.0.2.2"]);
    assert_eq!(changes, BTreeMap::from([("httpd.bindings[0].proxy_allowed".to_owned(), all)]));
    let refused = of_proxy(&bindings, &known, "127.0.0.1:9".parse().unwrap()).unwrap_err();
    assert!(matches!(&refused, Error::Conflict(message) if message.contains("port 9")), "{refused:?}");
}

// UI-200
#[test]
fn binding_with_the_address_comes_before_others_with_the_port() {
    let mut bindings = bindings(|binding| {
        binding.port = 8443;
        binding.address = String::new();
    });
    bindings.push(HttpBinding { address: "192.0.2.1".into(), ..bindings[0].clone() });
    let found = |local: &str| binding_of(&bindings, local.parse().unwrap()).map(|(index, _)| index);
    let last = Some(bindings.len() - 1);
    assert_eq!((found("192.0.2.1:8443"), found("127.0.0.1:8443"), found("127.0.0.1:9")), (last, Some(0), None));
}
