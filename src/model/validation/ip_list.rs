//! Entries of IP lists (API-076…API-078).

use super::{FieldError, text};
use crate::ip_list::{ALL_PROTOCOLS, IpListEntry, IpListType, MODE_ALLOW, MODE_DENY, network};

impl IpListEntry {
    /// Checks the entry and makes it uniform: the network is stored masked, all protocols as 0.
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self) -> Result<(), FieldError> {
        let list = IpListType::from_code(self.list)
            .ok_or_else(|| FieldError::new("type", format!("invalid type {}, it must be from 1 to 4", self.list)))?;
        let Some(network) = network(&self.ipornet) else {
            let shown: String = self.ipornet.chars().take(64).collect();
            let message = format!("ipornet {shown:?} is neither an IP address nor a network such as 10.0.0.0/8");
            return Err(FieldError::new("ipornet", message));
        };
        self.ipornet = network.to_string();
        text::description("description", &self.description)?;
        if self.mode == 0 {
            // Clients that manage lists of one mode leave it out.
            self.mode = MODE_ALLOW;
        }
        text::one_of("mode", self.mode, MODE_ALLOW..=MODE_DENY)?;
        if self.mode == MODE_DENY && list != IpListType::Defender {
            return Err(FieldError::new("mode", "mode 2 (deny) is possible on the defender list only"));
        }
        text::one_of("protocols", self.protocols, 0..=ALL_PROTOCOLS)?;
        if self.protocols == ALL_PROTOCOLS {
            self.protocols = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(ipornet: &str, list: i64, mode: i64, protocols: i64) -> IpListEntry {
        IpListEntry { ipornet: ipornet.into(), list, mode, protocols, ..IpListEntry::default() }
    }

    #[test]
    fn entries_are_made_uniform() {
        // API-077, API-078, IPL-003, IPL-004
        let mut given = entry("10.1.2.3/8", 2, 2, 15);
        given.validate().expect("valid");
        assert_eq!(given, entry("10.0.0.0/8", 2, 2, 0));
        let mut given = entry("192.0.2.7", 1, 0, 3);
        given.validate().expect("valid");
        assert_eq!(given, entry("192.0.2.7/32", 1, 1, 3));
    }

    #[test]
    fn faults_are_named() {
        // API-076, API-077, IPL-002
        for (mut wrong, field) in [
            (entry("10.0.0.0/8", 0, 1, 0), "type"),
            (entry("10.0.0.0/8", 5, 1, 0), "type"),
            (entry("10.0.0.0/40", 1, 1, 0), "ipornet"),
            (entry("10.0.0.0/8", 1, 2, 0), "mode"),
            (entry("10.0.0.0/8", 4, 2, 0), "mode"),
            (entry("10.0.0.0/8", 2, 3, 0), "mode"),
            (entry("10.0.0.0/8", 2, 1, 16), "protocols"),
            (entry("10.0.0.0/8", 2, 1, -1), "protocols"),
        ] {
            let error = wrong.validate().expect_err(field);
            assert_eq!(error.field, field);
            assert!(error.message.contains(field), "{error}");
        }
    }
}
