//! The body of an answer that is a use of a share.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use entrepot_core::shares::Uses;

/// A body that was paid for. If the server cannot send it to its end the uses are given back; a client that goes away in the
/// middle has used them (API-190).
pub(super) struct Paid {
    body: BoxBody,
    uses: Option<Uses>,
}

impl Paid {
    /// The answer with its uses: one that is no success costs nothing.
    pub(super) fn answer(answer: HttpResponse, uses: Uses) -> HttpResponse {
        if !answer.status().is_success() {
            return answer;
        }
        uses.begin();
        answer.map_body(|_, body| Self { body, uses: Some(uses) }.boxed())
    }
}

impl MessageBody for Paid {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let paid = self.get_mut();
        let polled = Pin::new(&mut paid.body).poll_next(context);
        if let Poll::Ready(Some(Err(_))) = &polled {
            drop(paid.uses.take());
        }
        polled
    }
}

impl Drop for Paid {
    fn drop(&mut self) {
        if let Some(uses) = self.uses.take() {
            uses.keep();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use actix_web::body;

    use super::*;

    // The uses themselves are those of core, whose tests say what becomes of them.
    #[actix_web::test]
    async fn body_passes_unchanged() {
        let mut paid = Paid { body: BoxBody::new("some text"), uses: None };
        assert_eq!(paid.size(), BodySize::Sized(9));
        let first = poll_fn(|context| Pin::new(&mut paid).poll_next(context)).await;
        assert_eq!(first.unwrap().unwrap(), "some text");
        assert_eq!(body::to_bytes(paid).await.unwrap(), "");
    }
}
