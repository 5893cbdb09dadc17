//! What a form sends.

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::StatusCode,
    web::{Bytes, Query},
};

use super::PageError;
use crate::{api::body, error::ApiError, origin};

/// Name of the field that carries the token of the session (SEC-164).
pub(crate) const TOKEN: &str = "_form_token";

/// Fields in the order of the page. It may hold passwords and has no `Debug`.
#[derive(Default, Clone)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`, or a query.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Query::<Vec<(String, String)>>::from_query(text).ok().map(|fields| Self(fields.into_inner()))
    }

    /// The query of a request; what cannot be read is empty.
    pub(crate) fn query(request: &HttpRequest) -> Self {
        Self::parse(request.query_string()).unwrap_or_default()
    }

    /// The first value of a field; empty if there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The first value of a field.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a field, in the order of the page.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box was ticked, or a field was on the page at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Names of fields that begin with `prefix`, without it.
    pub(crate) fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(field, value)| Some((field.strip_prefix(prefix)?, value.as_str())))
    }

    /// Other fields beside these.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(field, _)| field != name);
        self.0.push((name.to_owned(), value.into()));
    }
}

/// The body of a form that a page of ours sent; for pages without a session. With a session it is an
/// [`super::AdminForm`] or a [`super::ClientForm`].
pub(crate) async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Form, PageError> {
    parse(body::read(request, payload).await)
}

/// The same with a session: what the limits allow, encoded.
pub(super) async fn read_of_session(request: &HttpRequest, payload: &mut Payload) -> Result<Form, PageError> {
    parse(body::read_encoded(request, payload).await)
}

fn parse(bytes: Result<Bytes, ApiError>) -> Result<Form, PageError> {
    let bytes = bytes.map_err(|error| PageError::status(error.code(), error.to_string()))?;
    let form = std::str::from_utf8(&bytes).ok().and_then(Form::parse);
    form.ok_or_else(|| PageError::status(StatusCode::BAD_REQUEST, "The form could not be read."))
}

/// A form without a session: it must come from this site (SEC-163).
impl FromRequest for Form {
    type Error = PageError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            if !origin::is_own(&request) {
                return Err(PageError::Foreign);
            }
            read(&request, &mut payload).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name_and_order() {
        let form = Form::parse("a=1&b=x+y&a=%C3%A4").unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), ("1", "x y", ""));
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "ä"]);
        assert!(form.has("b") && !form.has("c"));
    }
}
