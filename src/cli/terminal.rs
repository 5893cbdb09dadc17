//! What only a terminal can show: QR codes.

use std::io::IsTerminal as _;

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

/// Black on white, whatever the theme of the terminal is: cameras want dark modules on a light ground.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const PLAIN: &str = "\x1b[0m";

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// `text` as a QR code of half blocks, two modules per character, with its quiet zone. With `colours`, dark modules are
/// drawn black on white; without, light ones are drawn, which is right on the usual dark ground. `None` if it is too long.
pub(crate) fn qr(text: &str, colours: bool) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let mut renderer = code.render::<Dense1x2>();
    if !colours {
        renderer.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark);
    }
    let picture = renderer.module_dimensions(1, 1).build();
    if !colours {
        return Some(picture);
    }
    Some(picture.lines().map(|line| format!("{BLACK_ON_WHITE}{line}{PLAIN}")).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_has_its_quiet_zone_and_is_as_wide_as_high() {
        let picture = qr("sftp://user@192.0.2.7:2022/", false).expect("short enough");
        let lines: Vec<&str> = picture.lines().collect();
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width));
        assert_eq!(lines.len(), width.div_ceil(2));
        // Light modules are drawn: the quiet zone is full.
        assert!(lines[0].chars().all(|character| character == '█'), "{picture}");
    }

    #[test]
    fn too_long_a_text_has_no_code() {
        assert!(qr(&"x".repeat(4000), true).is_none());
    }
}
