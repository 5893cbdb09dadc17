//! Codes of pages.

use entrepot_model::{Protocol, TimePeriod};
use entrepot_secrets::TotpSecret;

use super::*;
use crate::{
    admin::{
        AdminSession,
        second_factor::{self, FactorChange, FactorOwner},
        users,
    },
    login::tests::{House, house, peer},
};

const MINUTE: i64 = 60_000;

fn attempt() -> Attempt {
    Attempt { username: "ana".to_owned(), protocol: Protocol::Http, peer: peer("192.0.2.7") }
}

/// The token after the password.
async fn pending(house: &House) -> String {
    match house.core.user_page_login(&attempt(), "secret").await.expect("the password") {
        PageStep::CodeNeeded(token) => token.access_token,
        PageStep::In(_) => panic!("no code was asked for"),
    }
}

// SEC-113, SEC-053: who is refused by a rule keeps the recovery code.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_refuses_uses_no_recovery_code_up() {
    let house = house(|_| {}).await;
    let core = &house.core;
    let mut ana = house.user("ana");
    ana.filters.base.access_time = vec![TimePeriod { day_of_week: 1, from: "12:00".into(), to: "12:02".into() }];
    users::add(core, &AdminSession::system(), ana).await.expect("ana");
    let account = core.0.accounts.load(core, "ana").await.expect("account").expect("ana");
    let since = core.0.registry.moment();
    let login = Authenticated { core: core.clone(), account, peer: peer("192.0.2.7"), overlay: Arc::default(), since };
    let owner = FactorOwner::User(&login);
    let secret = serde_json::json!({ "status": "Plain", "payload": TotpSecret::generate().to_base32() });
    let change = serde_json::json!({ "enabled": true, "config_name": "Default", "secret": secret, "protocols": ["HTTP"] });
    let change: FactorChange = serde_json::from_value(change).expect("change");
    second_factor::save(core, owner, change).await.expect("saved");
    let code = second_factor::recovery_codes(core, owner).await.expect("codes").remove(0).code;

    let waiting = pending(&house).await;
    house.clock.advance_millis(4 * MINUTE);
    let refused = core.user_page_code(&waiting, PageCode::Recovery(&code), peer("192.0.2.7")).await;
    assert!(matches!(refused, Err(PageRefusal::Refused(Error::Auth))), "{:?}", refused.err());
    let stored = core.0.store.users().get("ana").await.expect("read").expect("ana");
    assert!(stored.filters.recovery_codes.iter().all(|code| !code.used));

    house.clock.advance_millis(7 * 24 * 60 * MINUTE - 4 * MINUTE);
    let waiting = pending(&house).await;
    let wrong = core.user_page_code(&waiting, PageCode::Recovery("RC-wrong"), peer("192.0.2.7")).await;
    assert!(matches!(wrong, Err(PageRefusal::Refused(Error::Auth))), "{:?}", wrong.err());
    let token = core.user_page_code(&waiting, PageCode::Recovery(&code), peer("192.0.2.7")).await.expect("in");
    core.user_by_cookie(&token.access_token, peer("192.0.2.7")).await.expect("the session is of the account as it is now");
    let waiting = pending(&house).await;
    let again = core.user_page_code(&waiting, PageCode::Recovery(&code), peer("192.0.2.7")).await;
    assert!(matches!(again, Err(PageRefusal::Refused(Error::Auth))), "{:?}", again.err());
}
