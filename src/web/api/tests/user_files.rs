//! Files of users, from the outside.

mod actions;
mod downloads;
mod listings;
mod trees;
mod uploads;

use std::{fs, path::PathBuf};

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};

use crate::testing::{Answer, House, ready};

/// A house with the user `ada`.
pub(super) struct Home {
    pub house: House,
    pub token: String,
    /// Where her files are.
    pub root: PathBuf,
}

impl Home {
    pub async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// With these members besides the usual ones.
    pub async fn with(fields: Value) -> Self {
        Self::of(ready().await, fields).await
    }

    /// In this house; the folder `objects`, of another kind of storage, may be mounted.
    pub async fn of(house: House, fields: Value) -> Self {
        let admin = house.token("root").await;
        let folder = json!({"name": "objects", "mapped_path": "/objects/o"});
        let added = house.with(&admin, TestRequest::post().uri("/api/v2/folders").set_json(folder)).await;
        assert_eq!(added.status.as_u16(), 201, "{added:?}");
        let mut user = house.user("ada");
        user.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let root = PathBuf::from(user["home_dir"].as_str().unwrap());
        let added = house.with(&admin, TestRequest::post().uri("/api/v2/users").set_json(&user)).await;
        assert_eq!(added.status.as_u16(), 201, "{added:?}");
        let answer = house.basic("/api/v2/user/token", "ada", "secret").await;
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        Self { house, token, root }
    }

    /// A file of hers, put there behind the server's back.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// What is in a file of hers.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.root.join(name)).ok()
    }

    /// Names in a directory of hers, those of the server aside.
    pub fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root.join(directory)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with(".entrepot-")).collect();
        names.sort();
        names
    }

    pub async fn send(&self, request: TestRequest) -> Answer {
        self.house.with(&self.token, request).await
    }

    /// A request below `/api/v2/user/`.
    pub async fn ask(&self, method: &str, path: &str) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.send(TestRequest::default().method(method).uri(&format!("/api/v2/user/{path}"))).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).await
    }

    /// Sends a file.
    pub async fn upload(&self, query: &str, content: impl Into<Vec<u8>>) -> Answer {
        let request = TestRequest::post().uri(&format!("/api/v2/user/files/upload?{query}"));
        self.send(request.set_payload(content.into())).await
    }
}

#[track_caller]
pub(super) fn is(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
}
