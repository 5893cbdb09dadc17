//! The body of a request that uploads.

use std::{
    fmt::Display,
    pin::Pin,
    task::{Context, Poll},
};

use actix_multipart::MultipartError;
use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload as DevPayload,
    error::PayloadError,
    http::StatusCode,
    web::{Bytes, Data},
};
use futures_util::Stream;

use super::declared_length;
use crate::{Site, error::ApiError};

/// A body of at most `httpd.max_upload_file_size` bytes (ACC-293). One that says itself that it is longer is not read.
pub(crate) struct Incoming {
    payload: DevPayload,
    /// Bytes that may still come; `None` = any.
    left: Option<u64>,
}

impl FromRequest for Incoming {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut DevPayload) -> Self::Future {
        let setting = request.app_data::<Data<Site>>().map_or(0, |site| site.core().settings().httpd.max_upload_file_size);
        let most = u64::try_from(setting).ok().filter(|most| *most > 0);
        if most.zip(declared_length(request)).is_some_and(|(most, length)| length > most) {
            return std::future::ready(Err(too_large()));
        }
        std::future::ready(Ok(Self { payload: payload.take(), left: most }))
    }
}

/// ACC-293
pub(super) fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "the request is larger than an upload may be")
}

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.get_mut();
        let polled = Pin::new(&mut body.payload).poll_next(context);
        let (Poll::Ready(Some(Ok(piece))), Some(left)) = (&polled, body.left.as_mut()) else { return polled };
        match left.checked_sub(piece.len() as u64) {
            Some(rest) => {
                *left = rest;
                polled
            }
            None => Poll::Ready(Some(Err(PayloadError::Overflow))),
        }
    }
}

/// What a body can end with before its end.
pub(crate) trait BodyError: Display {
    /// It is longer than a request may be.
    fn is_overflow(&self) -> bool {
        false
    }
}

impl BodyError for PayloadError {
    fn is_overflow(&self) -> bool {
        matches!(self, Self::Overflow)
    }
}

impl BodyError for MultipartError {
    fn is_overflow(&self) -> bool {
        matches!(self, Self::Payload(PayloadError::Overflow))
    }
}

impl BodyError for ApiError {}
