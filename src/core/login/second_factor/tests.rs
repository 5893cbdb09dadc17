use super::*;
use crate::{
    Error,
    login::{
        Credentials,
        tests::{House, MONDAY_NOON, house, peer},
    },
};

const NOON: i64 = 1_728_302_400_000;

fn take(codes: &UsedCodes, code: &str, is_right: bool, now: i64) -> CodeOutcome {
    codes.take(Holder::User, Purpose::Login, "ana", code, is_right, now)
}

// SEC-100, SEC-103
#[test]
fn a_code_works_once_per_account_and_purpose() {
    let codes = UsedCodes::default();
    assert_eq!(take(&codes, "123456", true, NOON), CodeOutcome::Accepted);
    assert_eq!(take(&codes, "123456", true, NOON + REMEMBERED - 1), CodeOutcome::Used);
    assert_eq!(take(&codes, "654321", true, NOON + 1), CodeOutcome::Accepted);
    let trial = codes.take(Holder::User, Purpose::Trial, "ana", "123456", true, NOON);
    let admin = codes.take(Holder::Admin, Purpose::Login, "ana", "123456", true, NOON);
    let other = codes.take(Holder::User, Purpose::Login, "bob", "123456", true, NOON);
    assert_eq!([trial, admin, other], [CodeOutcome::Accepted; 3]);
    assert_eq!(take(&codes, "123456", true, NOON + REMEMBERED), CodeOutcome::Accepted);
}

// SEC-184
#[test]
fn wrong_codes_are_looked_at_a_few_times_a_minute() {
    let codes = UsedCodes::default();
    for _ in 0..TRIES {
        assert_eq!(take(&codes, "000000", false, NOON), CodeOutcome::Wrong);
    }
    assert_eq!(take(&codes, "123456", true, NOON + 1), CodeOutcome::TooMany);
    assert_eq!(codes.take(Holder::User, Purpose::Login, "bob", "123456", true, NOON), CodeOutcome::Accepted);
    assert_eq!(take(&codes, "123456", true, NOON + MINUTE), CodeOutcome::Accepted);
}

#[test]
fn memory_of_codes_is_bounded_and_forgets_nothing_that_still_counts() {
    let codes = UsedCodes::default();
    for index in 0..ACCOUNTS {
        codes.take(Holder::User, Purpose::Login, &format!("u{index}"), "123456", true, NOON);
    }
    assert_eq!(take(&codes, "123456", true, NOON + 1), CodeOutcome::TooMany);
    assert_eq!(codes.take(Holder::User, Purpose::Login, "u0", "123456", true, NOON + 1), CodeOutcome::Used);
    assert_eq!(take(&codes, "123456", true, NOON + REMEMBERED), CodeOutcome::Accepted);
    assert!(codes.accounts.lock().len() <= ACCOUNTS);
}

// SEC-122
#[test]
fn the_last_six_characters_of_an_ftp_password_are_the_code() {
    assert_eq!(split_password("password123456"), Some(("password", "123456")));
    assert_eq!(split_password("ü123456"), Some(("ü", "123456")));
    assert_eq!(split_password("123456"), None);
    assert_eq!(split_password("ü12345"), None);
    assert_eq!(split_password(""), None);
}

/// The user `ana` with a second factor for these protocols; the secret is answered.
async fn enrolled(house: &House, protocols: &[&str]) -> TotpSecret {
    let secret = TotpSecret::generate();
    let mut user = house.user("ana");
    user.filters.totp_config = TotpConfig {
        enabled: true,
        config_name: "Default".to_owned(),
        secret: sealing::seal(&house.core.0.sealer, &secret.to_base32(), "ana").expect("sealed"),
        protocols: protocols.iter().map(|&name| name.to_owned()).collect(),
    };
    let hash = entrepot_secrets::password::hash(b"secret", &crate::login::passwords::parameters(&house.core)).expect("hash");
    house.core.0.store.users().insert(user, Some(hash), MONDAY_NOON).await.expect("user");
    secret
}

fn attempt(protocol: Protocol) -> Attempt {
    Attempt { username: "ana".to_owned(), protocol, peer: peer("192.0.2.7") }
}

fn code(house: &House, secret: &TotpSecret) -> String {
    secret.code(TotpDigest::Sha1, u64::try_from(house.core.clock().seconds()).expect("time"))
}

// SEC-118, SEC-119, SEC-100
#[tokio::test(flavor = "multi_thread")]
async fn keyboard_interactive_needs_the_code_beside_the_password() {
    let house = house(|_| {}).await;
    let secret = enrolled(&house, &["SSH"]).await;
    let ssh = attempt(Protocol::Ssh);
    let answer = async |password, passcode| {
        let credentials = Credentials::KeyboardInteractive { password: Some(password), passcode };
        house.core.authenticate(&ssh, credentials).await.map(drop)
    };
    assert_eq!(answer("secret", None).await, Err(Error::Auth));
    assert_eq!(answer("secret", Some("000000")).await, Err(Error::Auth));
    let code = code(&house, &secret);
    assert_eq!(answer("wrong", Some(&code)).await, Err(Error::Auth));
    assert_eq!(answer("secret", Some(&code)).await, Ok(()));
    assert_eq!(answer("secret", Some(&code)).await, Err(Error::Auth));
    assert!(house.core.authenticate(&ssh, Credentials::Password("secret")).await.is_ok(), "the plain method is not asked");
}

// SEC-119
#[tokio::test(flavor = "multi_thread")]
async fn the_plain_method_can_be_closed_to_accounts_with_a_second_factor() {
    let house = house(|settings| settings.ssh.refuse_password_with_second_factor = true).await;
    enrolled(&house, &["SSH"]).await;
    let login = house.core.authenticate(&attempt(Protocol::Ssh), Credentials::Password("secret")).await;
    assert_eq!(login.err(), Some(Error::Auth));
}

// SEC-050, SEC-051, SEC-122, SEC-123
#[tokio::test(flavor = "multi_thread")]
async fn http_takes_the_code_beside_and_ftp_behind_the_password() {
    let house = house(|_| {}).await;
    let secret = enrolled(&house, &["HTTP", "FTP"]).await;
    let login = async |protocol, credentials| house.core.authenticate(&attempt(protocol), credentials).await.map(drop);
    let first = code(&house, &secret);
    assert_eq!(login(Protocol::Http, Credentials::Password("secret")).await, Err(Error::Auth));
    let wrong = Credentials::PasswordAndCode { password: "secret", code: "1" };
    assert_eq!(login(Protocol::Http, wrong).await, Err(Error::Auth));
    let right = Credentials::PasswordAndCode { password: "secret", code: &first };
    assert_eq!(login(Protocol::Http, right).await, Ok(()));
    assert_eq!(login(Protocol::Dav, Credentials::Password("secret")).await, Ok(()));

    house.clock.advance_millis(30_000);
    let second = format!("secret{}", code(&house, &secret));
    assert_eq!(login(Protocol::Ftp, Credentials::Password("secret")).await, Err(Error::Auth));
    assert_eq!(login(Protocol::Ftp, Credentials::Password(&second)).await, Ok(()));
    assert_eq!(login(Protocol::Ftp, Credentials::Password(&second)).await, Err(Error::Auth));
}

// SEC-246, SEC-031
#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_gone_accepts_no_code() {
    let house = house(|settings| settings.mfa.totp[0].name = "Renamed".to_owned()).await;
    let secret = enrolled(&house, &["HTTP"]).await;
    let code = code(&house, &secret);
    let credentials = Credentials::PasswordAndCode { password: "secret", code: &code };
    assert_eq!(house.core.authenticate(&attempt(Protocol::Http), credentials).await.map(drop), Err(Error::Auth));
}
