//! Parameters of the query string. A wrong one is refused by name (API-010).

use std::{collections::HashMap, str::FromStr};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use entrepot_core::admin::{IpListPage, ListOptions, Order};

use crate::error::ApiError;

const DEFAULT_LIMIT: u64 = 100;
/// More is reduced to this in silence (API-029).
const HIGHEST_LIMIT: u64 = 500;

/// The query string, decoded.
#[derive(Debug, Default)]
pub(crate) struct Parameters(HashMap<String, String>);

impl FromRequest for Parameters {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = web::Query::<HashMap<String, String>>::from_query(request.query_string());
        std::future::ready(
            parsed.map(|query| Self(query.into_inner())).map_err(|_| ApiError::bad_request("invalid query string")),
        )
    }
}

impl Parameters {
    /// The text called `name`; `None` if it is absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The same; empty if it is absent.
    pub(crate) fn given(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// The number called `name`; `None` if it is absent.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let parsed = self.0.get(name).map(|text| text.parse());
        parsed.transpose().map_err(|_| ApiError::bad_request(format!("invalid {name}")))
    }

    /// A parameter that is true or false; absent is false.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.given(name) {
            "" | "false" | "0" => Ok(false),
            "true" | "1" => Ok(true),
            _ => Err(ApiError::bad_request(format!("invalid {name}"))),
        }
    }

    /// A parameter that is on when it is 1. Not a number: an error.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn is_on(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.number::<i64>(name)? == Some(1))
    }

    /// Which part of an IP list (API-079).
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn ip_list_page(&self) -> Result<IpListPage, ApiError> {
        let ListOptions { limit, order, .. } = self.list()?;
        let text = |name| self.0.get(name).cloned().unwrap_or_default();
        Ok(IpListPage { filter: text("filter"), from: text("from"), limit, order })
    }

    /// Which part of a list (API-028…API-030).
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub(crate) fn list(&self) -> Result<ListOptions, ApiError> {
        let limit = self.number("limit")?.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 {
            return Err(ApiError::bad_request("invalid limit"));
        }
        let order = match self.0.get("order").map(String::as_str) {
            None | Some("ASC") => Order::Ascending,
            Some("DESC") => Order::Descending,
            Some(_) => return Err(ApiError::bad_request("invalid order")),
        };
        let offset = self.number("offset")?.unwrap_or(0);
        Ok(ListOptions { offset, limit: limit.min(HIGHEST_LIMIT), order, ..ListOptions::default() })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn parameters(query: &str) -> Parameters {
        let request = TestRequest::get().uri(&format!("/?{query}")).to_http_request();
        Parameters::from_request(&request, &mut Payload::None).into_inner().unwrap()
    }

    // API-028, API-029
    #[test]
    fn lists_have_defaults_and_a_highest_limit() {
        let options = parameters("").list().unwrap();
        assert_eq!((options.offset, options.limit, options.order), (0, 100, Order::Ascending));
        let options = parameters("offset=7&limit=900&order=DESC").list().unwrap();
        assert_eq!((options.offset, options.limit, options.order), (7, 500, Order::Descending));
    }

    // API-010, API-029, API-030
    #[test]
    fn wrong_parameters_are_refused_by_name() {
        let cases = [
            ("limit=x", "invalid limit"),
            ("limit=0", "invalid limit"),
            ("limit=-1", "invalid limit"),
            ("offset=x", "invalid offset"),
            ("offset=-1", "invalid offset"),
            ("order=asc", "invalid order"),
            ("order=", "invalid order"),
        ];
        for (query, text) in cases {
            let error = parameters(query).list().unwrap_err().to_string();
            assert!(error.contains(text), "{query}: {error}");
        }
    }

    // ACC-066
    #[test]
    fn switches_are_on_with_1_only() {
        assert!(parameters("disconnect=1").is_on("disconnect").unwrap());
        assert!(!parameters("disconnect=2").is_on("disconnect").unwrap());
        assert!(!parameters("").is_on("disconnect").unwrap());
        assert!(parameters("disconnect=yes").is_on("disconnect").is_err());
    }
}
