//! Seats in an office server.

use super::*;

// API-235
#[tokio::test]
async fn first_users_within_the_time_have_the_seats() {
    let store = Store::open(StoreOptions::in_memory()).expect("store");
    let users = store.document_users();
    for (name, now) in [("ada", 100), ("bob", 110)] {
        assert!(users.admit(name, 2, 0, now).await.expect("asked"));
    }
    assert!(!users.admit("eve", 2, 0, 120).await.expect("asked"));
    assert!(!users.would_admit("eve", 2, 0).await.expect("asked"));
    assert!(users.admit("ada", 2, 0, 130).await.expect("asked"), "who has a seat keeps it");
    // Fewer seats than before: the first ones keep theirs.
    assert!(users.would_admit("ada", 1, 0).await.expect("asked") && !users.would_admit("bob", 1, 0).await.expect("asked"));
    // Whoever did not come back gave the seat up.
    assert!(users.would_admit("eve", 2, 120).await.expect("asked"));
    assert!(users.admit("eve", 2, 120, 140).await.expect("asked"));
    assert!(!users.admit("bob", 2, 120, 150).await.expect("asked"));
    assert!(users.admit("bob", 0, 120, 150).await.expect("asked"), "any number");
}
