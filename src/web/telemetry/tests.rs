use std::sync::Arc;

use actix_web::{
    App,
    http::StatusCode,
    middleware::from_fn,
    test::{TestRequest, call_service, init_service, read_body},
    web::Data,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use entrepot_http::{Entrance, Features, entrance};
use entrepot_net::AllowAll;
use entrepot_secrets::password::{Algorithm, HashingParameters, hash};

use super::{TelemetryOptions, TelemetryUsers, credentials, telemetry_routes};
use crate::{refuse, testing};

async fn ask(options: TelemetryOptions, path: &str, shown: Option<(&str, &str)>) -> (StatusCode, String, String) {
    let app = init_service(
        App::new()
            .app_data(Data::new(Entrance::open(Features::default(), Arc::new(AllowAll), refuse)))
            .wrap(from_fn(entrance))
            .configure(telemetry_routes(options)),
    )
    .await;
    let mut request = TestRequest::get().uri(path);
    if let Some((name, password)) = shown {
        let value = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
        request = request.insert_header(("Authorization", value));
    }
    let answer = call_service(&app, request.to_request()).await;
    let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let told = if answer.status() == StatusCode::UNAUTHORIZED { header("WWW-Authenticate") } else { header("Content-Type") };
    (answer.status(), told, String::from_utf8(read_body(answer).await.to_vec()).unwrap())
}

// TEL-002, TEL-003
#[actix_web::test]
async fn health_and_metrics_are_served_and_nothing_else() {
    let house = testing::ready().await;
    let options = || TelemetryOptions { core: house.core.clone(), users: None };
    assert_eq!(ask(options(), "/healthz", None).await, (StatusCode::OK, "text/plain; charset=utf-8".into(), "ok".into()));
    let (status, kind, text) = ask(options(), "/metrics", None).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8"));
    assert!(text.contains("\nentrepot_dataprovider_availability 1\n"), "{text}");
    for path in ["/", "/metrics/x", "/debug/pprof/", "/api/v2/version", "/web/admin"] {
        assert_eq!(ask(options(), path, None).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

// TEL-003: the file is read again when it changes; health needs no password
#[actix_web::test]
async fn metrics_ask_for_the_password_of_the_file() {
    let house = testing::ready().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    let cheap = HashingParameters { algorithm: Algorithm::Bcrypt, bcrypt_cost: 4, ..HashingParameters::default() };
    let line = |name: &str, password: &str| format!("{name}:{}\n", hash(password.as_bytes(), &cheap).unwrap());
    write(&path, &line("ann", "first"));
    let options = || TelemetryOptions { core: house.core.clone(), users: Some(TelemetryUsers::open(path.clone()).unwrap()) };
    let (status, challenge, text) = ask(options(), "/metrics", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(challenge.starts_with("Basic realm=\"Entrepot telemetry\"") && !text.contains("entrepot_"), "{challenge} {text}");
    assert_eq!(ask(options(), "/healthz", None).await.0, StatusCode::OK);
    assert_eq!(ask(options(), "/metrics", Some(("ann", "first"))).await.0, StatusCode::OK);
    for wrong in [("ann", "second"), ("bob", "first"), ("", ""), ("ann", "")] {
        assert_eq!(ask(options(), "/metrics", Some(wrong)).await.0, StatusCode::UNAUTHORIZED, "{wrong:?}");
    }
    let users = TelemetryUsers::open(path.clone()).unwrap();
    let tasks = house.core.tasks();
    assert!(users.is_known(tasks, "ann".into(), "first".into()).await);
    write(&path, &format!("{}{}", line("ann", "second"), line("bob", "third")));
    assert!(!users.is_known(tasks, "ann".into(), "first".into()).await);
    assert!(users.is_known(tasks, "bob".into(), "third".into()).await);
}

#[test]
fn only_basic_credentials_are_read() {
    assert_eq!(credentials(b"Basic YTpiOmM="), Some(("a".into(), "b:c".into())));
    assert_eq!(credentials(b"basic YTpi"), Some(("a".into(), "b".into())));
    for wrong in [&b"Bearer YTpi"[..], b"Basic ***", b"Basic YQ==", b"", b"Basic", b"Basic \xff"] {
        assert_eq!(credentials(wrong), None, "{wrong:?}");
    }
}

#[allow(clippy::disallowed_methods, reason = "a file of the test")]
fn write(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).unwrap();
}
