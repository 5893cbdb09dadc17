//! Server-sent events.

use actix_web::test::TestRequest;
use serde_json::json;

use super::add;
use crate::testing::ready;

// Decisions 12, LIM-009: the stream is one of events, and ends when the server stops.
#[actix_web::test]
async fn streams_are_event_streams_and_end_with_the_server() {
    let house = ready().await;
    let root = house.token("root").await;
    assert_eq!(add(&house, &root, &house.user("ada")).await.status.as_u16(), 201);
    let user = house.basic("/api/v2/user/token", "ada", "secret").await.json()["access_token"].as_str().unwrap().to_owned();
    let get = |path: &str| TestRequest::get().uri(path);
    let stop = async {
        // The first answer of an administrator comes at once.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        house.core.close_gates();
    };
    let (of_user, of_server, ()) = tokio::join!(
        house.with(&user, get("/api/v2/x/live?folder=%2F&folder=%2Fd")),
        house.with(&root, get("/api/v2/x/activity")),
        stop
    );
    for answer in [&of_user, &of_server] {
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("text/event-stream", "no-store"));
        assert!(answer.text.starts_with("retry: 3000\n\n"), "{answer:?}");
    }
    let event = of_server.text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let event: serde_json::Value = serde_json::from_str(event).unwrap();
    assert_eq!((&event["sessions"], &event["upload_rate"], &event["connections"]), (&json!(0), &json!(0), &json!([])));
    assert_eq!(house.with(&user, get("/api/v2/x/live")).await.status.as_u16(), 503, "the server stops");
}

// API-024, ACC-235
#[actix_web::test]
async fn streams_are_for_those_who_may_see_them() {
    let house = ready().await;
    let root = house.token("root").await;
    let mut user = house.user("ada");
    user["permissions"] = json!({"/": ["*"], "/no": ["upload"]});
    assert_eq!(add(&house, &root, &user).await.status.as_u16(), 201);
    let user = house.basic("/api/v2/user/token", "ada", "secret").await.json()["access_token"].as_str().unwrap().to_owned();
    house.add_admin("clerk", &[entrepot_model::AdminPermission::ViewUsers]).await;
    let clerk = house.token("clerk").await;
    let many = "folder=%2Fa&".repeat(17);
    for (token, path, status) in [
        (&user, "/api/v2/x/activity", 401),
        (&root, "/api/v2/x/live", 401),
        (&clerk, "/api/v2/x/activity", 403),
        (&user, "/api/v2/x/live?folder=%2Fno", 403),
        (&user, "/api/v2/x/live?folder=%00", 400),
        (&user, &format!("/api/v2/x/live?{many}"), 400),
    ] {
        let answer = house.with(token, TestRequest::get().uri(path)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {answer:?}");
    }
}
