//! The name of a file that may not take the place of another: `name`, else `name (1)`, `name (2)`, ….

use std::sync::Arc;

use entrepot_model::path::MAX_NAME_BYTES;
use entrepot_storage::{Metadata, StagedFile};
use entrepot_store::UploadIntent;

use super::{
    UploadState,
    upload_end::{Existing, present, publish_as},
};
use crate::{
    error::{Error, Result},
    operation::Operation,
    place::Place,
    policy,
};

/// Names that are tried when others are faster.
const TRIES: u32 = 1000;
/// The highest number that is looked for.
const MOST: u32 = 1 << 24;

/// Gives an upload the first name that is free. Of two that want one name at once, each gets its own.
///
/// # Errors
/// `Denied` when the account may not upload under that name, `Exists` when no name is free, or what [`publish_as`] says.
pub(super) async fn publish_beside(
    state: &Arc<UploadState>,
    file: &Arc<dyn StagedFile>,
    intent: &UploadIntent,
    wanted: &Place,
) -> Result<Metadata> {
    let first = first_free(state, wanted).await?;
    for number in first..first.saturating_add(TRIES) {
        let place = numbered(wanted, number)?;
        if number > 0 {
            policy::authorize(&state.facts.session.account.user, Operation::Upload, &place.virtual_path)?;
        }
        match publish_as(state, file, intent, &place, Existing::Stays).await {
            Err(Error::Exists) => {}
            other => return other,
        }
    }
    Err(Error::Exists)
}

/// A number that is free now, found in few looks even beside thousands of files of the name.
async fn first_free(state: &UploadState, wanted: &Place) -> Result<u32> {
    if !is_taken(state, wanted).await? {
        return Ok(0);
    }
    let (mut taken, mut free) = (0, 1);
    while is_taken(state, &numbered(wanted, free)?).await? {
        if free >= MOST {
            return Err(Error::Exists);
        }
        (taken, free) = (free, free * 2);
    }
    while free - taken > 1 {
        let middle = taken.midpoint(free);
        if is_taken(state, &numbered(wanted, middle)?).await? {
            taken = middle;
        } else {
            free = middle;
        }
    }
    Ok(free)
}

/// Whether something has the name. What is left of an unfinished upload has it as well: its owner may go on with it.
pub(super) async fn is_taken(state: &UploadState, place: &Place) -> Result<bool> {
    let session = &state.facts.session;
    if session.core.0.partials.get(session.username(), place).is_some() {
        return Ok(true);
    }
    let granted = policy::own_work(Operation::Upload, place.clone());
    Ok(present(session.account.door.stat(&granted, false).await)?.is_some())
}

fn numbered(wanted: &Place, number: u32) -> Result<Place> {
    wanted.named(&numbered_name(wanted.virtual_path.file_name().unwrap_or_default(), number))
}

/// `plan.pdf` with the number 2 is `plan (2).pdf`. Where it would be too long, the part before the number is cut.
fn numbered_name(name: &[u8], number: u32) -> Vec<u8> {
    if number == 0 {
        return name.to_vec();
    }
    // What begins with its only dot has no extension; nor has what would be all extension.
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0 && name.len() - dot <= 32);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    let suffix = format!(" ({number})");
    let mut room = MAX_NAME_BYTES.saturating_sub(suffix.len() + extension.len()).min(stem.len());
    // Not in the middle of a character of UTF-8.
    while room < stem.len() && room > 0 && stem[room] & 0b1100_0000 == 0b1000_0000 {
        room -= 1;
    }
    [&stem[..room], suffix.as_bytes(), extension].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    // API-193
    #[test]
    fn numbers_stand_before_the_extension() {
        let text = |name: &str, number| String::from_utf8(numbered_name(name.as_bytes(), number)).expect("UTF-8");
        assert_eq!(text("plan.pdf", 0), "plan.pdf");
        assert_eq!(text("plan.pdf", 2), "plan (2).pdf");
        assert_eq!(text("plan", 1), "plan (1)");
        assert_eq!(text(".profile", 1), ".profile (1)");
        assert_eq!(text("a.tar.gz", 10), "a.tar (10).gz");
        assert_eq!(text("dot.", 1), "dot (1).");
    }

    #[test]
    fn long_names_are_cut_before_the_number() {
        let long = "é".repeat(125) + ".text";
        let name = numbered_name(long.as_bytes(), 123);
        let text = std::str::from_utf8(&name).expect("UTF-8");
        assert!(name.len() <= MAX_NAME_BYTES && text.ends_with("é (123).text"), "{text}");
        assert_eq!(numbered_name(&[b'.'; 255], 1).len(), 255);
    }
}
