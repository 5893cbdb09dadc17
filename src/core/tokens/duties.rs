//! What the holder of a token must do before it is good for anything else.

use entrepot_model::{Admin, EffectiveUser};
use serde::{Deserialize, Serialize};

use crate::login::checks;

/// What an account that is let in must do first (ACC-103, ACC-105, ACC-243, ACC-244, SEC-070, SEC-125). A token keeps the
/// duties of its login even when they are done: the next login shows that they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Duties {
    /// The password must be changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    password_change: bool,
    /// A second factor must be configured, for these protocols; administrators have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    two_factor: Option<Vec<String>>,
}

impl Duties {
    /// Those of an administrator as it is stored now.
    pub(crate) fn of_admin(admin: &Admin) -> Self {
        let filters = &admin.filters;
        let lacks_factor = filters.require_two_factor && !filters.totp_config.enabled;
        Self { password_change: filters.require_password_change, two_factor: lacks_factor.then(Vec::new) }
    }

    /// Those of a user as it is at `now` (milliseconds). A factor that one of the required protocols lacks is one to configure.
    pub(crate) fn of_user(user: &EffectiveUser, now: i64) -> Self {
        let filters = &user.user.filters;
        let totp = &filters.totp_config;
        let required = &filters.base.two_factor_protocols;
        let lacks = |protocol: &String| !(totp.enabled && totp.protocols.contains(protocol));
        Self {
            password_change: checks::password_must_change(user, now).is_err(),
            two_factor: required.iter().any(lacks).then(|| required.clone()),
        }
    }

    /// These and those.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { password_change: self.password_change || other.password_change, two_factor: self.two_factor.or(other.two_factor) }
    }

    /// Whether there are none: everything is open.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a second factor has to be configured; it comes before the password (SEC-070).
    pub fn needs_second_factor(&self) -> bool {
        self.two_factor.is_some()
    }

    /// Whether the password has to be changed.
    pub fn needs_password(&self) -> bool {
        self.password_change
    }

    /// What the client is told when it asks for anything else; the second factor comes first (SEC-070, SEC-071).
    pub fn message(&self) -> Option<String> {
        const FACTOR: &str = "Two-factor authentication requirements not met, please configure two-factor authentication";
        match &self.two_factor {
            Some(protocols) if protocols.is_empty() => Some(FACTOR.to_owned()),
            Some(protocols) => Some(format!("{FACTOR} for the following protocols: {}", protocols.join(", "))),
            None if self.password_change => {
                Some("Password change required. Please set a new password to continue to use your account".to_owned())
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use entrepot_model::User;

    use super::*;

    fn user(change: impl FnOnce(&mut User)) -> EffectiveUser {
        let mut user = EffectiveUser::default();
        change(&mut user.user);
        user
    }

    #[test]
    fn the_second_factor_is_named_first_and_with_its_protocols() {
        // SEC-070, SEC-071, ACC-243
        let both = user(|user| {
            user.filters.require_password_change = true;
            user.filters.base.two_factor_protocols = vec!["SSH".into(), "HTTP".into()];
        });
        let duties = Duties::of_user(&both, 0);
        assert!(duties.message().is_some_and(|text| text.ends_with("for the following protocols: SSH, HTTP")), "{duties:?}");
        let mut admin = Admin::default();
        admin.filters.require_two_factor = true;
        assert!(
            Duties::of_admin(&admin).message().is_some_and(|text| text.ends_with("please configure two-factor authentication"))
        );
        admin.filters.totp_config.enabled = true;
        assert_eq!(Duties::of_admin(&admin), Duties::default());
    }

    #[test]
    fn a_factor_must_cover_every_required_protocol() {
        // SEC-125
        let with = |protocols: &[&str]| {
            let user = user(|user| {
                user.filters.base.two_factor_protocols = vec!["SSH".into(), "HTTP".into()];
                user.filters.totp_config.enabled = true;
                user.filters.totp_config.protocols = protocols.iter().map(|name| (*name).to_owned()).collect();
            });
            Duties::of_user(&user, 0)
        };
        assert!(!with(&["HTTP"]).is_empty());
        assert!(with(&["HTTP", "SSH"]).is_empty());
    }

    #[test]
    fn an_expired_password_must_be_changed() {
        // ACC-105
        let expired = user(|user| {
            user.filters.base.password_expiration = 1;
            user.last_password_change = 1000;
        });
        let day = 24 * 3600 * 1000;
        assert!(Duties::of_user(&expired, 999 + day).is_empty());
        let due = Duties::of_user(&expired, 1000 + day);
        assert!(due.message().is_some_and(|text| text.starts_with("Password change required")), "{due:?}");
    }

    #[test]
    fn duties_survive_the_token_and_are_absent_without_need() {
        // SEC-058
        assert_eq!(serde_json::to_string(&Duties::default()).expect("json"), "{}");
        let duties = Duties { password_change: true, two_factor: Some(vec!["SSH".into()]) };
        let text = serde_json::to_string(&duties).expect("json");
        assert_eq!(serde_json::from_str::<Duties>(&text).expect("duties"), duties);
        assert_eq!(Duties::default().and(duties.clone()), duties);
    }
}
