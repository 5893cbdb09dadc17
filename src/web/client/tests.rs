//! Pages of users, from outside.

mod files;
mod mounted;
mod recent;
mod shared;

use actix_web::{http::StatusCode, test::TestRequest};
use entrepot_model::Permission;
use serde_json::{Value, json};

use crate::testing::{Answer, Browser, House, ready};

/// A house with the user `ada` (password `secret`) and whatever `change` makes of it.
async fn house(change: Value) -> House {
    let house = ready().await;
    let mut user = house.user("ada");
    for (name, value) in change.as_object().unwrap() {
        user[name] = value.clone();
    }
    let token = house.token("root").await;
    let added = house.with(&token, TestRequest::post().uri("/api/v2/users").set_json(&user)).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    house
}

/// `ada`, logged in.
async fn ada(house: &House) -> Browser<'_> {
    Browser::user(house, "ada", "secret").await
}

/// Puts a file where the user's files are.
fn put(house: &House, name: &str, content: &str) {
    let path = house.home("ada").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}
