//! Pictures that telephones read.

use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression, write::ZlibEncoder};
use qrcode::{Color, EcLevel, QrCode};

/// Side of a picture in pixels (SEC-102).
const SIDE: usize = 200;
/// White modules around the code: what readers need (ISO/IEC 18004 section 6.3.8).
const QUIET: usize = 4;

/// Why there is no picture.
#[derive(Debug)]
pub(crate) struct TooLong;

/// A PNG of 200 by 200 pixels with the text. With more text the code is made coarser in its correction before it is made
/// finer in its pixels, because fine ones are hard to photograph.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, TooLong> {
    let codes = [EcLevel::M, EcLevel::L].map(|level| QrCode::with_error_correction_level(text, level));
    let codes = codes.into_iter().flatten().filter(|code| scale(code) > 0);
    let code = codes.reduce(|first, second| if scale(&second) > scale(&first) { second } else { first }).ok_or(TooLong)?;
    encode(&draw(&code)).map_err(|_| TooLong)
}

/// The same as a drawing for a page: black on white in any theme, so that cameras read it.
pub(crate) fn svg(text: &str) -> Result<String, TooLong> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| TooLong)?;
    let side = code.width() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.width() {
        for x in (0..code.width()).filter(|x| code[(*x, y)] == Color::Dark) {
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    Ok(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"QR\" shape-rendering=\"crispEdges\"><path d=\"{path}\"/></svg>"
    ))
}

/// Pixels of a module.
fn scale(code: &QrCode) -> usize {
    SIDE / (code.width() + 2 * QUIET)
}

/// One byte a pixel, 0 is black.
fn draw(code: &QrCode) -> Vec<u8> {
    let (width, scale) = (code.width(), scale(code));
    let margin = (SIDE - width * scale) / 2;
    let mut pixels = vec![u8::MAX; SIDE * SIDE];
    for (y, row) in pixels.chunks_exact_mut(SIDE).enumerate() {
        for (x, pixel) in row.iter_mut().enumerate() {
            let module = |at: usize| at.checked_sub(margin).map(|at| at / scale).filter(|at| *at < width);
            if let (Some(x), Some(y)) = (module(x), module(y))
                && code[(x, y)] == Color::Dark
            {
                *pixel = 0;
            }
        }
    }
    pixels
}

/// PNG, eight bits of grey a pixel (RFC 2083).
fn encode(pixels: &[u8]) -> std::io::Result<Vec<u8>> {
    let side = u32::try_from(SIDE).unwrap_or_default().to_be_bytes();
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::best());
    for row in pixels.chunks_exact(SIDE) {
        // Filter 0: the row as it is.
        rows.write_all(&[0])?;
        rows.write_all(row)?;
    }
    let header = [&side[..], &side, &[8, 0, 0, 0, 0]].concat();
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", rows.finish()?), (b"IEND", Vec::new())] {
        let body = [&kind[..], &data].concat();
        picture.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
        picture.extend(&body);
        picture.extend(crc32fast::hash(&body).to_be_bytes());
    }
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    // SEC-102
    #[test]
    fn pictures_have_200_pixels_and_a_quiet_zone() {
        let url = format!("otpauth://totp/Entrepot:User%20%22ana%22?secret={}&issuer=Entrepot", "A".repeat(32));
        let picture = png(&url).expect("picture");
        assert_eq!(picture[..8], *b"\x89PNG\r\n\x1a\n");
        assert_eq!(picture[16..24], [0, 0, 0, 200, 0, 0, 0, 200]);
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&picture[41..]).read_to_end(&mut rows).expect("IDAT");
        let rows: Vec<&[u8]> = rows.chunks(201).map(|row| &row[1..]).collect();
        assert_eq!(rows.len(), 200);
        let quiet = |row: &[u8]| row.iter().all(|pixel| *pixel == 255);
        assert!(rows[..8].iter().all(|row| quiet(row)) && rows.iter().all(|row| quiet(&row[..8])));
        let first = rows.iter().find(|row| !quiet(row)).expect("modules");
        let black = first.iter().skip_while(|pixel| **pixel == 255).take_while(|pixel| **pixel == 0).count();
        assert_eq!(black % 7, 0, "a finder pattern begins with seven dark modules");
        assert!(black >= 14, "a module has at least two pixels");
    }

    #[test]
    fn long_texts_fit_as_long_as_they_can() {
        assert!(png(&"x".repeat(800)).is_ok());
        assert!(png(&"x".repeat(5000)).is_err());
    }
}
