//! What core refuses, as somebody reads it at a field.

use entrepot_core::Error;

use crate::{
    admin::fields::Fault,
    frame::{PageError, told::sentence, words::Words},
};

/// A refusal of `core` as the fault of a field, or of the form as a whole; faults of ours go on as they are.
pub(in super::super) fn fault(error: Error, t: &'static Words) -> Result<Fault, PageError> {
    match error {
        Error::Invalid { field, message, .. } => Ok(Fault::new(&field, t.fault(&field, &message))),
        Error::Conflict(message) | Error::InUse(message) => Ok(Fault::new("", sentence(&t.told(&message)))),
        other => Err(other.into()),
    }
}

/// As [`fault`], with everything else that is wrong.
pub(super) fn faults_of(mut error: Error, t: &'static Words) -> Result<Vec<Fault>, PageError> {
    let others = match &mut error {
        Error::Invalid { others, .. } => std::mem::take(others),
        _ => Vec::new(),
    };
    let mut faults = vec![fault(error, t)?];
    faults.extend(others.into_iter().map(|(field, message)| Fault::new(&field, t.fault(&field, &message))));
    Ok(faults)
}
