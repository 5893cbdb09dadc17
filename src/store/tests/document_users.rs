//! Seats in an office server.

use super::*;

async fn add(store: &Store, name: &str) -> i64 {
    store.users().insert(user(name), None, NOW).await.expect("inserted").id
}

// API-235
#[tokio::test]
async fn first_users_within_the_time_have_the_seats() {
    let store = Store::open(StoreOptions::in_memory()).expect("store");
    let users = store.document_users();
    let (ada, bob, eve) = (add(&store, "ada").await, add(&store, "bob").await, add(&store, "eve").await);
    for (user, now) in [(ada, 100), (bob, 110)] {
        assert!(users.admit(user, 2, 0, now).await.expect("asked"));
    }
    assert!(!users.admit(eve, 2, 0, 120).await.expect("asked"));
    assert!(!users.would_admit(eve, 2, 0).await.expect("asked"));
    assert!(users.admit(ada, 2, 0, 130).await.expect("asked"), "who has a seat keeps it");
    // Fewer seats than before: the first ones keep theirs.
    assert!(users.would_admit(ada, 1, 0).await.expect("asked") && !users.would_admit(bob, 1, 0).await.expect("asked"));
    // Whoever did not come back gave the seat up.
    assert!(users.would_admit(eve, 2, 120).await.expect("asked"));
    assert!(users.admit(eve, 2, 120, 140).await.expect("asked"));
    assert!(!users.admit(bob, 2, 120, 150).await.expect("asked"));
    assert!(users.admit(bob, 0, 120, 150).await.expect("asked"), "any number");
}

// API-235
#[tokio::test]
async fn of_those_who_came_at_once_the_older_user_has_the_seat() {
    let store = Store::open(StoreOptions::in_memory()).expect("store");
    let users = store.document_users();
    let (zoe, ada) = (add(&store, "zoe").await, add(&store, "ada").await);
    for user in [ada, zoe] {
        assert!(users.admit(user, 2, 0, 100).await.expect("asked"));
    }
    assert!(users.would_admit(zoe, 1, 0).await.expect("asked") && !users.would_admit(ada, 1, 0).await.expect("asked"));
}

// API-235
#[tokio::test]
async fn a_seat_is_gone_with_its_user() {
    let store = Store::open(StoreOptions::in_memory()).expect("store");
    let users = store.document_users();
    let (ada, bob) = (add(&store, "ada").await, add(&store, "bob").await);
    assert!(users.admit(ada, 1, 0, 100).await.expect("asked"));
    assert!(!users.admit(bob, 1, 0, 110).await.expect("asked"));
    store.users().delete("ada").await.expect("deleted");
    assert!(!users.admit(ada, 1, 0, 120).await.expect("asked"), "nobody takes a seat");
    // Another account of the name is not the first one.
    let again = add(&store, "ada").await;
    assert!(users.admit(bob, 1, 0, 130).await.expect("asked"));
    assert!(!users.admit(again, 1, 0, 140).await.expect("asked"));
}
