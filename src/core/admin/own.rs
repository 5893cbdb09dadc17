//! What accounts do with themselves: profile, password and the API keys that stand for them. No permission is asked for; an API
//! key may do none of it (SEC-086).

pub mod keys;
pub mod password;
pub mod profile;

use crate::{Error, Result, policy::Denial};

/// Refuses programs.
fn not_through_a_key(key: Option<&str>) -> Result<()> {
    match key {
        Some(_) => Err(Error::Denied(Denial::new("api_key", "an API key has no say about the account it stands for"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
