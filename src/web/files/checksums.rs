//! Checksums (API-139), and lists of them that `sha256sum -c` checks.

use actix_web::{
    HttpResponse,
    http::header::{self, ContentEncoding, HeaderValue},
    web::Bytes,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use entrepot_core::{Error, FileKind, UserFs, fs::Sha256};
use entrepot_http::Disposition;
use entrepot_model::VirtualPath;
use futures_util::stream;
use serde::Serialize;

use super::{entry::hexadecimal, readable::may_read, refused, tree::Tree};
use crate::error::{ApiError, ApiResult, json};

/// Name of the list.
const FILE_NAME: &[u8] = b"SHA256SUMS";

#[derive(Serialize)]
struct ChecksumView {
    checksum: String,
}

/// Answers with the checksum of a file.
pub(crate) async fn checksum(fs: &UserFs, path: &VirtualPath, algorithm: &[u8]) -> ApiResult {
    if !matches!(algorithm, b"" | b"sha256") {
        return Err(ApiError::bad_request("algo: only sha256 is supported"));
    }
    let checksum = fs.checksum(path).await.map_err(refused)?;
    Ok(json(actix_web::http::StatusCode::OK, &ChecksumView { checksum: hexadecimal(&checksum) }))
}

/// `Repr-Digest` (RFC 9530 section 3): the digest of the whole file, also where a part of it is sent.
pub(super) fn digest_header(checksum: &Sha256) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("sha-256=:{}:", STANDARD.encode(checksum))).ok()
}

/// Answers with the checksums of all files at and below `paths`, as they are computed. Names are relative to what the paths
/// have in common. That all of them are there and may be read is known before the answer begins; what goes wrong after the first line breaks the connection off.
pub(crate) async fn list_checksums(fs: &UserFs, paths: Vec<VirtualPath>) -> ApiResult {
    if paths.is_empty() {
        return Err(ApiError::bad_request("no paths are given"));
    }
    may_read(fs, &paths).await.map_err(refused)?;
    let mut sums = Sums { fs: fs.clone(), tree: Tree::new(fs.clone(), paths) };
    let first = sums.next().await.map_err(refused)?;
    let lines = stream::unfold(Some((sums, first)), async |state| {
        let (mut sums, line) = state?;
        let line = line?;
        match sums.next().await {
            Ok(next) => Some((Ok(line), Some((sums, next)))),
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, Disposition::Attachment.header(FILE_NAME)))
        .insert_header(ContentEncoding::Identity)
        .streaming(Box::pin(lines)))
}

struct Sums {
    fs: UserFs,
    tree: Tree,
}

impl Sums {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while let Some(found) = self.tree.next().await? {
            if found.metadata.kind != FileKind::File {
                continue;
            }
            match self.fs.checksum(&found.path).await {
                Ok(checksum) => return Ok(Some(line(&checksum, &found.name))),
                // It went since it was listed.
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// A line of coreutils: a name with a line break or a backslash is escaped, and the line says so at its beginning.
fn line(checksum: &Sha256, name: &[u8]) -> Bytes {
    let mut escaped = Vec::with_capacity(name.len());
    for byte in name {
        match byte {
            b'\\' => escaped.extend_from_slice(b"\\\\"),
            b'\n' => escaped.extend_from_slice(b"\\n"),
            b'\r' => escaped.extend_from_slice(b"\\r"),
            other => escaped.push(*other),
        }
    }
    let mark: &[u8] = if escaped.len() == name.len() { b"" } else { b"\\" };
    [mark, hexadecimal(checksum).as_bytes(), b"  ", &escaped, b"\n"].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_coreutils() {
        let sum = "ab".repeat(32);
        assert_eq!(line(&[0xab; 32], b"dir/a b.txt"), format!("{sum}  dir/a b.txt\n"));
        assert_eq!(line(&[0xab; 32], b"a\nb\\c"), format!("\\{sum}  a\\nb\\\\c\n"));
    }

    #[test]
    fn digest_has_the_form_of_the_standard() {
        // RFC 9530 appendix D has this one.
        let empty = entrepot_core::fs::Hasher::new(entrepot_core::fs::HashAlgorithm::Sha256).finish();
        let header = digest_header(&empty.try_into().unwrap()).unwrap();
        assert_eq!(header, "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
    }
}
