-- Who opened documents in an office server, for a limit on the number of such users. Times are Unix milliseconds.
CREATE TABLE document_user (
    username   TEXT PRIMARY KEY,
    first_used INTEGER NOT NULL,
    last_used  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
