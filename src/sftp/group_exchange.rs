//! Groups for the Diffie-Hellman group exchange (RFC 4419): those of RFC 3526, which everybody can check.

use russh::{
    client::GexParams,
    kex::dh::groups::{DH_GROUP14, DH_GROUP16, DhGroup},
};

/// The group for a client: not smaller than `least` bits nor than the client wants; of those the smallest that is as large as it
/// would like, else the largest. `None` if there is none (SSH-058).
pub fn choose(asked: &GexParams, least: u32) -> Option<DhGroup> {
    let least = asked.min_group_size().max(usize::try_from(least).unwrap_or(usize::MAX));
    // In rising order.
    let mut fits =
        [DH_GROUP14, DH_GROUP16].into_iter().filter(|group| (least..=asked.max_group_size()).contains(&group.bit_size()));
    fits.clone().find(|group| group.bit_size() >= asked.preferred_group_size()).or_else(|| fits.next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    // SSH-058
    #[test]
    fn groups_have_the_least_size_of_the_settings() {
        let size = |least, min, preferred, max| {
            let asked = GexParams::new(min, preferred, max).expect("sizes");
            choose(&asked, least).map(|group| group.bit_size())
        };
        assert_eq!(size(2048, 2048, 2048, 8192), Some(2048));
        assert_eq!(size(3072, 2048, 2048, 8192), Some(4096));
        assert_eq!(size(2048, 2048, 3072, 8192), Some(4096));
        assert_eq!(size(2048, 2048, 8192, 8192), Some(4096), "the largest there is");
        assert_eq!(size(2048, 2048, 3072, 3072), Some(2048), "as near as the client allows");
        assert_eq!(size(3072, 2048, 2048, 2048), None);
        assert_eq!(size(2048, 8192, 8192, 8192), None);
    }
}
