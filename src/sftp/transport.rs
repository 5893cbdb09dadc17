//! How russh carries a connection: sizes, times, and how often a client may try to log in.

use std::{borrow::Cow, time::Duration};

use russh::{Limits, MethodSet, Preferred, SshId, server::Config};

/// Receive window of a channel in bytes. russh grants more only below its half, so this is what keeps a distant client
/// writing; it is no buffer, for data is used as it arrives.
const WINDOW: u32 = 8 << 20;
/// Largest packet in bytes: a READ or WRITE of 255 KiB fits.
const MAX_PACKET: u32 = 256 << 10;
/// Messages of lanes, each of about 256 KiB, that russh holds at most: when it takes the next one, it has passed the one before
/// on to the client. Lanes go by that (`AnswerSink::send`).
const EVENTS: usize = 1;
/// Rejections of keys take at least this long, so that known and unknown names look alike.
const REJECTION_TIME: Duration = Duration::from_millis(50);
/// Bytes and time after which new keys are exchanged (RFC 4253 section 9).
const REKEY_BYTES: usize = 1 << 30;
const REKEY_TIME: Duration = Duration::from_secs(3600);

/// The attempts that `sftpd.max_auth_tries` leaves a connection: 0 = the default, negative = no limit (SSH-005).
pub(crate) fn attempts(setting: i32) -> Option<usize> {
    match setting {
        0 => Some(6),
        tries => usize::try_from(tries).ok(),
    }
}

/// What russh is told: one more, see `Login::may_try`; it calls no limit 0.
pub(crate) fn russh_attempts(tries: Option<usize>) -> usize {
    tries.map_or(0, |tries| tries + 1)
}

/// The part of russh's configuration that does not depend on keys.
pub(crate) fn transport(identification: &str, methods: &MethodSet, preferred: Preferred, tries: usize) -> Config {
    Config {
        server_id: SshId::Standard(Cow::Owned(identification.to_owned())),
        methods: methods.clone(),
        auth_rejection_time: REJECTION_TIME,
        // The probe with method `none` tells nothing.
        auth_rejection_time_initial: Some(Duration::ZERO),
        window_size: WINDOW,
        maximum_packet_size: MAX_PACKET,
        event_buffer_size: EVENTS,
        preferred,
        max_auth_attempts: tries,
        limits: Limits::new(REKEY_BYTES, REKEY_BYTES, REKEY_TIME),
        // Idleness is judged by what the channels do (SSH-029), and a client that is gone by TCP keep-alive.
        inactivity_timeout: None,
        // Set on the socket: `run_stream` gets a ready stream.
        nodelay: true,
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SSH-005
    #[test]
    fn zero_attempts_are_six_and_a_negative_number_is_no_limit() {
        assert_eq!((attempts(0), attempts(3), attempts(-1)), (Some(6), Some(3), None));
    }
}
