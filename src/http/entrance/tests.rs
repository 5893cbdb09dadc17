use std::time::Duration;

use actix_web::{App, middleware::from_fn, test};
use entrepot_net::{AllowAll, Permit};

use super::*;

fn plain(path: &str, status: StatusCode, text: &str) -> HttpResponse {
    HttpResponse::build(status).body(format!("{path}: {text}"))
}

async fn panics() -> &'static str {
    panic!("on purpose")
}

async fn ok(client: Client) -> String {
    client.ip().to_string()
}

struct Refusing(Refusal);

impl Gatekeeper for Refusing {
    fn admit(&self, _: SocketAddr, _: Protocol) -> Result<Permit, Refusal> {
        Err(self.0)
    }
}

macro_rules! call {
    ($entrance:expr, $request:expr) => {{
        let app = test::init_service(
            App::new()
                .app_data(web::Data::new($entrance))
                .wrap(from_fn(entrance))
                .route("/panic", web::get().to(panics))
                .route("/healthz", web::get().to(ok))
                .route("/ok", web::get().to(ok)),
        )
        .await;
        match test::try_call_service(&app, $request.to_request()).await {
            Ok(response) => response.map_into_boxed_body().into_parts().1,
            Err(error) => error.error_response(),
        }
    }};
}

fn open() -> Entrance {
    Entrance::open(Features::default(), Arc::new(AllowAll), plain)
}

// HTTP-007
#[actix_web::test]
async fn panic_becomes_a_500_with_headers_and_an_id() {
    let answer = call!(open(), test::TestRequest::get().uri("/panic"));
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.headers().contains_key("x-request-id"));
    assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY));
}

// HTTP-036, SEC-176
#[actix_web::test]
async fn answers_carry_request_id_and_security_headers() {
    let answer = call!(open(), test::TestRequest::get().uri("/ok"));
    assert_eq!(answer.status(), StatusCode::OK);
    for name in ["x-request-id", "content-security-policy", "x-content-type-options", "referrer-policy"] {
        assert!(answer.headers().contains_key(name), "{name}");
    }
}

// API-014
#[actix_web::test]
async fn head_is_answered_where_get_is() {
    let answer = call!(open(), test::TestRequest::default().method(Method::HEAD).uri("/ok"));
    assert_eq!(answer.status(), StatusCode::OK);
}

// ACC-080
#[actix_web::test]
async fn client_of_a_dual_stack_socket_is_ipv4() {
    let peer = "[::ffff:192.0.2.7]:4000".parse().unwrap();
    let answer = call!(open(), test::TestRequest::get().uri("/ok").peer_addr(peer));
    let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
    assert_eq!(body, "192.0.2.7");
}

// HTTP-008, API-206
#[actix_web::test]
async fn refusals_of_the_gatekeeper_have_their_codes() {
    let cases = [
        (Refusal::Stopping, 503),
        (Refusal::NotAllowed, 403),
        (Refusal::Banned, 403),
        (Refusal::TooMany, 429),
        (Refusal::RateLimited { retry_after: Duration::from_millis(1500) }, 429),
    ];
    for (refusal, code) in cases {
        let entrance = Entrance::open(Features::default(), Arc::new(Refusing(refusal)), plain);
        let answer = call!(entrance, test::TestRequest::get().uri("/ok"));
        assert_eq!(answer.status().as_u16(), code, "{refusal:?}");
        if matches!(refusal, Refusal::RateLimited { .. }) {
            assert_eq!(answer.headers().get(header::RETRY_AFTER).unwrap(), "2");
            assert_eq!(answer.headers().get("x-retry-in").unwrap(), "1.5s");
        }
    }
}

// HTTP-002
#[actix_web::test]
async fn health_check_is_answered_whatever_the_gatekeeper_says() {
    let entrance = Entrance::open(Features::default(), Arc::new(Refusing(Refusal::Banned)), plain);
    let answer = call!(entrance, test::TestRequest::get().uri("/healthz"));
    assert_eq!(answer.status(), StatusCode::OK);
}
