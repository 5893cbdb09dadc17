//! The house that rows are tried in, and the objects that they are tried at.

use std::{
    cell::{Cell, RefCell},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use actix_web::test::TestRequest;
use entrepot_core::{
    Attempt, Credentials, OpenWrite, Peer, Session, Upload,
    admin::{AdminSession, admins},
    gates::Score,
};
use entrepot_model::{Admin, AdminPermission, Protocol, VirtualPath};
use serde_json::{Value, json};

use super::table::Row;
use crate::{
    api::tests::server::Log,
    testing::{Answer, House, ready},
};

/// An event action that is there for rules.
pub(super) const ACTION: &str = "action";
/// A backup that is there: the query that loads it.
pub(super) const SAVED: &str = "?input-file=saved.json&mode=1";
/// A secret of second factors, in base32.
pub(super) const FACTOR_SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// What the name in a path is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    /// There is none, or it is about to be added.
    None,
    /// A network that is about to be listed.
    NewNetwork,
    Network,
    Host,
    Connection,
    Transfer,
    Folder,
    Group,
    Role,
    Action,
    Rule,
    RuleOnDemand,
    Key,
    Admin,
    AdminWithFactor,
    User,
    UserWithFactor,
    Share,
    HostKey,
    Certificate,
}

impl Object {
    /// A segment of a path that names nothing of the kind.
    fn nowhere(self) -> &'static str {
        match self {
            Self::Network => "192.0.2.0%2F24",
            // 192.0.2.9
            Self::Host => "3139322e302e322e39",
            _ => "nowhere",
        }
    }
}

/// A trial of a row: at which object, by whom.
pub(super) struct Case<'a> {
    pub house: &'a House,
    pub name: &'a str,
    pub who: &'a str,
}

/// An object of a row.
pub(super) struct Target {
    pub name: String,
    /// The name in the path.
    segment: String,
}

/// A house with the administrator `root`, tokens and an API key.
pub(super) struct Filled {
    pub house: House,
    /// Of `root`.
    pub root: String,
    pub user: String,
    pub key: String,
    made: Cell<u16>,
    sessions: RefCell<Vec<Session>>,
    uploads: RefCell<Vec<Upload>>,
}

pub(super) async fn filled() -> Filled {
    let house = ready().await;
    let mut admin = Admin { username: "root".into(), status: 1, permissions: vec![AdminPermission::Any], ..Admin::default() };
    admin.filters.allow_api_key_auth = true;
    admins::update(&house.core, &AdminSession::system(), "root", admin).await.unwrap();
    house.core.services().control_log(Arc::new(Log::default()));
    let root = house.token("root").await;
    let mut filled = Filled {
        house,
        root,
        user: String::new(),
        key: String::new(),
        made: Cell::default(),
        sessions: RefCell::default(),
        uploads: RefCell::default(),
    };
    filled.add("users", &objects::user(&filled.house, "member")).await;
    filled.add("eventactions", &objects::action(ACTION)).await;
    filled.user = filled.user_token("member").await;
    let made = filled.add("apikeys", &json!({"name": "ci", "scope": 1, "admin": "root"})).await;
    made.json()["key"].as_str().unwrap().clone_into(&mut filled.key);
    let saved = send(&filled.house, "GET", "dumpdata?output-file=saved.json&scopes=roles", &filled.root, None).await;
    assert_eq!(saved.status.as_u16(), 200, "{saved:?}");
    filled
}

impl Filled {
    /// A new object for a row, or a name for one.
    pub(super) async fn target(&self, row: &Row) -> Target {
        let number = self.made.get() + 1;
        self.made.set(number);
        let [high, low] = number.to_be_bytes();
        let name = match row.object {
            Object::Network | Object::NewNetwork => format!("10.{high}.{low}.0/24"),
            Object::Host => format!("172.16.{high}.{low}"),
            _ => format!("n{number}"),
        };
        let segment = self.make(row.object, &name).await;
        Target { name, segment }
    }

    /// Answers how a path names it.
    async fn make(&self, object: Object, name: &str) -> String {
        match object {
            Object::None | Object::NewNetwork => {}
            Object::Network => {
                self.add("iplists/2", &objects::entry(name)).await;
                return name.replace('/', "%2F");
            }
            Object::Host => {
                let address: Ipv4Addr = name.parse().unwrap();
                self.house.core.score(IpAddr::V4(address), Protocol::Ssh, Score::LoginFailed);
                return name.bytes().map(|byte| format!("{byte:02x}")).collect();
            }
            Object::Connection => self.connect(name).await,
            Object::Transfer => return self.upload(name).await,
            Object::Folder => drop(self.add("folders", &objects::folder(name)).await),
            Object::Group => drop(self.add("groups", &json!({"name": name})).await),
            Object::Role => drop(self.add("roles", &json!({"name": name})).await),
            Object::Action => drop(self.add("eventactions", &objects::action(name)).await),
            Object::Rule => drop(self.add("eventrules", &objects::rule(name, 1, ACTION)).await),
            Object::RuleOnDemand => drop(self.add("eventrules", &objects::rule(name, 6, ACTION)).await),
            Object::Key => {
                let made = self.add("apikeys", &json!({"name": name, "scope": 1})).await;
                return made.header("x-object-id").to_owned();
            }
            Object::Admin => drop(self.add("admins", &objects::admin(name)).await),
            Object::AdminWithFactor => {
                self.house.add_admin(name, &[AdminPermission::ViewUsers]).await;
                self.enrol("admin", &self.house.token(name).await).await;
            }
            Object::User => drop(self.add("users", &objects::user(&self.house, name)).await),
            Object::Share => {
                let body = json!({"name": name, "scope": 1, "paths": ["/"]});
                let token = self.user_token("member").await;
                let made = send(&self.house, "POST", "user/shares", &token, Some(&body)).await;
                return made.header("x-object-id").to_owned();
            }
            Object::HostKey => {
                let made = self.add("x/hostkeys", &json!({"type": "ed25519"})).await;
                return made.json()["id"].as_str().unwrap().to_owned();
            }
            Object::Certificate => {
                let body = objects::certificate();
                let made = send(&self.house, "PUT", "x/certificate", &self.root, Some(&body)).await;
                assert_eq!(made.status.as_u16(), 200, "{made:?}");
            }
            Object::UserWithFactor => {
                self.add("users", &objects::user(&self.house, name)).await;
                self.enrol("user", &self.user_token(name).await).await;
            }
        }
        name.to_owned()
    }

    async fn add(&self, path: &str, body: &Value) -> Answer {
        let made = send(&self.house, "POST", path, &self.root, Some(body)).await;
        assert_eq!(made.status.as_u16(), 201, "{path}: {made:?}");
        made
    }

    async fn user_token(&self, name: &str) -> String {
        let answer = self.house.basic("/api/v2/user/token", name, "secret").await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Gives an account a second factor.
    pub(super) async fn enrol(&self, kind: &str, token: &str) {
        let saved = send(&self.house, "POST", &format!("{kind}/totp/save"), token, Some(&objects::factor())).await;
        assert_eq!(saved.status.as_u16(), 200, "{saved:?}");
    }

    async fn connect(&self, id: &str) {
        let peer = Peer {
            remote: "192.0.2.50:4000".parse().unwrap(),
            local: None,
            client_version: "test".into(),
            encryption: String::new(),
            connection_id: String::new(),
        };
        let attempt = Attempt { username: "member".into(), protocol: Protocol::Ssh, peer };
        let login = self.house.core.authenticate(&attempt, Credentials::Password("secret")).await.unwrap();
        self.sessions.borrow_mut().push(login.open_session("SFTP", id).unwrap());
    }

    /// Begins an upload in a session of its own. Answers its number.
    async fn upload(&self, id: &str) -> String {
        self.connect(id).await;
        let fs = self.sessions.borrow().last().unwrap().fs();
        let path = VirtualPath::parse(format!("/{id}").as_bytes()).unwrap();
        let upload = fs.open_write(&path, OpenWrite { truncate: true, create: true, ..OpenWrite::default() }).await.unwrap();
        self.uploads.borrow_mut().push(upload);
        let sessions = send(&self.house, "GET", "x/sessions", &self.root, None).await.json();
        let session = sessions.as_array().unwrap().iter().find(|session| session["connection_id"] == id).unwrap();
        session["transfers"][0]["id"].to_string()
    }

    /// A token of a new administrator with these permissions.
    pub(super) async fn token_of(&self, permissions: &[AdminPermission], name: &str) -> String {
        self.house.add_admin(name, permissions).await;
        self.house.token(name).await
    }

    pub(super) fn body(&self, row: &Row, name: &str, who: &str) -> Option<Value> {
        (row.body)(&Case { house: &self.house, name, who })
    }

    /// The request of a row at an object, by nobody yet.
    pub(super) fn request(&self, row: &Row, target: &Target, who: &str) -> TestRequest {
        request(row.method, &path(row, &target.segment), self.body(row, &target.name, who).as_ref())
    }

    pub(super) async fn ask(&self, row: &Row, target: &Target, who: &str, token: &str) -> Answer {
        self.house.with(token, self.request(row, target, who)).await
    }
}

/// The path of a row at something that is not there.
pub(super) fn path_to_nothing(row: &Row) -> String {
    path(row, row.object.nowhere())
}

fn path(row: &Row, segment: &str) -> String {
    format!("{}{}", row.path.replace("{}", segment), row.query)
}

pub(super) fn request(method: &str, path: &str, body: Option<&Value>) -> TestRequest {
    let request = TestRequest::default().method(method.parse().unwrap()).uri(&format!("/api/v2/{path}"));
    match body {
        Some(body) => request.set_json(body),
        None => request,
    }
}

pub(super) async fn send(house: &House, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
    house.with(token, request(method, path, body)).await
}

/// Bodies of objects.
pub(super) mod objects {
    use serde_json::{Value, json};

    use super::FACTOR_SECRET;
    use crate::testing::House;

    pub(in super::super) fn folder(name: &str) -> Value {
        json!({"name": name, "mapped_path": format!("/srv/{name}")})
    }

    pub(in super::super) fn admin(name: &str) -> Value {
        json!({"username": name, "status": 1, "password": "there-secret", "permissions": ["view_users"]})
    }

    /// With limits, so that its usage is counted.
    pub(in super::super) fn user(house: &House, name: &str) -> Value {
        let mut user = house.user(name);
        user["quota_size"] = json!(1000);
        user["total_data_transfer"] = json!(5);
        user
    }

    pub(in super::super) fn action(name: &str) -> Value {
        let mail = json!({"recipients": ["a@b.example"], "subject": "{{.Event}}", "body": "b"});
        json!({"name": name, "type": 3, "options": {"email_config": mail}})
    }

    pub(in super::super) fn rule(name: &str, trigger: i64, action: &str) -> Value {
        json!({"name": name, "status": 1, "trigger": trigger, "conditions": {"fs_events": ["upload"]},
            "actions": [{"name": action, "order": 1}]})
    }

    pub(in super::super) fn entry(network: &str) -> Value {
        json!({"ipornet": network, "mode": 2})
    }

    pub(in super::super) fn certificate() -> Value {
        json!({"certificate": "chain of a.example", "private_key": "key of a.example"})
    }

    pub(in super::super) fn factor() -> Value {
        json!({"enabled": true, "config_name": "Default", "protocols": ["HTTP"],
            "secret": {"status": "Plain", "payload": FACTOR_SECRET}})
    }
}
