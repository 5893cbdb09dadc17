//! What core refuses, as somebody reads it at a field.

use entrepot_core::Error;

use crate::{admin::fields::Fault, frame::PageError};

/// A refusal of `core` as the fault of a field, or of the form as a whole; faults of ours go on as they are.
pub(in super::super) fn fault(error: Error) -> Result<Fault, PageError> {
    match error {
        Error::Invalid { field, message, .. } => Ok(Fault::new(&field, spoken(&field, &message))),
        Error::Conflict(message) | Error::InUse(message) => Ok(Fault::new("", sentence(&message))),
        other => Err(other.into()),
    }
}

/// As [`fault`], with everything else that is wrong.
pub(super) fn faults_of(mut error: Error) -> Result<Vec<Fault>, PageError> {
    let others = match &mut error {
        Error::Invalid { others, .. } => std::mem::take(others),
        _ => Vec::new(),
    };
    let mut faults = vec![fault(error)?];
    faults.extend(others.into_iter().map(|(field, message)| Fault::new(&field, spoken(&field, &message))));
    Ok(faults)
}

/// What the API says of a member, for somebody who sees it at the field: its name there is no word.
fn spoken(field: &str, message: &str) -> String {
    let is_name = |head: &str| !head.is_empty() && (field.starts_with(head) || field.ends_with(head));
    let text = message.split_once(": ").filter(|(head, _)| is_name(head)).map_or(message, |(_, text)| text);
    let last = field.rsplit('.').next().unwrap_or(field).replace('_', " ");
    sentence(&if field.contains(['.', '_']) { text.replace(field, &last) } else { text.to_owned() })
}

pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}{}", chars.as_str(), if text.ends_with('.') { "" } else { "." })
}

#[cfg(test)]
mod tests {
    use super::spoken;

    // UI-226
    #[test]
    fn names_of_members_are_left_out_of_sentences() {
        for (field, message, said) in [
            ("filesystem.s3config.bucket", "filesystem.s3config.bucket is mandatory", "Bucket is mandatory."),
            (
                "filesystem.s3config.region",
                "filesystem.s3config: region or endpoint is mandatory",
                "Region or endpoint is mandatory.",
            ),
            ("filesystem.s3config.access_tier", "invalid filesystem.s3config.access_tier", "Invalid access tier."),
            ("home_dir", "home_dir: it must be absolute", "It must be absolute."),
            ("username", "the username \"a b\" is not valid", "The username \"a b\" is not valid."),
            ("name", "a name: with a colon", "A name: with a colon."),
        ] {
            assert_eq!(spoken(field, message), said);
        }
    }
}
