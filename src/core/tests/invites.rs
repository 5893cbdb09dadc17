//! Invitations: the first password is set by who will use it.

use serde_json::json;

use super::fixture::Fixture;
use crate::{
    Error,
    admin::{
        AdminSession,
        invites::{accept, create, look, standing, withdraw},
    },
};

const MINUTE: i64 = 60_000;

// UI-204
#[tokio::test]
async fn an_invitation_sets_one_password_and_ends() {
    let fixture = Fixture::new().await;
    fixture.user("ann", json!({})).await;
    let (core, session, ip) = (&fixture.core, AdminSession::system(), [192, 0, 2, 9].into());
    let first = create(core, &session, "ann").await.unwrap().access_token;
    let second = create(core, &session, "ann").await.unwrap().access_token;
    assert_eq!(look(core, &first, ip).await, Err(Error::Auth), "a later one ended it");
    assert_eq!(look(core, &second, ip).await, Ok("ann".into()));
    assert!(matches!(accept(core, &second, " ", ip).await, Err(Error::Invalid { field, .. }) if field == "password"));
    let (one, other) = tokio::join!(accept(core, &second, "a long secret", ip), accept(core, &second, "another secret", ip));
    let mut answers = [one, other];
    answers.sort_by_key(Result::is_err);
    assert_eq!(answers, [Ok("ann".into()), Err(Error::Auth)], "of two at once one succeeds");
    for used in [&first, &second, &"wrong".to_owned()] {
        assert_eq!(look(core, used, ip).await, Err(Error::Auth));
        assert_eq!(accept(core, used, "another secret", ip).await, Err(Error::Auth));
    }
}

// UI-204
#[tokio::test]
async fn invitation_can_be_taken_back() {
    let fixture = Fixture::new().await;
    fixture.user("ann", json!({})).await;
    let (core, session, ip) = (&fixture.core, AdminSession::system(), [192, 0, 2, 9].into());
    assert_eq!(withdraw(core, &session, "ann").await, Ok(false));
    let link = create(core, &session, "ann").await.unwrap().access_token;
    assert!(standing(core, &session, "ann").await.unwrap().open.is_some());
    assert_eq!(withdraw(core, &session, "ann").await, Ok(true));
    assert_eq!(standing(core, &session, "ann").await.unwrap().open, None);
    assert_eq!(accept(core, &link, "a long secret", ip).await, Err(Error::Auth));
}

// UI-204
#[tokio::test]
async fn who_has_a_password_to_lose_has_an_hour() {
    let fixture = Fixture::new().await;
    fixture.user("ann", json!({})).await;
    let (core, session, ip) = (&fixture.core, AdminSession::system(), [192, 0, 2, 9].into());
    let lives = |ends: i64| ends * 1000 - core.clock().seconds() * 1000;
    let first = create(core, &session, "ann").await.unwrap();
    assert_eq!(lives(first.expires_at), 7 * 24 * 60 * MINUTE);
    assert!(!standing(core, &session, "ann").await.unwrap().has_password);
    accept(core, &first.access_token, "a long secret", ip).await.unwrap();
    let again = create(core, &session, "ann").await.unwrap();
    assert_eq!(lives(again.expires_at), 60 * MINUTE);
    assert!(standing(core, &session, "ann").await.unwrap().has_password);
    assert_eq!(accept(core, &again.access_token, "another secret", ip).await, Ok("ann".into()));
}

// UI-204, SEC-134
#[tokio::test]
async fn nobody_is_invited_who_could_not_come() {
    let fixture = Fixture::new().await;
    fixture.user("ann", json!({ "status": 0 })).await;
    fixture.user("bob", json!({ "filters": { "denied_protocols": ["HTTP"] } })).await;
    fixture.user("cay", json!({ "filters": { "denied_login_methods": ["password"] } })).await;
    let (core, session) = (&fixture.core, AdminSession::system());
    for name in ["ann", "bob", "cay"] {
        assert!(matches!(create(core, &session, name).await, Err(Error::Conflict(_))), "{name}");
    }
    assert_eq!(create(core, &session, "nobody").await.unwrap_err(), Error::NotFound);
}

// UI-204
#[tokio::test]
async fn networks_are_asked_of_who_comes_not_of_who_invites() {
    let fixture = Fixture::new().await;
    fixture.user("ann", json!({ "filters": { "allowed_ip": ["192.0.2.0/24"] } })).await;
    let core = &fixture.core;
    let session = AdminSession::new(AdminSession::system().admin().clone(), None, [198, 51, 100, 1].into());
    let link = create(core, &session, "ann").await.unwrap().access_token;
    assert_eq!(look(core, &link, [198, 51, 100, 1].into()).await, Err(Error::Auth));
    assert_eq!(look(core, &link, [192, 0, 2, 9].into()).await, Ok("ann".into()));
}

// SEC-134
#[tokio::test]
async fn invitation_ends_when_passwords_are_denied_meanwhile() {
    let fixture = Fixture::new().await;
    fixture.user("ann", json!({})).await;
    let (core, session, ip) = (&fixture.core, AdminSession::system(), [192, 0, 2, 9].into());
    let link = create(core, &session, "ann").await.unwrap().access_token;
    let mut user = crate::admin::users::get(core, &session, "ann", false).await.unwrap();
    user.filters.base.denied_login_methods = vec!["password".into()];
    crate::admin::users::update(core, &session, "ann", user, false).await.unwrap();
    assert_eq!(look(core, &link, ip).await, Err(Error::Auth));
    assert_eq!(accept(core, &link, "a long secret", ip).await, Err(Error::Auth));
}
