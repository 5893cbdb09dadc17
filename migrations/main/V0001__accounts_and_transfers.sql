-- The header of the file says whose database it is ("ENTR").
PRAGMA application_id = 1162761298;

CREATE TABLE role (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

-- Everything of an object that has no column of its own is in `document` (JSON). Columns are what is searched,
-- sorted, joined, or changed without the rest.
CREATE TABLE virtual_folder (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    document    TEXT NOT NULL
) STRICT;

-- Counters have rows of their own: they change with every transfer, and a row is always rewritten as a whole.
CREATE TABLE folder_usage (
    folder_id         INTEGER PRIMARY KEY REFERENCES virtual_folder (id) ON DELETE CASCADE,
    used_quota_size   INTEGER NOT NULL DEFAULT 0,
    used_quota_files  INTEGER NOT NULL DEFAULT 0,
    last_quota_update INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE user_group (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    document    TEXT NOT NULL
) STRICT;

CREATE TABLE user_account (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    name                 TEXT NOT NULL UNIQUE,
    status               INTEGER NOT NULL,
    role_id              INTEGER REFERENCES role (id),
    email                TEXT NOT NULL,
    expiration_date      INTEGER NOT NULL,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    last_password_change INTEGER NOT NULL,
    password_hash        TEXT,
    document             TEXT NOT NULL
) STRICT;
CREATE INDEX user_account_role ON user_account (role_id, name);

CREATE TABLE user_usage (
    user_id                     INTEGER PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    used_quota_size             INTEGER NOT NULL DEFAULT 0,
    used_quota_files            INTEGER NOT NULL DEFAULT 0,
    last_quota_update           INTEGER NOT NULL DEFAULT 0,
    used_upload_data_transfer   INTEGER NOT NULL DEFAULT 0,
    used_download_data_transfer INTEGER NOT NULL DEFAULT 0,
    last_login                  INTEGER NOT NULL DEFAULT 0,
    first_upload                INTEGER NOT NULL DEFAULT 0,
    first_download              INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE admin (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
    status        INTEGER NOT NULL,
    role_id       INTEGER REFERENCES role (id),
    email         TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    last_login    INTEGER NOT NULL,
    password_hash TEXT,
    document      TEXT NOT NULL
) STRICT;
CREATE INDEX admin_role ON admin (role_id, name);

-- Relations keep the order in which they were saved.
CREATE TABLE user_group_member (
    user_id  INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    group_id INTEGER NOT NULL REFERENCES user_group (id),
    type     INTEGER NOT NULL,
    PRIMARY KEY (user_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_group_member_group ON user_group_member (group_id);

CREATE TABLE user_folder (
    user_id      INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    folder_id    INTEGER NOT NULL REFERENCES virtual_folder (id) ON DELETE CASCADE,
    virtual_path TEXT NOT NULL,
    subpath      TEXT NOT NULL,
    quota_size   INTEGER NOT NULL,
    quota_files  INTEGER NOT NULL,
    PRIMARY KEY (user_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_folder_folder ON user_folder (folder_id);

CREATE TABLE group_folder (
    group_id     INTEGER NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    folder_id    INTEGER NOT NULL REFERENCES virtual_folder (id) ON DELETE CASCADE,
    virtual_path TEXT NOT NULL,
    subpath      TEXT NOT NULL,
    quota_size   INTEGER NOT NULL,
    quota_files  INTEGER NOT NULL,
    PRIMARY KEY (group_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_folder_folder ON group_folder (folder_id);

CREATE TABLE admin_group (
    admin_id        INTEGER NOT NULL REFERENCES admin (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    group_id        INTEGER NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
    add_to_users_as INTEGER NOT NULL,
    PRIMARY KEY (admin_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX admin_group_group ON admin_group (group_id);

-- An upload that has begun and is not settled; `folder` is empty for the user's own storage. Names, not ids: an
-- intent outlives the deletion of its user, so that what lies on disk is still found.
CREATE TABLE upload_intent (
    id            TEXT PRIMARY KEY,
    username      TEXT NOT NULL,
    folder        TEXT NOT NULL,
    backend_path  BLOB NOT NULL,
    virtual_path  BLOB NOT NULL,
    size          INTEGER NOT NULL,
    charged_size  INTEGER NOT NULL,
    charged_files INTEGER NOT NULL,
    replaced_size INTEGER,
    state         INTEGER NOT NULL,
    token         BLOB NOT NULL,
    protocol      TEXT NOT NULL,
    ip            TEXT NOT NULL,
    session_id    TEXT NOT NULL,
    device        INTEGER,
    inode         INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- No further index: the rows are few, and each upload writes one.

-- Events on their way to the events database.
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    payload  TEXT NOT NULL
) STRICT;

CREATE TABLE setting (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_key (
    kid        TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL,
    sealed     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE setup_token (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    hash       BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Tokens that were logged out, until they would have expired anyway. Times in Unix seconds, as in the tokens.
CREATE TABLE revoked_token (
    jti        TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Number of the last line of the upload journal that is in `upload_intent`, or was.
CREATE TABLE upload_journal (
    number INTEGER NOT NULL
) STRICT;
INSERT INTO upload_journal (number) VALUES (0);
