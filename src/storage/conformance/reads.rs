//! Reading at offsets.

use super::{get, kind, list, on_every_backend, path, put, replacing, stage, staging, write};
use crate::{Backend, ErrorKind, StageOptions};

on_every_backend!(
    reads_end_where_the_file_ends,
    reads_come_in_any_order,
    reading_at_once_agrees_with_reading,
    sparse_file_reads_as_zeros,
    reading_an_upload_needs_a_readable_one,
    metadata_of_an_open_file_is_that_of_its_path,
);

// SFTP-021
async fn reads_end_where_the_file_ends(backend: &dyn Backend) {
    put(backend, "/file", &[7; 10_000]).await;
    let file = backend.open_read(&path("/file")).await.expect("open");
    assert_eq!(file.read_at(9_990, 100).await.expect("read").as_ref(), [7; 10]);
    assert!(file.read_at(10_000, 100).await.expect("read").is_empty());
    assert!(file.read_at(u64::MAX - 5, 100).await.expect("read").is_empty());
    assert!(file.read_at(0, 0).await.expect("read").is_empty());
}

// SFTP-021
async fn reads_come_in_any_order(backend: &dyn Backend) {
    let data: Vec<u8> = (0..100_000_u32).map(|number| (number % 241) as u8).collect();
    put(backend, "/file", &data).await;
    let file = backend.open_read(&path("/file")).await.expect("open");
    for start in [60_000, 0, 99_000, 32_768, 1] {
        let (read, expected) = (file.read_at(start as u64, 1000).await.expect("read"), &data[start..start + 1000]);
        assert!(read.as_ref() == expected, "at {start}");
    }
}

async fn reading_at_once_agrees_with_reading(backend: &dyn Backend) {
    put(backend, "/file", &[7; 10_000]).await;
    let file = backend.open_read(&path("/file")).await.expect("open");
    for (offset, expected) in [(0, 4096), (8_000, 2_000), (10_000, 0), (u64::MAX - 5, 0)] {
        let mut buffer = [0; 4096];
        // `None` = it would have to wait, which is always a valid answer.
        if let Some(count) = file.try_read_at(offset, &mut buffer).expect("read") {
            assert_eq!(count, expected, "at {offset}");
            assert!(buffer[..count].iter().all(|&byte| byte == 7));
        }
    }
    assert!(matches!(file.try_read_at(0, &mut []).expect("read"), None | Some(0)));
}

// LOC-013
async fn sparse_file_reads_as_zeros(backend: &dyn Backend) {
    if !backend.capabilities().in_place {
        return;
    }
    let file = stage(backend, "/file", "one").await;
    write(&*file, 100_000, b"end").await.expect("write");
    file.commit(&path("/file"), replacing()).await.expect("commit");
    let data = get(backend, "/file").await.expect("read");
    assert_eq!((data.len(), &data[100_000..]), (100_003, &b"end"[..]));
    assert!(data[..100_000].iter().all(|&byte| byte == 0));
    assert_eq!(list(backend, "/").await.expect("list").len(), 1);
}

// SFTP-019
async fn reading_an_upload_needs_a_readable_one(backend: &dyn Backend) {
    let file = stage(backend, "/file", "one").await;
    assert!(file.reader().is_none());
    file.abandon(false).await.expect("abandon");
    let readable = backend.stage(&path("/file"), StageOptions { readable: true, ..staging("two") }).await;
    if !backend.capabilities().read_write {
        assert_eq!(kind(readable), ErrorKind::Unsupported);
        return;
    }
    let file = readable.expect("stage");
    write(&*file, 0, b"content").await.expect("write");
    let reader = file.reader().expect("readable");
    assert_eq!(reader.read_at(3, 100).await.expect("read").as_ref(), b"tent");
}

async fn metadata_of_an_open_file_is_that_of_its_path(backend: &dyn Backend) {
    put(backend, "/file", b"content").await;
    let file = backend.open_read(&path("/file")).await.expect("open");
    assert_eq!(file.metadata().await.expect("metadata"), backend.stat(&path("/file"), true).await.expect("stat"));
}
