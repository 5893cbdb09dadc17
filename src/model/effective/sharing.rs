//! What an account may share, and how (ACC-312…ACC-325).

use super::{EffectiveUser, Rule};
use crate::{
    filters::BaseUserFilters,
    path::VirtualPath,
    share::{Share, ShareScope},
};

const DAY_MS: i64 = 86_400_000;

impl EffectiveUser {
    /// Whether the account may share at all: all scopes denied is the same as sharing denied (ACC-312, API-228).
    ///
    /// # Errors
    /// The rule that refuses.
    pub fn may_share(&self) -> Result<(), Rule> {
        let filters = self.share_filters();
        if filters.has_web_client_option("shares-disabled") {
            return Err(rule("shares-disabled", "sharing is disabled for this account"));
        }
        if ShareScope::ALL.into_iter().all(|scope| self.may_share_for(scope).is_err()) {
            return Err(rule("filters.denied_share_scopes", "sharing is disabled for this account"));
        }
        Ok(())
    }

    /// Whether the account may make shares of that scope (ACC-324).
    ///
    /// # Errors
    /// The rule that refuses.
    pub fn may_share_for(&self, scope: ShareScope) -> Result<(), Rule> {
        let name = scope.filter_name();
        if self.share_filters().denied_share_scopes.iter().any(|denied| denied == name) {
            return Err(rule("filters.denied_share_scopes", format!("the scope {name} is not allowed for this account")));
        }
        Ok(())
    }

    /// Whether the account may share this path: the longest entry that matches decides, and a denied one wins against an
    /// allowed one of the same length (ACC-322, ACC-325).
    ///
    /// # Errors
    /// The rule that refuses.
    pub fn may_share_path(&self, path: &VirtualPath) -> Result<(), Rule> {
        let filters = self.share_filters();
        if filters.denied_share_paths.is_empty() && filters.allowed_share_paths.is_empty() {
            return Ok(());
        }
        // `/` among the denied ones means `/` itself and nothing below.
        let is_denied_by = |entry: &VirtualPath| if entry.is_root() { path.is_root() } else { path.starts_with(entry) };
        let denied = depth(&filters.denied_share_paths, is_denied_by);
        let allowed = depth(&filters.allowed_share_paths, |entry| path.starts_with(entry));
        let refuse = |name| Err(rule(name, format!("{:?} may not be shared", path.to_string_lossy())));
        match (denied, allowed) {
            (Some(denied), allowed) if allowed.is_none_or(|allowed| denied >= allowed) => refuse("filters.denied_share_paths"),
            (_, None) if !filters.allowed_share_paths.is_empty() => refuse("filters.allowed_share_paths"),
            _ => Ok(()),
        }
    }

    /// Whether the share asks of its visitors what the account demands (ACC-314, ACC-315). A code by mail proves more than a
    /// password does, so it stands for one.
    ///
    /// # Errors
    /// The rule that refuses.
    pub fn may_share_so(&self, share: &Share) -> Result<(), Rule> {
        let filters = self.share_filters();
        if filters.has_web_client_option("shares-require-email-auth") && !share.has_email_auth() {
            return Err(rule("shares-require-email-auth", "shares of this account need email authentication"));
        }
        let is_open = share.password.is_empty() && !share.has_email_auth();
        if filters.has_web_client_option("shares-without-password-disabled") && is_open {
            return Err(rule("shares-without-password-disabled", "shares of this account need a password"));
        }
        Ok(())
    }

    /// When a new share expires whose owner does not say so, in Unix milliseconds; 0 never (ACC-320).
    pub fn default_share_expiration(&self, now: i64) -> i64 {
        days_from(now, self.share_filters().default_shares_expiration).unwrap_or(0)
    }

    /// The latest moment at which a share may expire, in Unix milliseconds; `None` without limit (ACC-321).
    pub fn latest_share_expiration(&self, now: i64) -> Option<i64> {
        days_from(now, self.share_filters().max_shares_expiration)
    }

    fn share_filters(&self) -> &BaseUserFilters {
        &self.user.filters.base
    }
}

fn rule(name: &'static str, detail: impl Into<String>) -> Rule {
    Rule { name, detail: detail.into() }
}

fn days_from(now: i64, days: i64) -> Option<i64> {
    (days > 0).then(|| now.saturating_add(days.saturating_mul(DAY_MS)))
}

/// Depth of the deepest entry that matches.
fn depth(entries: &[String], matches: impl Fn(&VirtualPath) -> bool) -> Option<usize> {
    let parsed = entries.iter().filter_map(|entry| VirtualPath::parse(entry.as_bytes()).ok());
    parsed.filter(|entry| matches(entry)).map(|entry| entry.depth()).max()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::user::User;

    fn user(filters: &Value) -> EffectiveUser {
        let user: User = serde_json::from_value(json!({"username": "u", "filters": filters})).unwrap();
        EffectiveUser::merge(&user, &[]).unwrap()
    }

    fn shared(user: &EffectiveUser, path: &str) -> bool {
        user.may_share_path(&VirtualPath::parse(path.as_bytes()).unwrap()).is_ok()
    }

    // ACC-312, ACC-324, API-228
    #[test]
    fn sharing_can_be_denied_altogether() {
        assert!(user(&json!({})).may_share().is_ok());
        assert!(user(&json!({"web_client": ["shares-disabled"]})).may_share().is_err());
        let some = user(&json!({"denied_share_scopes": ["write", "read_write"]}));
        assert!(some.may_share().is_ok() && some.may_share_for(ShareScope::Read).is_ok());
        assert!(some.may_share_for(ShareScope::Write).is_err() && some.may_share_for(ShareScope::ReadWrite).is_err());
        assert!(user(&json!({"denied_share_scopes": ["read", "write", "read_write"]})).may_share().is_err());
    }

    // ACC-322, ACC-325, ACC-373, ACC-374
    #[test]
    fn longest_entry_decides_about_a_path() {
        let denied = user(&json!({"denied_share_paths": ["/private"]}));
        assert!(shared(&denied, "/") && shared(&denied, "/privateer"));
        assert!(!shared(&denied, "/private") && !shared(&denied, "/private/x"));
        let root = user(&json!({"denied_share_paths": ["/"]}));
        assert!(!shared(&root, "/") && shared(&root, "/x"));
        let projects = user(&json!({
            "allowed_share_paths": ["/projects", "/projects/confidential/public"], "denied_share_paths": ["/projects/confidential"]
        }));
        assert!(shared(&projects, "/projects/x") && shared(&projects, "/projects/confidential/public/y"));
        assert!(!shared(&projects, "/projects/confidential/z") && !shared(&projects, "/other") && !shared(&projects, "/"));
        let all = user(&json!({"allowed_share_paths": ["/"], "denied_share_paths": ["/sensitive"]}));
        assert!(shared(&all, "/") && shared(&all, "/x") && !shared(&all, "/sensitive/x"));
        let tie = user(&json!({"allowed_share_paths": ["/a"], "denied_share_paths": ["/a"]}));
        assert!(!shared(&tie, "/a/b"));
        let both = user(&json!({"allowed_share_paths": ["/"], "denied_share_paths": ["/"]}));
        assert!(!shared(&both, "/") && shared(&both, "/x"));
    }

    // ACC-314, ACC-315
    #[test]
    fn visitors_must_prove_themselves_where_the_account_says_so() {
        let open = Share::default();
        let closed = Share { password: "$2a$".into(), ..Share::default() };
        let mut mailed = Share::default();
        mailed.options.auth_mode = 1;
        let password = user(&json!({"web_client": ["shares-without-password-disabled"]}));
        assert!(password.may_share_so(&open).is_err());
        assert!(password.may_share_so(&closed).is_ok() && password.may_share_so(&mailed).is_ok());
        let mail = user(&json!({"web_client": ["shares-require-email-auth"]}));
        assert!(mail.may_share_so(&closed).is_err() && mail.may_share_so(&mailed).is_ok());
        assert!(user(&json!({})).may_share_so(&open).is_ok());
    }

    // ACC-320, ACC-321
    #[test]
    fn expirations_are_counted_in_days() {
        let limited = user(&json!({"default_shares_expiration": 2, "max_shares_expiration": 3}));
        assert_eq!((limited.default_share_expiration(5), limited.latest_share_expiration(5)), (172_800_005, Some(259_200_005)));
        let free = user(&json!({}));
        assert_eq!((free.default_share_expiration(5), free.latest_share_expiration(5)), (0, None));
    }
}
