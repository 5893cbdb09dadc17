use crate::{FileState, Store, StoreOptions};

#[tokio::test]
async fn checksum_is_of_one_state_of_one_file() {
    let checksums = Store::open(StoreOptions::in_memory()).unwrap().checksums();
    let file = FileState {
        provider: 0,
        device: u64::MAX,
        inode: 7,
        size: 5,
        seconds: -1,
        nanoseconds: 3,
        changed_seconds: 9,
        changed_nanoseconds: 1,
    };
    assert_eq!(checksums.get(file).await.unwrap(), None);
    checksums.put(file, [1; 32], 100, 0).await.unwrap();
    assert_eq!(checksums.get(file).await.unwrap(), Some([1; 32]));
    for other in [
        FileState { provider: 4, ..file },
        FileState { device: 1, ..file },
        FileState { inode: 8, ..file },
        FileState { size: 6, ..file },
        FileState { seconds: 0, ..file },
        FileState { nanoseconds: 4, ..file },
        FileState { changed_seconds: 10, ..file },
        FileState { changed_nanoseconds: 2, ..file },
    ] {
        assert_eq!(checksums.get(other).await.unwrap(), None, "{other:?}");
    }
    let changed = FileState { size: 6, ..file };
    checksums.put(changed, [2; 32], 200, 0).await.unwrap();
    assert_eq!((checksums.get(file).await.unwrap(), checksums.get(changed).await.unwrap()), (None, Some([2; 32])));
    checksums.put(FileState { inode: 9, ..file }, [3; 32], 300, 250).await.unwrap();
    assert_eq!(checksums.get(changed).await.unwrap(), None);
}
