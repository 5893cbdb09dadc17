//! The parts of a backup.

use std::{fmt, str::FromStr};

/// A part of a backup: the objects of one kind, or the configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Configurations that were saved in the pages.
    Configurations,
    /// Entries of the IP lists.
    IpLists,
    /// Roles.
    Roles,
    /// Virtual folders.
    Folders,
    /// Groups.
    Groups,
    /// Users.
    Users,
    /// Administrators.
    Admins,
    /// API keys.
    ApiKeys,
    /// Shares.
    Shares,
    /// Event actions.
    Actions,
    /// Event rules.
    Rules,
    /// The licence of the reference product; there is none here, so this part is always empty.
    License,
}

impl Scope {
    /// All of them, in the order of loading (API-093).
    pub const ALL: [Self; 12] = [
        Self::Configurations,
        Self::IpLists,
        Self::Roles,
        Self::Folders,
        Self::Groups,
        Self::Users,
        Self::Admins,
        Self::ApiKeys,
        Self::Shares,
        Self::Actions,
        Self::Rules,
        Self::License,
    ];

    /// The value of the parameter `scopes` (API-087).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configurations => "configs",
            Self::IpLists => "ip_lists",
            Self::Roles => "roles",
            Self::Folders => "folders",
            Self::Groups => "groups",
            Self::Users => "users",
            Self::Admins => "admins",
            Self::ApiKeys => "api_keys",
            Self::Shares => "shares",
            Self::Actions => "actions",
            Self::Rules => "rules",
            Self::License => "license",
        }
    }

    /// The member of the document (API-088).
    pub fn member(self) -> &'static str {
        match self {
            Self::Actions => "event_actions",
            Self::Rules => "event_rules",
            other => other.as_str(),
        }
    }

    /// What one object of it is called.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Configurations => "configurations",
            Self::IpLists => "IP list entry",
            Self::Roles => "role",
            Self::Folders => "folder",
            Self::Groups => "group",
            Self::Users => "user",
            Self::Admins => "administrator",
            Self::ApiKeys => "API key",
            Self::Shares => "share",
            Self::Actions => "event action",
            Self::Rules => "event rule",
            Self::License => "licence",
        }
    }
}

/// No part of a backup has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope {0:?}")]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-087
    #[test]
    fn scopes_have_their_names() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert_eq!("event_rules".parse::<Scope>(), Err(UnknownScope("event_rules".into())));
    }
}
