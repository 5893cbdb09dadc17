//! The body of a request, as the core takes it.

use std::time::Duration;

use actix_web::web::{Bytes, Payload};
use entrepot_core::{Error, resumable::Body};
use futures_util::{StreamExt as _, stream};

/// Time for the next piece.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pieces of a body, at most `most` bytes altogether.
pub(super) fn pieces(payload: Payload, most: Option<u64>) -> impl Body {
    Box::pin(stream::unfold((payload, most), async |(mut payload, left)| {
        let piece = match tokio::time::timeout(PATIENCE, payload.next()).await {
            Ok(None) => return None,
            Ok(Some(Ok(piece))) => fits(piece, left),
            Ok(Some(Err(error))) => {
                tracing::debug!(%error, "the body of a piece broke off");
                Err(Error::Disconnected)
            }
            Err(_) => Err(Error::Timeout),
        };
        let left = left.zip(piece.as_ref().ok()).map(|(left, piece)| left - piece.len() as u64).or(left);
        Some((piece, (payload, left)))
    }))
}

fn fits(piece: Bytes, left: Option<u64>) -> Result<Bytes, Error> {
    if left.is_some_and(|left| piece.len() as u64 > left) { Err(Error::TooLarge) } else { Ok(piece) }
}
