//! HTTP requests.

use serde::{Deserialize, Serialize};

use super::KeyValue;
use crate::{secret::Secret, wire::is_default};

/// A part of a multipart request (ACT-005).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpPart {
    /// Name of the form field.
    pub name: String,
    /// Further headers; values are templates.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: Vec<KeyValue>,
    /// Virtual path of a file to send; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub filepath: String,
    /// Text to send; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub body: String,
}

/// An HTTP request (ACT-001…ACT-010).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpConfig {
    /// `http` or `https` URL; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// For Basic authentication.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// For Basic authentication.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub password: Secret,
    /// Headers; values are templates.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: Vec<KeyValue>,
    /// Seconds, up to 180; 0 is 15 (ACT-076).
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: i64,
    /// Accept any certificate.
    #[serde(skip_serializing_if = "is_default")]
    pub skip_tls_verify: bool,
    /// `GET`, `POST`, `PUT` or `DELETE`.
    #[serde(skip_serializing_if = "is_default")]
    pub method: String,
    /// Added to the query of the URL; values are templates.
    #[serde(skip_serializing_if = "is_default")]
    pub query_parameters: Vec<KeyValue>,
    /// A template.
    #[serde(skip_serializing_if = "is_default")]
    pub body: String,
    /// Makes it a multipart request.
    #[serde(skip_serializing_if = "is_default")]
    pub parts: Vec<HttpPart>,
}
