//! Invitations of users.

use super::{NOW, on_disk, user};
use crate::{Invitation, PasswordChange, StoreError};

fn invitation(id: &str) -> Invitation {
    Invitation { id: id.into(), made_by: "root".into(), made_at: NOW, ends_at: NOW + 1 }
}

// UI-204
#[tokio::test]
async fn invitation_sets_one_password_and_is_gone() {
    let (_directory, store) = on_disk();
    let users = store.users();
    let mut sent = user("alice");
    sent.filters.require_password_change = true;
    users.insert(sent, None, NOW).await.expect("insert");
    users.invite("alice", invitation("one")).await.expect("invited");
    users.invite("alice", invitation("two")).await.expect("invited again");
    assert_eq!(users.invitation("alice").await.expect("read"), Some(invitation("two")));
    let accept =
        |id: &'static str, old: Option<&str>| users.accept_invitation("alice", id, old.map(Into::into), "new".into(), NOW + 5);
    assert_eq!(accept("one", None).await.expect("answer"), None, "a later one ended it");
    assert_eq!(accept("two", Some("hash")).await.expect("answer"), None, "that is not the password");
    let (first, second) = tokio::join!(accept("two", None), accept("two", None));
    let accepted: Vec<_> = [first, second].into_iter().filter_map(|answer| answer.expect("answer")).collect();
    let [alice] = accepted.as_slice() else { panic!("it works once: {accepted:?}") };
    assert!(alice.has_password && !alice.filters.require_password_change);
    assert_eq!((alice.last_password_change, alice.updated_at), (NOW + 5, NOW + 5));
    assert_eq!(users.password_hash("alice").await.expect("hash").as_deref(), Some("new"));
    assert_eq!(users.invitation("alice").await.expect("read"), None);
}

// UI-204
#[tokio::test]
async fn invitation_ends_when_taken_back_or_with_every_other_change_of_the_password() {
    let (_directory, store) = on_disk();
    let users = store.users();
    users.insert(user("alice"), Some("hash".into()), NOW).await.expect("insert");
    let set = |change: PasswordChange| users.update(user("alice"), change, NOW);
    for change in [PasswordChange::Set("x".into()), PasswordChange::Replace("y".into()), PasswordChange::Clear] {
        users.invite("alice", invitation("one")).await.expect("invited");
        set(PasswordChange::Keep).await.expect("update");
        assert!(users.invitation("alice").await.expect("read").is_some(), "{change:?}: another field is no reason");
        set(change.clone()).await.expect("update");
        assert_eq!(users.invitation("alice").await.expect("read"), None, "{change:?}");
    }
    users.invite("alice", invitation("one")).await.expect("invited");
    users.overwrite(user("alice"), Some("backup".into()), NOW).await.expect("restored");
    assert_eq!(users.invitation("alice").await.expect("read"), None);
    users.invite("alice", invitation("two")).await.expect("invited");
    assert!(users.withdraw_invitation("alice").await.expect("taken back"));
    assert!(!users.withdraw_invitation("alice").await.expect("nothing to take back"));
    users.invite("alice", invitation("three")).await.expect("invited");
    users.delete("alice").await.expect("deleted");
    users.insert(user("alice"), None, NOW).await.expect("insert");
    assert_eq!(users.invitation("alice").await.expect("read"), None, "it was another account's");
    let nobody = users.invite("bob", invitation("four")).await.expect_err("there is no bob");
    assert!(matches!(nobody, StoreError::NotFound { .. }), "{nobody:?}");
}
