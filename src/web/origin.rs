//! Whether a form was sent by a page of ours (decisions, section 12).

use actix_web::{
    HttpRequest,
    http::{Uri, header},
};
use entrepot_http::Host;

/// Browsers say where a request comes from: `Sec-Fetch-Site` over HTTPS, `Origin` with every form. Programs say neither,
/// and nobody can make them send a form behind their owner's back.
pub(crate) fn is_own(request: &HttpRequest) -> bool {
    if let Some(site) = request.headers().get("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = request.headers().get(header::ORIGIN) else { return true };
    let Some(own) = Host::of(request.headers(), request.uri()) else { return false };
    // The scheme is not compared: a proxy in front may speak another one to us.
    let named = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let named = named.and_then(|origin| Host::parse(origin.authority()?.as_str()));
    named.is_some_and(|named| named == own)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(headers: &[(&'static str, &'static str)]) -> bool {
        let request = headers
            .iter()
            .fold(TestRequest::post().insert_header(("host", "nas:8443")), |request, header| request.insert_header(*header));
        is_own(&request.to_http_request())
    }

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        assert!(request(&[]));
        assert!(request(&[("origin", "https://nas:8443")]));
        assert!(request(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(!request(&[("sec-fetch-site", "cross-site"), ("origin", "https://nas:8443")]));
        assert!(!request(&[("sec-fetch-site", "same-site")]));
        assert!(!request(&[("origin", "https://evil.example")]));
        assert!(!request(&[("origin", "https://nas:9999")]));
        assert!(!request(&[("origin", "null")]));
    }
}
