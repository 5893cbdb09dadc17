//! Invitations: the first password is set by who will use it.

use serde_json::json;

use super::fixture::Fixture;
use crate::{
    Error,
    admin::{
        AdminSession,
        invites::{accept, create, look},
    },
};

#[tokio::test]
async fn an_invitation_sets_one_password_and_ends() {
    let fixture = Fixture::new().await;
    fixture.user("ann", json!({})).await;
    let (core, session, ip) = (&fixture.core, AdminSession::system(), [192, 0, 2, 9].into());
    let first = create(core, &session, "ann").await.unwrap().access_token;
    let second = create(core, &session, "ann").await.unwrap().access_token;
    assert_eq!(look(core, &first, ip).await, Ok("ann".into()));
    assert!(matches!(accept(core, &first, " ", ip).await, Err(Error::Invalid { field, .. }) if field == "password"));
    assert_eq!(accept(core, &first, "a long secret", ip).await, Ok("ann".into()));
    for used in [&first, &second] {
        assert_eq!(look(core, used, ip).await, Err(Error::Auth), "a password was set: every link has ended");
        assert_eq!(accept(core, used, "another secret", ip).await, Err(Error::Auth));
    }
    assert_eq!(look(core, "wrong", ip).await, Err(Error::Auth));
}

#[tokio::test]
async fn nobody_is_invited_who_could_not_come() {
    let fixture = Fixture::new().await;
    fixture.user("ann", json!({ "status": 0 })).await;
    fixture.user("bob", json!({ "filters": { "denied_protocols": ["HTTP"] } })).await;
    let (core, session) = (&fixture.core, AdminSession::system());
    for name in ["ann", "bob"] {
        assert!(matches!(create(core, &session, name).await, Err(Error::Conflict(_))), "{name}");
    }
    assert_eq!(create(core, &session, "nobody").await.unwrap_err(), Error::NotFound);
}
