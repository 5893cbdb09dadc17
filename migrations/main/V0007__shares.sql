-- `name` is the id of the contract, by which a share is found; what people call it is in the document.
-- Counters and times that change with each use have columns: the rest is not rewritten.
CREATE TABLE share (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
    user_id       INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    last_use_at   INTEGER NOT NULL DEFAULT 0,
    used_tokens   INTEGER NOT NULL DEFAULT 0,
    max_tokens    INTEGER NOT NULL,
    password_hash TEXT,
    document      TEXT NOT NULL
) STRICT;
CREATE INDEX share_user ON share (user_id, name);

CREATE TABLE share_group (
    share_id    INTEGER NOT NULL REFERENCES share (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    group_id    INTEGER NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
    permissions INTEGER NOT NULL,
    PRIMARY KEY (share_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX share_group_group ON share_group (group_id);
