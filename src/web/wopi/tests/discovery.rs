//! When the office server is asked what it can do.

use super::*;
use crate::wopi::Offices;

// API-203: what is known is answered while the office server hangs, and it is asked once at a time.
#[actix_web::test]
async fn a_hanging_office_server_holds_nobody_up_who_knows_it() {
    let office = office(json!({}), |settings| settings.http.timeout = 120.0).await;
    office.opened("ada", "/a.docx").await;
    assert_eq!(office.server.asked(), 1);
    office.server.hangs.store(true, Ordering::SeqCst);
    office.house.clock.advance_minutes(61);
    let mut browser = Browser::user(&office.house, "ada", "secret").await;
    for _ in 0..3 {
        let list = browser.get("/web/client/files").await.text;
        assert!(list.contains("data-office=\"docx txt\""), "{list}");
        office.open(&mut browser, "/a.docx").await;
        office.server.is_asked(2).await;
        // Longer than the pause between two attempts: the one before goes on.
        office.house.clock.advance_minutes(1);
    }
}

// API-203
#[actix_web::test]
async fn an_old_discovery_is_read_anew_meanwhile_and_one_of_yesterday_is_waited_for() {
    let office = office(json!({}), |_| {}).await;
    let (core, url) = (&office.house.core, office.server.url.as_str());
    let offices = Offices::default();
    let ask = async || offices.ask(core, url).await.unwrap();
    let first = ask().await;
    assert!(Arc::ptr_eq(&first, &ask().await));
    office.house.clock.advance_minutes(61);
    assert!(Arc::ptr_eq(&first, &ask().await), "it is answered at once");
    for _ in 0..1000 {
        if !Arc::ptr_eq(&first, &ask().await) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let second = ask().await;
    assert!(!Arc::ptr_eq(&first, &second));
    assert_eq!(office.server.asked(), 2);
    office.house.clock.advance_minutes(24 * 60 + 1);
    assert!(!Arc::ptr_eq(&second, &ask().await), "it is waited for");
    assert_eq!(office.server.asked(), 3);
}

// API-202, API-203
#[actix_web::test]
async fn only_signatures_that_do_not_fit_are_a_reason_to_look_for_new_keys() {
    let office = office(json!({}), |settings| settings.httpd.bindings[0].wopi.skip_proof_key_verify = false).await;
    let editor = office.opened("ada", "/a.docx").await;
    // Older than what a signature that does not fit is checked with.
    office.house.clock.advance_minutes(2);
    let now = office.house.core.clock().seconds();
    let ask = async |proof: &str, seconds: i64| {
        let request = TestRequest::get().uri(&editor.url("")).insert_header(("X-WOPI-Proof", proof));
        is(&office.house.send(request.insert_header(("X-WOPI-TimeStamp", ticks(seconds).to_string()))).await, 500);
    };
    is(&editor.info().await, 500);
    ask("%", now).await;
    ask("AAAA", now - 3600).await;
    assert_eq!(office.server.asked(), 1);
    for _ in 0..2 {
        ask("AAAA", now).await;
        assert_eq!(office.server.asked(), 2, "once a minute at most");
    }
}
