//! What a client says of a file: pairs of a key and a value in base64.

use std::collections::HashMap;

use actix_web::HttpRequest;
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use entrepot_core::UserFs;
use entrepot_model::VirtualPath;

use crate::{error::ApiError, files};

pub(super) const METADATA: &str = "Upload-Metadata";
/// Longer than any path in base64, with room for what clients add.
const LONGEST: usize = 16 << 10;
/// Clients differ in whether they pad.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// What was said of a file that is to be uploaded (API-153).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// The name of the file.
    pub(super) path: VirtualPath,
    pub(super) said: Said,
}

/// What was said of a file, before it is known what its path means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// As it was sent.
    pub(super) text: String,
    /// The name of the file, as it was sent.
    path: Vec<u8>,
    /// Id of the share that it is for; an upload of a user has none.
    pub(crate) share: Option<String>,
    /// Modification time, in Unix milliseconds.
    pub(super) modified_at: Option<i64>,
    /// Missing directories are made.
    pub(super) makes_parents: bool,
    /// Goes on with what an unfinished upload left; an extension.
    pub(super) resumes: bool,
}

impl Metadata {
    /// Reads the header of a request; a relative path begins in the start directory of these files.
    ///
    /// # Errors
    /// 400, saying what is missing or wrong.
    pub(crate) fn read(request: &HttpRequest, fs: &UserFs) -> Result<Self, ApiError> {
        Self::at(Said::read(request)?, &fs.start_directory())
    }

    fn at(said: Said, start: &VirtualPath) -> Result<Self, ApiError> {
        let path = start.join(&said.path).map_err(|error| wrong(&format!("path: {error}")))?;
        if path.is_root() {
            return Err(wrong("path names a directory"));
        }
        Ok(Self { path, said })
    }
}

impl Said {
    /// Reads the header of a request.
    ///
    /// # Errors
    /// 400, saying what is missing or wrong.
    pub(crate) fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let text = request.headers().get(METADATA).map(|value| value.to_str().map_err(|_| wrong("it is not ASCII")));
        Self::parse(text.transpose()?.unwrap_or_default())
    }

    /// The share that it is for.
    ///
    /// # Errors
    /// 400 if it names none.
    pub(crate) fn share(&self) -> Result<&str, ApiError> {
        self.share.as_deref().ok_or_else(|| wrong("share_id is missing"))
    }

    /// The name of the file, as it was sent.
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    /// The file will be at `path`.
    pub(crate) fn of(self, path: VirtualPath) -> Metadata {
        Metadata { path, said: self }
    }

    fn parse(text: &str) -> Result<Self, ApiError> {
        let mut pairs = pairs(text)?;
        let path = pairs.remove("path").filter(|path| !path.is_empty()).ok_or_else(|| wrong("path is missing"))?;
        if path.ends_with(b"/") || path.ends_with(b"\\") {
            return Err(wrong("path names a directory"));
        }
        let share = pairs.remove("share_id").filter(|share| !share.is_empty()).map(String::from_utf8).transpose();
        let share = share.map_err(|_| wrong("share_id is no id"))?;
        let modified_at = match pairs.get("mtime").filter(|time| !time.is_empty()) {
            None => None,
            Some(time) => {
                let time = std::str::from_utf8(time).ok().and_then(|time| time.trim().parse::<i64>().ok());
                // API-143: one that no file can have is ignored.
                Some(time.ok_or_else(|| wrong("mtime is no number of milliseconds"))?).filter(|time| files::is_time(*time))
            }
        };
        let flag = |name| match pairs.get(name).map(Vec::as_slice) {
            None | Some(b"" | b"false" | b"0") => Ok(false),
            Some(b"true" | b"1") => Ok(true),
            Some(_) => Err(wrong(&format!("{name} is neither true nor false"))),
        };
        let (makes_parents, resumes) = (flag("mkdir_parents")?, flag("resume")?);
        Ok(Self { text: text.to_owned(), path, share, modified_at, makes_parents, resumes })
    }
}

/// The pairs of the header; a value may be missing.
fn pairs(text: &str) -> Result<HashMap<&str, Vec<u8>>, ApiError> {
    if text.len() > LONGEST {
        return Err(wrong("it is longer than 16 KiB"));
    }
    let mut pairs = HashMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = BASE64.decode(value.trim()).map_err(|_| wrong(&format!("the value of {key} is not base64")))?;
        if pairs.insert(key, value).is_some() {
            return Err(wrong(&format!("{key} is there twice")));
        }
    }
    Ok(pairs)
}

fn wrong(what: &str) -> ApiError {
    ApiError::bad_request(format!("{METADATA}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Metadata, String> {
        let start = VirtualPath::parse(b"/start").unwrap();
        Said::parse(text).and_then(|said| Metadata::at(said, &start)).map_err(|error| error.to_string())
    }

    // API-153: the example of the contract.
    #[test]
    fn pairs_say_what_the_file_shall_be() {
        let text = "path L215ZGlyL2ZpbGUuYmlu,mkdir_parents ZmFsc2U=,mtime MTc2NzIyNDg3ODU0NQ==";
        let read = parse(text).unwrap();
        assert_eq!((read.path.as_bytes(), read.said.modified_at), (&b"/mydir/file.bin"[..], Some(1_767_224_878_545)));
        assert!(!read.said.makes_parents && !read.said.resumes && read.said.text == text && read.said.share().is_err());
        let read = parse("filename, path YQ, mkdir_parents dHJ1ZQ==,resume dHJ1ZQ").unwrap();
        assert_eq!(read.path.as_bytes(), b"/start/a");
        assert!(read.said.makes_parents && read.said.resumes);
        assert_eq!(parse("share_id MTIzNA==,path YQ").unwrap().said.share().unwrap(), "1234");
        // API-209, paths are bytes
        assert_eq!(parse("path L2FcYv8=").unwrap().path.as_bytes(), b"/a/b\xff");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = format!("path L2E=,x {}", "A".repeat(LONGEST));
        for (text, problem) in [
            ("", "path is missing"),
            ("path", "path is missing"),
            ("path L2E=,path L2E=", "path is there twice"),
            ("path !!", "the value of path is not base64"),
            ("path Lw==", "path names a directory"),
            ("path L2Ev", "path names a directory"),
            ("path L2EAYg==", "path: "),
            ("path L2E=,share_id /w==", "share_id is no id"),
            ("path L2E=,mtime eA==", "mtime is no number"),
            ("path L2E=,mkdir_parents eWVz", "mkdir_parents is neither"),
            (&long, "longer than 16 KiB"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(problem), "{problem}: {error}");
        }
    }
}
