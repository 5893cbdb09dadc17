//! Rules of `httpd.bindings[].wopi` (CFG-357…CFG-362).

use super::{View, is_local};
use crate::error::ConfigError;

/// Checks the office server of each binding that names one.
///
/// # Errors
/// An address that is none, a server that could not reach this one, or an ending that is none.
pub(super) fn check(view: &View<'_>) -> Result<(), ConfigError> {
    for binding in view.elements("httpd.bindings") {
        let path = |key: &str| format!("{binding}.wopi.{key}");
        let (server, callback) = (path("server_url"), path("callback_url"));
        for address in [&server, &callback] {
            let text = view.text(address);
            if !text.is_empty() && host_of(text).is_none() {
                return Err(view.invalid(address, "must be an address such as https://office.example.com, without query"));
            }
        }
        if !view.text(&server).is_empty() && view.text(&callback).is_empty() {
            let message = "is needed with server_url: the office server fetches documents there and stores them";
            return Err(view.invalid(&callback, message));
        }
        let endings = path("skipped_extensions");
        let is_ending = |ending: &str| !ending.is_empty() && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if let Some(wrong) = view.list(&endings).into_iter().find(|ending| !is_ending(ending.trim_start_matches('.'))) {
            return Err(view.invalid(&endings, format!("{wrong:?} is no ending of a name such as docx")));
        }
    }
    Ok(())
}

/// Whoever reads on the way to the office server can take a document with what he read.
pub(super) fn warning(view: &View<'_>, binding: &str) -> Option<String> {
    let path = format!("{binding}.wopi.callback_url");
    let text = view.text(&path);
    let is_open = text.starts_with("http://") && host_of(text).is_some_and(|host| !is_local(host));
    let is_on = !view.text(&format!("{binding}.wopi.server_url")).is_empty();
    (is_on && is_open).then(|| format!("{path} is plain HTTP: documents can be read on the way to the office server"))
}

/// The host of an address of a server; `None` if it is none.
fn host_of(text: &str) -> Option<&str> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme))?;
    let authority = rest.split('/').next()?;
    let host = match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next()?,
        None => authority.split(':').next()?,
    };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\"'<>\\^`{|};,".contains(&byte));
    (is_plain && !host.is_empty()).then_some(host)
}
