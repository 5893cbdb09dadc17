//! Files and directories as one zip archive, made while it is sent (API-136…API-138).
//!
//! Nothing is stored on the way, and nothing is known before it is read: sizes and checksums follow the content of each
//! file, and the directory at the end has them again. What has to be remembered until then is kept compressed.

mod central;
mod entry;
mod packing;
mod stream;

use actix_web::{
    HttpResponse,
    http::header::{self, ContentEncoding},
};
use entrepot_core::UserFs;
use entrepot_http::Disposition;
use entrepot_model::VirtualPath;

use self::stream::Zip;
use super::{readable::may_read, refused, tree::Tree};
use crate::error::{ApiError, ApiResult};

/// Answers with an archive of what is at `paths`, which gets the file name `name`. That all of them are there and may be read
/// is known before the answer begins; what goes wrong later breaks the connection off.
pub(crate) async fn send_zip(fs: &UserFs, paths: Vec<VirtualPath>, name: &[u8]) -> ApiResult {
    if paths.is_empty() {
        return Err(ApiError::bad_request("no paths are given"));
    }
    may_read(fs, &paths).await.map_err(refused)?;
    let zip = Zip::new(fs.clone(), Tree::new(fs.clone(), paths));
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, Disposition::Attachment.header(name)))
        .insert_header(ContentEncoding::Identity)
        .streaming(Box::pin(zip.into_stream())))
}

/// Name of the archive of these paths: after the one, or `download` (API-136).
pub(crate) fn zip_name(username: &str, paths: &[VirtualPath]) -> Vec<u8> {
    let only = match paths {
        [path] => path.file_name(),
        _ => None,
    };
    [username.as_bytes(), b"-", only.unwrap_or(b"download"), b".zip"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-136
    #[test]
    fn archives_are_named_after_what_is_in_them() {
        let paths = |names: &[&str]| names.iter().map(|name| VirtualPath::parse(name.as_bytes()).unwrap()).collect::<Vec<_>>();
        assert_eq!(zip_name("ada", &paths(&["/docs/a b"])), b"ada-a b.zip");
        assert_eq!(zip_name("ada", &paths(&["/"])), b"ada-download.zip");
        assert_eq!(zip_name("ada", &paths(&["/a", "/b"])), b"ada-download.zip");
    }
}
