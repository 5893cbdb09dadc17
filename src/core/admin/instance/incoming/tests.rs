use std::time::Duration;

use super::*;
use crate::{
    admin::SetupRequest,
    login::tests::{House, house},
};

const CODE: &str = "4711";
const ADMIN: &str = r#"{"username":"root","password":"root-secret","status":1,"permissions":["*"]}"#;

fn secret() -> Sensitive<String> {
    Sensitive::from("correct horse battery")
}

async fn bring(house: &House, token: &str, document: &str) -> Result<Brought> {
    let mut incoming = house.core.bring_at_setup(token, "").await?;
    incoming.write(Bytes::from(document.to_owned())).await?;
    incoming.take_in(secret()).await
}

/// What lies in the data folder of what was brought.
fn left(house: &House) -> usize {
    let Ok(found) = house.core.data_directory().read_dir() else { return 0 };
    found.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().contains("brought"))).count()
}

/// Waits for what happens beside the test.
async fn within_a_minute(what: &str, holds: impl AsyncFn() -> bool) {
    let holding = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), holding).await.expect(what);
}

// ACC-256
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_in_without_the_installation_code() {
    let house = house(|settings| settings.httpd.setup.installation_code = CODE.to_owned().into()).await;
    let token = house.core.create_setup_token().await.expect("token");
    let is_wrong = |answer: Result<Incoming>| matches!(answer, Err(Error::Denied(denial)) if denial.rule() == "installation_code" && !denial.detail().contains(CODE));
    for code in ["", "471", "47111"] {
        assert!(is_wrong(house.core.bring_at_setup(&token, code).await), "{code:?}");
    }
    assert_eq!(left(&house), 0, "no file was begun");
    house.core.bring_at_setup(&token, CODE).await.expect("right");
    // Wrong codes count, wherever they are tried, and after too many the right one is not heard: nobody can go on guessing.
    let ip = [127, 0, 0, 1].into();
    let request = SetupRequest { token: &token, username: "root", password: "secret", installation_code: "x", ip };
    for _ in 3..10 {
        assert!(matches!(house.core.complete_setup(request).await, Err(Error::Denied(_))));
    }
    assert_eq!(house.core.complete_setup(request).await, Err(Error::TooMany));
    assert_eq!(house.core.bring_at_setup(&token, "y").await.err(), Some(Error::TooMany));
    let right = SetupRequest { installation_code: CODE, ..request };
    assert_eq!(house.core.complete_setup(right).await, Err(Error::TooMany));
    house.clock.advance_millis(60_000);
    house.core.complete_setup(right).await.expect("right");
}

// UI-202
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_only_when_it_is_stored_is_told_with_what_is_there() {
    let house = house(|settings| settings.data_provider.password_validation.users.length = 40).await;
    let token = house.core.create_setup_token().await.expect("token");
    // The password of a share is looked at when it is hashed, which trying out does not do.
    let user = r#"{"username":"ann","status":1,"home_dir":"/srv/ann","permissions":{"/":["*"]}}"#;
    let share = r#"{"id":"one","name":"one","scope":1,"paths":["/"],"username":"ann","password":"short"}"#;
    let document = format!(r#"{{"version":17,"users":[{user}],"admins":[{ADMIN}],"shares":[{share}]}}"#);
    let Ok(Brought::Partly(report)) = bring(&house, &token, &document).await else { panic!("the share is refused") };
    assert_eq!(report.summary(), "users added: 1, admins added: 1");
    assert_eq!(report.failures.len(), 1);
    assert!(!house.core.setup_required().await.expect("answer"), "the administrator is there");
}

// UI-202
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_document_is_found_before_anything_is_stored() {
    let house = house(|_| {}).await;
    let token = house.core.create_setup_token().await.expect("token");
    let document = format!(r#"{{"version":17,"admins":[{ADMIN}],"users":[{{"username":"","status":1}}]}}"#);
    let Ok(Brought::Refused(report)) = bring(&house, &token, &document).await else { panic!("the user is refused") };
    assert_eq!(report.failures.len(), 1);
    assert!(house.core.is_fresh().await.expect("answer"));
    assert!(matches!(bring(&house, &token, " \n").await, Err(Error::Invalid { field, .. }) if field == "file"));
}

// BKP-026: who asked may go away, the server is still being founded.
#[tokio::test(flavor = "multi_thread")]
async fn founding_goes_on_without_its_caller() {
    let house = house(|_| {}).await;
    let token = house.core.create_setup_token().await.expect("token");
    let mut incoming = house.core.bring_at_setup(&token, "").await.expect("begun");
    let users: Vec<String> = (0..200)
        .map(|number| format!(r#"{{"username":"u{number}","status":1,"home_dir":"/srv/u{number}","permissions":{{"/":["*"]}}}}"#))
        .collect();
    let document = format!(r#"{{"version":17,"users":[{}],"admins":[{ADMIN}]}}"#, users.join(","));
    incoming.write(document.into()).await.expect("written");
    let core = house.core.clone();
    let taking = core.tasks().spawn(incoming.take_in(secret()));
    let users = core.0.store.users();
    let stored = || users.count(entrepot_store::ListOptions::default());
    within_a_minute("something is stored", async || stored().await != Ok(0)).await;
    taking.abort();
    let ip = [127, 0, 0, 1].into();
    let request = SetupRequest { token: &token, username: "other", password: "secret", installation_code: "", ip };
    let meanwhile = core.complete_setup(request).await;
    assert!(matches!(meanwhile, Err(Error::Conflict(_) | Error::Auth)), "{meanwhile:?}");
    within_a_minute("it is founded", async || !core.setup_required().await.expect("answer")).await;
    assert_eq!(stored().await, Ok(200));
    within_a_minute("nothing is left", async || left(&house) == 0).await;
}

// UI-202
#[tokio::test(flavor = "multi_thread")]
async fn file_takes_no_more_than_its_share_of_the_disk() {
    let house = house(|_| {}).await;
    let token = house.core.create_setup_token().await.expect("token");
    let mut incoming = house.core.bring_at_setup(&token, "").await.expect("begun");
    incoming.most = 8;
    incoming.write(Bytes::from_static(b"\x00\x01\x02\x03")).await.expect("it fits");
    incoming.write(Bytes::from_static(b"\x04\x05\x06\x07")).await.expect("it fits");
    assert_eq!(incoming.write(Bytes::from_static(b"\x08")).await, Err(Error::NoSpace));
    drop(incoming);
    within_a_minute("nothing is left", async || left(&house) == 0).await;
}
