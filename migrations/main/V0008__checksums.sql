-- SHA-256 checksums that were computed, of files as they were then: a file that changed since has another size or time,
-- and one that replaced it another identity. Device and inode are the bits of unsigned numbers.
CREATE TABLE checksum (
    provider    INTEGER NOT NULL,
    device      INTEGER NOT NULL,
    inode       INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    seconds     INTEGER NOT NULL,
    nanoseconds INTEGER NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    computed_at INTEGER NOT NULL,
    PRIMARY KEY (provider, device, inode)
) STRICT, WITHOUT ROWID;
CREATE INDEX checksum_computed ON checksum (computed_at);
