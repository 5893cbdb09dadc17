use bytes::{BufMut, BytesMut};
use proptest::prelude::*;

use super::*;

enum Field<'a> {
    Text(&'a [u8]),
    Short(u32),
    Long(u64),
    Attributes(FileAttributes),
}
use Field::{Attributes, Long, Short, Text};

fn message(kind: u8, id: u32, fields: &[Field<'_>]) -> Vec<u8> {
    let mut out = BytesMut::new();
    out.put_u8(kind);
    out.put_u32(id);
    for field in fields {
        match field {
            Text(bytes) => {
                out.put_u32(u32::try_from(bytes.len()).expect("short"));
                out.put_slice(bytes);
            }
            Short(value) => out.put_u32(*value),
            Long(value) => out.put_u64(*value),
            Attributes(value) => value.write(&mut out),
        }
    }
    out.to_vec()
}

fn attributes() -> FileAttributes {
    FileAttributes { size: Some(1 << 40), owner: Some((1000, 100)), permissions: Some(0o100_644), times: Some((1, 2)) }
}

/// One message of every type that a client sends, and what it means.
fn samples() -> Vec<(Vec<u8>, Request<'static>)> {
    const P: &[u8] = b"/a\xff b";
    const H: &[u8] = b"\0\0\0\x01";
    let extended = |name: &'static [u8], fields: Vec<Field<'static>>| {
        message(kind::EXTENDED, 5, &std::iter::once(Text(name)).chain(fields).collect::<Vec<_>>())
    };
    vec![
        (
            message(kind::OPEN, 5, &[Text(P), Short(0x1a), Attributes(attributes())]),
            Request::Open { path: P, flags: OpenFlags(0x1a), attributes: attributes() },
        ),
        (message(kind::CLOSE, 5, &[Text(H)]), Request::Close { handle: H }),
        (
            message(kind::READ, 5, &[Text(H), Long(1 << 33), Short(32768)]),
            Request::Read { handle: H, offset: 1 << 33, length: 32768 },
        ),
        (message(kind::WRITE, 5, &[Text(H), Long(9), Text(b"data")]), Request::Write { handle: H, offset: 9, data: b"data" }),
        (message(kind::LSTAT, 5, &[Text(P)]), Request::LStat { path: P }),
        (message(kind::FSTAT, 5, &[Text(H)]), Request::FStat { handle: H }),
        (message(kind::SETSTAT, 5, &[Text(P), Attributes(attributes())]), Request::SetStat { path: P, attributes: attributes() }),
        (
            message(kind::FSETSTAT, 5, &[Text(H), Attributes(attributes())]),
            Request::FSetStat { handle: H, attributes: attributes() },
        ),
        (message(kind::OPENDIR, 5, &[Text(P)]), Request::OpenDir { path: P }),
        (message(kind::READDIR, 5, &[Text(H)]), Request::ReadDir { handle: H }),
        (message(kind::REMOVE, 5, &[Text(P)]), Request::Remove { path: P }),
        (message(kind::MKDIR, 5, &[Text(P), Attributes(attributes())]), Request::MakeDir { path: P, attributes: attributes() }),
        (message(kind::RMDIR, 5, &[Text(P)]), Request::RemoveDir { path: P }),
        (message(kind::REALPATH, 5, &[Text(b"")]), Request::RealPath { path: b"" }),
        (message(kind::STAT, 5, &[Text(P)]), Request::Stat { path: P }),
        (message(kind::RENAME, 5, &[Text(P), Text(b"/b")]), Request::Rename { from: P, to: b"/b" }),
        (message(kind::READLINK, 5, &[Text(P)]), Request::ReadLink { path: P }),
        // SFTP-039
        (message(kind::SYMLINK, 5, &[Text(b"target"), Text(b"link")]), Request::SymLink { target: b"target", link: b"link" }),
        (
            extended(b"posix-rename@openssh.com", vec![Text(P), Text(b"/b")]),
            Request::Extended(Extended::PosixRename { from: P, to: b"/b" }),
        ),
        (extended(b"statvfs@openssh.com", vec![Text(P)]), Request::Extended(Extended::StatVfs { path: P })),
        (extended(b"fstatvfs@openssh.com", vec![Text(H)]), Request::Extended(Extended::FStatVfs { handle: H })),
        (extended(b"fsync@openssh.com", vec![Text(H)]), Request::Extended(Extended::Fsync { handle: H })),
        (extended(b"limits@openssh.com", vec![]), Request::Extended(Extended::Limits)),
        (
            extended(b"lsetstat@openssh.com", vec![Text(P), Attributes(attributes())]),
            Request::Extended(Extended::LSetStat { path: P, attributes: attributes() }),
        ),
        (
            extended(b"copy-data", vec![Text(H), Long(1), Long(2), Text(H), Long(3)]),
            Request::Extended(Extended::CopyData { from: H, from_offset: 1, length: 2, to: H, to_offset: 3 }),
        ),
        (extended(b"home-directory", vec![Text(b"ann")]), Request::Extended(Extended::HomeDirectory { user: b"ann" })),
        (extended(b"expand-path@openssh.com", vec![Text(b"~/x")]), Request::Extended(Extended::ExpandPath { path: b"~/x" })),
    ]
}

#[test]
fn every_request_decodes() {
    for (bytes, request) in samples() {
        assert_eq!(Message::decode(&bytes), Ok(Message::Request { id: 5, request }));
    }
}

// SFTP-001
#[test]
fn init_of_any_version_decodes() {
    for version in [0, 3, 6, u32::MAX] {
        assert_eq!(Message::decode(&message(kind::INIT, version, &[])), Ok(Message::Init { version }));
    }
    // Extensions of the client are allowed and ignored.
    assert!(Message::decode(&message(kind::INIT, 3, &[Text(b"x@y"), Text(b"1")])).is_ok());
}

// SFTP-003
#[test]
fn unknown_types_and_extensions_are_recognised_as_such() {
    let link = message(21, 6, &[Text(b"/a"), Text(b"/b")]);
    assert_eq!(Message::decode(&link), Ok(Message::Request { id: 6, request: Request::Unsupported { kind: 21 } }));
    for name in [b"hardlink@openssh.com".as_slice(), b"md5-hash", b"\xff", b""] {
        let bytes = message(kind::EXTENDED, 6, &[Text(name), Text(b"/a")]);
        let request = Request::Extended(Extended::Unsupported { name });
        assert_eq!(Message::decode(&bytes), Ok(Message::Request { id: 6, request }));
    }
}

#[test]
fn a_cut_request_keeps_its_id_for_the_answer() {
    for (bytes, request) in samples() {
        for end in 5..bytes.len() {
            let expected = Err(MessageError::Request { id: 5, kind: bytes[0] });
            assert_eq!(Message::decode(&bytes[..end]), expected, "{request:?} cut at {end}");
        }
        for end in 0..5 {
            assert_eq!(Message::decode(&bytes[..end]), Err(MessageError::Message));
        }
    }
}

#[test]
fn write_data_is_borrowed_from_the_message() {
    let bytes = message(kind::WRITE, 5, &[Text(b"hndl"), Long(0), Text(b"payload")]);
    let Ok(Message::Request { request: Request::Write { data, .. }, .. }) = Message::decode(&bytes) else {
        panic!("decodes");
    };
    assert!(std::ptr::eq(data, &bytes[bytes.len() - 7..]));
}

proptest! {
    #[test]
    fn nothing_that_arrives_makes_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Message::decode(&bytes);
    }

    /// Mutations of well formed messages reach further into the decoder than noise does.
    #[test]
    fn mutated_requests_never_panic(
        sample in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let samples = samples();
        let mut bytes = sample.get(&samples).0.clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        if let Ok(Message::Request { request: Request::Write { data, .. }, .. }) = Message::decode(&bytes) {
            prop_assert!(data.len() <= bytes.len());
        }
    }
}
