//! A whole site over a store in memory, asked the way the HTTP service asks it.

mod certificate;
pub(crate) mod forms;
mod host_keys;
mod inline;
mod storages;

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use actix_web::{
    App, Error,
    body::{BoxBody, to_bytes},
    dev::ServiceResponse,
    http::{StatusCode, header, header::HeaderMap},
    middleware::{NormalizePath, from_fn},
    test::{TestRequest, init_service, try_call_service},
    web,
};
use arc_swap::ArcSwap;
use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_config::{Settings, Sources};
use entrepot_core::{Clock, Core, CoreOptions, NoEventSink, NoHooks, SystemClock, Tasks, admin};
use entrepot_http::{Entrance, Features, entrance};
use entrepot_model::{
    Admin, AdminPermission, Permission, User,
    api::VersionInfo,
    status::{SshBinding, SshServiceStatus},
};
use entrepot_net::AllowAll;
use entrepot_secrets::Sealer;
use entrepot_store::{Store, StoreOptions};
pub(crate) use inline::assert_nothing_inline;
use serde_json::Value;
use storages::TestStorages;

use crate::{Site, SiteOptions, refuse, routes};

/// Address of the client of every request.
const CLIENT: &str = "192.0.2.7:40000";

/// Entrance and routes. To compile the routes is most of the work of a request, so it is done once.
type Service = Rc<dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = Result<ServiceResponse<BoxBody>, Error>>>>>;

/// The clock of the system, which a test may move on.
#[derive(Default)]
pub(crate) struct MovedClock(AtomicI64);

impl MovedClock {
    pub(crate) fn advance_minutes(&self, minutes: i64) {
        self.0.fetch_add(minutes * 60_000_000_000, Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn nanos(&self) -> i64 {
        SystemClock.nanos() + self.0.load(Ordering::SeqCst)
    }
}

/// A core, the features of the binding, and what keeps both alive.
pub(crate) struct House {
    pub(crate) core: Core,
    pub(crate) features: Features,
    pub(crate) clock: Arc<MovedClock>,
    /// Made for these features.
    service: RefCell<Option<(Features, Service)>>,
    folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A server nobody has set up yet: cheap hashes, no pauses.
pub(crate) async fn fresh(change: impl FnOnce(&mut Settings)) -> House {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources::new(folder.path());
    let loaded = entrepot_config::load(sources.clone()).unwrap();
    let mut settings = loaded.settings.clone();
    settings.common.defender.login_delay.password_failed = 0;
    settings.data_provider.password_hashing.algo = "bcrypt".into();
    settings.data_provider.password_hashing.bcrypt_options.cost = 4;
    change(&mut settings);
    let clock = Arc::new(MovedClock::default());
    let core = Core::start(CoreOptions {
        settings: Arc::new(ArcSwap::from_pointee(settings)),
        data_directory: folder.path().join("data"),
        store: Store::open(StoreOptions::in_memory()).unwrap(),
        sealer: Sealer::default(),
        tasks: Tasks::new(tokio::runtime::Handle::current(), 1),
        clock: clock.clone(),
        hooks: Arc::new(NoHooks),
        sink: Arc::new(NoEventSink),
        storages: Arc::new(TestStorages::default()),
    });
    let core = core.await.unwrap();
    core.identity().show_certificate_with(Arc::new(certificate::Listener::default()));
    core.identity().show_host_keys_with(Arc::new(host_keys::Keys::default()));
    core.services().configure_from(admin::settings::Configuration::new(sources, loaded));
    House { core, features: Features::default(), clock, service: RefCell::default(), folder }
}

/// A server with the administrator `root`, password `root-secret`.
pub(crate) async fn ready() -> House {
    let house = fresh(|_| {}).await;
    house.add_admin("root", &[AdminPermission::Any]).await;
    house
}

impl House {
    /// An administrator whose password is the name and `-secret`.
    pub(crate) async fn add_admin(&self, name: &str, permissions: &[AdminPermission]) {
        let admin = Admin {
            username: name.into(),
            password: Some(format!("{name}-secret")),
            status: 1,
            permissions: permissions.to_vec(),
            ..Admin::default()
        };
        admin::admins::add(&self.core, &admin::AdminSession::system(), admin).await.unwrap();
    }

    /// The body of a user with a home of its own and the password `secret`.
    pub(crate) fn user(&self, name: &str) -> Value {
        let user = User {
            username: name.into(),
            status: 1,
            password: Some("secret".into()),
            home_dir: self.folder.path().join("homes").join(name).to_string_lossy().into_owned(),
            permissions: [("/".to_owned(), vec![Permission::Any])].into_iter().collect(),
            ..User::default()
        };
        serde_json::to_value(&user).unwrap()
    }

    /// Where the files of a user made of [`House::user`] lie.
    pub(crate) fn home(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("homes").join(name)
    }

    async fn service(&self) -> Service {
        if let Some((features, service)) = &*self.service.borrow()
            && *features == self.features
        {
            return service.clone();
        }
        if self.core.services().ssh().bindings.is_empty() {
            let ssh = SshBinding { address: String::new(), port: 2022, apply_proxy_config: true };
            let status = SshServiceStatus { is_active: true, bindings: vec![ssh], ..SshServiceStatus::default() };
            self.core.services().report_ssh(status);
        }
        let site = Site::new(SiteOptions {
            core: self.core.clone(),
            certificate: None,
            version: VersionInfo { version: "1.2.3".into(), ..VersionInfo::default() },
        });
        let app = init_service(
            App::new()
                .app_data(web::Data::new(Entrance::open(self.features, Arc::new(AllowAll), refuse)))
                .wrap(NormalizePath::trim())
                .wrap(from_fn(entrance))
                .configure(routes(site)),
        )
        .await;
        let app = Rc::new(app);
        let service: Service = Rc::new(move |request| {
            let app = app.clone();
            Box::pin(async move { Ok(try_call_service(&*app, request.to_request()).await?.map_into_boxed_body()) })
        });
        *self.service.borrow_mut() = Some((self.features, service.clone()));
        service
    }

    /// Sends a request through entrance and routes.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let service = self.service().await;
        let (status, headers, body) = match service(request.peer_addr(CLIENT.parse().unwrap())).await {
            Ok(response) => {
                let (_, response) = response.into_parts();
                let (head, body) = response.into_parts();
                (head.status(), head.headers().clone(), to_bytes(body).await.ok())
            }
            Err(error) => {
                let (head, body) = error.error_response().into_parts();
                (head.status(), head.headers().clone(), to_bytes(body).await.ok())
            }
        };
        Answer { status, headers, text: String::from_utf8_lossy(&body.unwrap_or_default()).into_owned() }
    }

    /// GET without credentials.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    /// GET with name and password.
    pub(crate) async fn basic(&self, path: &str, name: &str, password: &str) -> Answer {
        let encoded = STANDARD.encode(format!("{name}:{password}"));
        self.send(TestRequest::get().uri(path).insert_header((header::AUTHORIZATION, format!("Basic {encoded}")))).await
    }

    /// A token of an administrator made by [`House::add_admin`].
    pub(crate) async fn token(&self, name: &str) -> String {
        let answer = self.basic("/api/v2/token", name, &format!("{name}-secret")).await;
        answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    /// A request with a bearer token.
    pub(crate) async fn with(&self, token: &str, request: TestRequest) -> Answer {
        self.send(request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")))).await
    }
}

/// A browser: it keeps cookies and sends forms from pages of this site.
pub(crate) struct Browser<'a> {
    pub(crate) house: &'a House,
    pub(crate) cookies: std::collections::BTreeMap<String, String>,
    /// Value of the field that carries the token of the session, from the last page.
    token: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(house: &'a House) -> Self {
        Self { house, cookies: std::collections::BTreeMap::new(), token: String::new() }
    }

    /// Logged in as an administrator made by [`House::add_admin`].
    pub(crate) async fn admin(house: &'a House, name: &str) -> Self {
        let mut browser = Self::new(house);
        let fields = [("username", name), ("password", &format!("{name}-secret"))];
        let answer = browser.post("/web/admin/login", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        // The first page has the token that forms carry.
        browser.get("/web/admin/changepwd").await;
        browser
    }

    /// Logged in as a user.
    pub(crate) async fn user(house: &'a House, name: &str, password: &str) -> Self {
        let mut browser = Self::new(house);
        let answer = browser.post("/web/client/login", &[("username", name), ("password", password)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        browser.get("/web/client/changepwd").await;
        browser
    }

    /// What forms of the last page carry.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A form with files, its parts divided by `edge`.
    pub(crate) async fn post_multipart(&mut self, path: &str, body: String) -> Answer {
        let request = TestRequest::post().uri(path).insert_header((header::ORIGIN, "http://nas:8080"));
        self.send(request.insert_header((header::CONTENT_TYPE, "multipart/form-data; boundary=edge")).set_payload(body)).await
    }

    /// Any request, with the cookies.
    pub(crate) async fn send(&mut self, request: TestRequest) -> Answer {
        let sent = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = if sent.is_empty() { request } else { request.insert_header((header::COOKIE, sent)) };
        let answer = self.house.send(request.insert_header(("host", "nas:8080"))).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some((_, rest)) = answer.text.split_once("name=\"_form_token\" value=\"") {
            self.token = rest.split('"').next().unwrap().to_owned();
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    /// A form of a page, with the token of the session.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token.clone();
        let fields: Vec<_> = fields.iter().copied().chain([("_form_token", token.as_str())]).collect();
        self.post_exactly(path, &fields, "http://nas:8080").await
    }

    /// A form with these fields and nothing else, from a page of that origin.
    pub(crate) async fn post_exactly(&mut self, path: &str, fields: &[(&str, &str)], origin: &str) -> Answer {
        self.send(TestRequest::post().uri(path).insert_header((header::ORIGIN, origin.to_owned())).set_form(fields)).await
    }
}
