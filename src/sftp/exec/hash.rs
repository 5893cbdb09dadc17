//! Checksums (SCMD-004, SCMD-005).

use std::fmt::Write as _;

use entrepot_core::fs::{HashAlgorithm, Hasher};

use super::Terminal;

/// Checksum of all that the client sends. `rclone` finds out by that of nothing which checksums there are.
pub async fn of_input(algorithm: HashAlgorithm, terminal: &mut Terminal) -> String {
    let mut hasher = Hasher::new(algorithm);
    while let Some(data) = terminal.input.take(usize::MAX).await {
        hasher.update(&data);
    }
    hexadecimal(&hasher.finish())
}

/// Lower case, as the programs of these names write it.
pub fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(digest.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
