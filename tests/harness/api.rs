//! REST.

use std::{sync::Once, time::Duration};

use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::Value;

/// A client with a token or an API key.
pub struct Api {
    client: Client,
    base: String,
    token: String,
    key: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub text: String,
}

/// A client that takes the server's own certificate.
fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
    Client::builder()
        .danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

impl Api {
    /// Without a token.
    pub fn open(base: &str) -> Self {
        Self { client: client(), base: base.to_owned(), token: String::new(), key: String::new() }
    }

    /// With the token of an administrator.
    #[track_caller]
    pub fn login(base: &str, username: &str, password: &str) -> Self {
        let mut api = Self::open(base);
        api.token = api.ask_token("/api/v2/token", username, password).ok(200)["access_token"].as_str().unwrap().to_owned();
        api
    }

    /// With the token of a user.
    #[track_caller]
    pub fn login_user(base: &str, username: &str, password: &str) -> Self {
        let mut api = Self::open(base);
        let answer = api.ask_token("/api/v2/user/token", username, password).ok(200);
        api.token = answer["access_token"].as_str().unwrap().to_owned();
        api
    }

    /// With an API key.
    pub fn with_key(base: &str, key: &str) -> Self {
        Self { key: key.to_owned(), ..Self::open(base) }
    }

    /// Asks for a token.
    pub fn ask_token(&self, path: &str, username: &str, password: &str) -> Answer {
        answer(self.client.get(self.url(path)).basic_auth(username, Some(password)))
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    fn send(&self, request: RequestBuilder) -> Answer {
        let request = if self.key.is_empty() { request } else { request.header("X-SFTPGO-API-KEY", &self.key) };
        answer(if self.token.is_empty() { request } else { request.bearer_auth(&self.token) })
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(self.url(path)))
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.client.post(self.url(path)).json(body))
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.client.put(self.url(path)).json(body))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.client.patch(self.url(path)).json(body))
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send(self.client.delete(self.url(path)))
    }

    /// A form, as a browser sends it from a page of the server.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encoded = fields.iter().map(|(name, value)| format!("{name}={}", percent(value)));
        let body = encoded.collect::<Vec<_>>().join("&");
        let request = self.client.post(self.url(path)).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.header("sec-fetch-site", "same-origin").body(body))
    }
}

impl Answer {
    /// The JSON body of an answer that must have this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert!(self.status == status, "{} instead of {status}: {}", self.status, self.text);
        self.body
    }
}

fn answer(request: RequestBuilder) -> Answer {
    let response: Response = request.send().unwrap();
    let status = response.status().as_u16();
    let text = response.text().unwrap_or_default();
    Answer { status, body: serde_json::from_str(&text).unwrap_or_default(), text }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
