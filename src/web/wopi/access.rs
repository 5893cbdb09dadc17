//! Who asks: an office server that may (API-202), with the token of a document (API-201).

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{StatusCode, header},
    web,
};
use entrepot_config::settings::Wopi;
use entrepot_core::{
    documents::{self, Document},
    tokens::TokenError,
};
use entrepot_http::Client;

use super::{
    Discovery, office_of,
    offices::Silent,
    proof::{self, Problem},
};
use crate::{Site, api::access::agent, error::ApiError, frame::Form};

/// Name of the token in the query.
const TOKEN: &str = "access_token";

/// The document of a request.
pub(super) struct Asked(pub(super) Document);

impl FromRequest for Asked {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let site = request.app_data::<web::Data<Site>>().cloned();
            let client = request.extensions().get::<Client>().cloned();
            let (site, client) = site.zip(client).ok_or_else(nothing)?;
            let wopi = office_of(site.core(), client.features).ok_or_else(nothing)?;
            if !wopi.allowed_from.is_empty() && !wopi.allowed_from.iter().any(|network| network.contains(&client.ip())) {
                tracing::warn!(ip = %client.ip(), "a request about a document is not from a network of the office server");
                return Err(ApiError::new(StatusCode::FORBIDDEN, "this address is not one of the office server"));
            }
            let token = token(&request).ok_or(TokenError::Invalid)?;
            prove(&request, &site, &wopi, &token).await?;
            let file = request.match_info().get("id").unwrap_or_default();
            let document = documents::find(site.core(), &token, file, Some(client.local), agent(&request)).await;
            Ok(Self(document.map_err(refused)?))
        })
    }
}

fn nothing() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "Not Found")
}

/// Whatever a token lacks, it opens nothing here.
fn refused(error: TokenError) -> ApiError {
    match error {
        TokenError::Unavailable => error.into(),
        other => ApiError::new(StatusCode::UNAUTHORIZED, other.to_string()),
    }
}

/// The token is in the query; some clients say it in a header as well.
fn token(request: &HttpRequest) -> Option<String> {
    let query = Form::query(request);
    let shown = match query.get(TOKEN) {
        "" => request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?,
        token => token,
    };
    Some(shown.to_owned())
}

/// Refuses what the office server did not sign, with the status that the protocol wants for that.
async fn prove(request: &HttpRequest, site: &Site, wopi: &Wopi, token: &str) -> Result<(), ApiError> {
    if wopi.skip_proof_key_verify {
        return Ok(());
    }
    let shown = proof::Shown::of(request, wopi, token);
    let seconds = site.core().clock().seconds();
    let check = |asked: Result<Arc<Discovery>, Silent>| match asked {
        Ok(discovery) => Ok(shown.check(discovery.proof.as_ref(), seconds)),
        Err(_) => {
            let text = "the keys of the office server cannot be read now";
            Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, text))
        }
    };
    let mut found = check(site.offices().ask(site.core(), &wopi.server_url).await)?;
    // Keys that were changed a moment ago are looked up again; what is not signed, or long ago, is not worth a look.
    if matches!(found, Err(Problem::Wrong | Problem::NoKey)) {
        found = check(site.offices().ask_again(site.core(), &wopi.server_url).await)?;
    }
    let Err(problem) = found else { return Ok(()) };
    tracing::warn!(%problem, server = wopi.server_url, "a request about a document is not proven to be of the office server");
    Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "the request is not proven to be of the office server"))
}
