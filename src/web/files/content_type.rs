//! What a file is, by its name.

use entrepot_http::Disposition;
use mime_guess::{Mime, MimeGuess, mime};

/// The type of a file of that name; `application/octet-stream` where its ending says nothing (API-128).
pub(super) fn of(name: &[u8]) -> Mime {
    let name = String::from_utf8_lossy(name);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    MimeGuess::from_ext(ending).first_or_octet_stream()
}

/// What a browser may do with it: shown is only what runs nothing (API-129).
pub(super) fn disposition(kind: &Mime, wanted: Disposition) -> Disposition {
    let is_harmless = match (kind.type_(), kind.subtype()) {
        (mime::IMAGE, subtype) => subtype != mime::SVG && kind.suffix() != Some(mime::XML),
        (mime::AUDIO | mime::VIDEO, _) | (mime::TEXT, mime::PLAIN) => true,
        (mime::APPLICATION, subtype) => subtype == mime::PDF,
        _ => false,
    };
    if is_harmless { wanted } else { Disposition::Attachment }
}

/// The header: text says that it is UTF-8, or browsers guess.
pub(super) fn header(kind: &Mime) -> String {
    if *kind == mime::TEXT_PLAIN { "text/plain; charset=utf-8".to_owned() } else { kind.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-128, API-129
    #[test]
    fn only_what_runs_nothing_is_shown() {
        for (name, kind, shown) in [
            ("a.png", "image/png", true),
            ("a.JPG", "image/jpeg", true),
            ("a.mp4", "video/mp4", true),
            ("a.mp3", "audio/mpeg", true),
            ("a.pdf", "application/pdf", true),
            ("a.txt", "text/plain; charset=utf-8", true),
            ("a.svg", "image/svg+xml", false),
            ("a.html", "text/html", false),
            ("a.xhtml", "application/xhtml+xml", false),
            ("a.xml", "text/xml", false),
            ("a.js", "text/javascript", false),
            ("a", "application/octet-stream", false),
            ("png", "application/octet-stream", false),
            ("a.unheard-of", "application/octet-stream", false),
        ] {
            let found = of(name.as_bytes());
            assert_eq!(header(&found), kind, "{name}");
            let wanted = if shown { Disposition::Inline } else { Disposition::Attachment };
            assert_eq!(disposition(&found, Disposition::Inline), wanted, "{name}");
            assert_eq!(disposition(&found, Disposition::Attachment), Disposition::Attachment);
        }
    }
}
