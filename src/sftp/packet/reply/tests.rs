use super::*;
use crate::packet::Assembler;

/// The one message in `out`, checked to be whole.
fn message(out: &BytesMut) -> Vec<u8> {
    let mut input: &[u8] = out;
    let message = Assembler::default().next(&mut input).expect("fits").expect("whole").to_vec();
    assert!(input.is_empty());
    message
}

// SFTP-001, SFTP-002
#[test]
fn version_names_three_and_the_extensions_but_never_hardlink() {
    let mut out = BytesMut::new();
    write_version(&mut out);
    let message = message(&out);
    assert_eq!(message[..5], [2, 0, 0, 0, 3]);
    let text = String::from_utf8_lossy(&message).into_owned();
    for name in ["posix-rename@openssh.com", "statvfs@openssh.com", "fsync@openssh.com", "limits@openssh.com", "copy-data"] {
        assert!(text.contains(name), "{name}");
    }
    assert!(!text.contains("hardlink"));
}

#[test]
fn status_and_handle_have_their_layout() {
    let mut out = BytesMut::new();
    write_status(&mut out, 7, StatusCode::NoSuchFile, "gone");
    assert_eq!(message(&out), b"\x65\0\0\0\x07\0\0\0\x02\0\0\0\x04gone\0\0\0\x02en");
    out.clear();
    write_handle(&mut out, 8, 0x0102_0304);
    assert_eq!(message(&out), b"\x66\0\0\0\x08\0\0\0\x04\x01\x02\x03\x04");
}

#[test]
fn data_is_filled_in_place_and_cut_to_what_was_read() {
    let mut out = BytesMut::from(&b"before"[..]);
    let flow = write_data::<()>(&mut out, 9, 100, |buffer| {
        assert_eq!(buffer.len(), 100);
        buffer[..3].copy_from_slice(b"abc");
        ControlFlow::Continue(3)
    });
    assert_eq!(flow, ControlFlow::Continue(3));
    assert_eq!(out.split_to(6), "before");
    assert_eq!(message(&out), b"\x67\0\0\0\x09\0\0\0\x03abc");
}

#[test]
fn data_that_breaks_off_leaves_no_trace() {
    let mut out = BytesMut::from(&b"before"[..]);
    assert_eq!(write_data(&mut out, 9, 100, |_| ControlFlow::Break("slow")), ControlFlow::Break("slow"));
    assert_eq!(out, "before");
}

// SFTP-004
#[test]
fn limits_are_those_we_keep() {
    let mut out = BytesMut::new();
    write_limits(&mut out, 1);
    let message = message(&out);
    let numbers: Vec<u64> = message[5..].chunks(8).map(|c| u64::from_be_bytes(c.try_into().expect("8"))).collect();
    assert_eq!(numbers, [262_144, 261_120, 261_120, 0]);
}

#[test]
fn a_read_of_any_length_is_cut_to_the_limit() {
    let mut out = BytesMut::new();
    let flow = write_data::<()>(&mut out, 1, usize::MAX, |buffer| ControlFlow::Continue(buffer.len()));
    assert_eq!(flow, ControlFlow::Continue(MAX_DATA));
}

#[test]
fn names_stop_before_the_largest_message() {
    let mut out = BytesMut::new();
    let mut reply = NameReply::begin(&mut out, 3);
    let name = [b'n'; 255];
    while reply.push(&name, &name, &FileAttributes::default()) {}
    let count = reply.finish();
    assert!(count > 400);
    let message = message(&out);
    assert!(message.len() <= MAX_MESSAGE);
    assert_eq!(message[5..9], count.to_be_bytes());
}

#[test]
fn a_listing_without_names_writes_nothing() {
    let mut out = BytesMut::new();
    assert_eq!(NameReply::begin(&mut out, 3).finish(), 0);
    assert!(out.is_empty());
}
