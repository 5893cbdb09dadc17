//! Where a copy goes (SCMD-012).

use entrepot_core::{Error, Metadata, Result, UserFs};
use entrepot_model::VirtualPath;

use super::Word;

/// Copies a file or a directory: into a directory that exists, unless the source ends with `/` (then its content is merged
/// into it); a target that ends with `/` is taken for a directory to be made.
pub async fn copy(fs: &UserFs, from: (&VirtualPath, &Word), to: (&VirtualPath, &Word)) -> Result<()> {
    let ends_with_slash = |word: &Word| word.text.ends_with(b"/");
    let is_directory = match fs.stat(to.0, true).await {
        Ok(found) => Metadata::is_directory(&found),
        Err(Error::NotFound) => ends_with_slash(to.1),
        Err(error) => return Err(error),
    };
    let merges = ends_with_slash(from.1) && fs.stat(from.0, false).await?.is_directory();
    let target = match from.0.file_name() {
        Some(name) if is_directory && !merges => to.0.child(name).map_err(|_| Error::Unsupported)?,
        _ => to.0.clone(),
    };
    fs.copy(from.0, &target).await
}
