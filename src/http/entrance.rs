//! What every request passes before a handler sees it, in this order (HTTP-007): request id, client, log, recovery from
//! panics, headers, redirect, admission.

use std::{collections::HashMap, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{self, BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{Method, StatusCode, header, header::HeaderName, header::HeaderValue},
    middleware::Next,
    web,
};
use entrepot_net::{Gatekeeper, Protocol, Refusal, acme::Challenges};
use futures_util::FutureExt;

use crate::{
    Client, Features, Host, Unsent,
    access_log::Line,
    binding::{Bound, Listener},
    headers, redirect,
};

/// The form of a refusal for a path: JSON below `/api`, a page elsewhere. Given by `web`.
pub type Refuse = fn(path: &str, status: StatusCode, text: &str) -> HttpResponse;

/// What the entrance knows; one for all workers.
pub struct Entrance {
    pub(crate) bindings: HashMap<SocketAddr, Arc<Bound>>,
    /// For connections that came through none of them.
    pub(crate) otherwise: Arc<Bound>,
    pub(crate) gatekeeper: Arc<dyn Gatekeeper>,
    pub(crate) challenges: Option<Arc<Challenges>>,
    pub(crate) refuse: Refuse,
    pub(crate) sender: &'static str,
}

impl Entrance {
    /// An entrance without bindings: each request is offered these features. For tests of routes.
    pub fn open(features: Features, gatekeeper: Arc<dyn Gatekeeper>, refuse: Refuse) -> Self {
        let otherwise = Arc::new(Bound { features, ..Bound::default() });
        Self { bindings: HashMap::new(), otherwise, gatekeeper, challenges: None, refuse, sender: "httpd" }
    }

    fn bound(&self, address: SocketAddr) -> Arc<Bound> {
        self.bindings.get(&address).unwrap_or(&self.otherwise).clone()
    }
}

/// The middleware; needs an [`Entrance`] as `web::Data`.
///
/// # Errors
/// Those of the inner service; a panic becomes a 500 that carries an answer.
pub async fn entrance(
    state: web::Data<Entrance>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let bound = state.bound(Listener::of(&request).address);
    let (client, undeclared) = Client::of(&request, uuid::Uuid::new_v4().simple().to_string(), &bound);
    if let Some(proxy) = undeclared {
        state.gatekeeper.note_forwarded(proxy);
    }
    let line = Line::of(&request, state.sender);
    let path = request.path().to_owned();
    request.extensions_mut().insert(client.clone());
    // HEAD is answered wherever GET is (API-014), and its body goes no further than here.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }

    let outcome = match early_answer(&state, &bound, &client, &request).await {
        Some(answer) => Ok(request.into_response(answer)),
        None => match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(outcome) => outcome.map(ServiceResponse::map_into_boxed_body),
            Err(_) => {
                tracing::error!(request_id = client.request_id, "a request handler panicked");
                let text = format!("request id {}", client.request_id);
                let answer = (state.refuse)(&path, StatusCode::INTERNAL_SERVER_ERROR, &text);
                Err(InternalError::from_response("panic", answer).into())
            }
        },
    };
    match outcome {
        Ok(mut response) => {
            if client.is_head {
                response = response.map_body(|_, body| unsent(body));
            }
            // It kept the answer from being compressed, and says nothing that a client could use (RFC 9110 section 8.4.1).
            if response.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "identity") {
                response.headers_mut().remove(header::CONTENT_ENCODING);
            }
            headers::complete(response.headers_mut(), &bound.headers, client.secure, &client.request_id);
            let size = if let BodySize::Sized(size) = response.response().body().size() { size } else { 0 };
            line.write(&client, response.status(), size);
            Ok(response)
        }
        Err(error) => {
            let mut answer = error.error_response();
            headers::complete(answer.headers_mut(), &bound.headers, client.secure, &client.request_id);
            line.write(&client, answer.status(), 0);
            Err(InternalError::from_response(error, answer).into())
        }
    }
}

/// What an answer to HEAD has of its body: the length, where it is known. A connection of HTTP/1.1 reads a body to its end
/// even if it sends nothing of it, so what is worked out piece by piece must not get there.
fn unsent(body: BoxBody) -> BoxBody {
    match body.size() {
        BodySize::Sized(size) => Unsent(size).boxed(),
        BodySize::Stream | BodySize::None => body::None::new().boxed(),
    }
}

/// The answer of the door itself, where there is one.
async fn early_answer(state: &Entrance, bound: &Bound, client: &Client, request: &ServiceRequest) -> Option<HttpResponse> {
    // Always answered, so that a supervisor never mistakes a limit for a fault (HTTP-002).
    if request.path() == "/healthz" {
        return None;
    }
    // Asked from anywhere, without a name that we know, over plain HTTP (RFC 8555 section 8.3): before all that follows.
    if let Some(challenges) = &state.challenges {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        if let Some(proof) = challenges.http_answer(request.path(), header) {
            return Some(HttpResponse::Ok().content_type("text/plain").body(proof.to_string()));
        }
    }
    if !bound.answers(Host::of(request.headers(), request.uri()).as_ref()) {
        return Some((state.refuse)(request.path(), StatusCode::FORBIDDEN, "this host name is not allowed"));
    }
    if let Some(answer) = redirect::to_https(request, bound, client.secure) {
        return Some(answer);
    }
    match state.gatekeeper.admit(client.address, Protocol::Http) {
        Ok(permit) => {
            permit.wait().await;
            request.extensions_mut().insert(permit);
            None
        }
        Err(refusal) => Some(refused(state.refuse, request.path(), refusal)),
    }
}

/// HTTP-008, API-206.
fn refused(refuse: Refuse, path: &str, refusal: Refusal) -> HttpResponse {
    let status = match refusal {
        Refusal::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::NotAllowed | Refusal::Banned => StatusCode::FORBIDDEN,
        Refusal::TooMany | Refusal::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
    };
    let mut answer = refuse(path, status, &refusal.to_string());
    if let Refusal::RateLimited { retry_after } = refusal {
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        if let Ok(text) = HeaderValue::from_str(&format!("{retry_after:?}")) {
            answer.headers_mut().insert(HeaderName::from_static("x-retry-in"), text);
        }
    }
    answer
}

#[cfg(test)]
mod tests;
