-- Uploads of a file in several requests. What has arrived is the partial of the same id in `upload_intent`; nothing of it,
-- and the upload stands at its beginning. They end with their account or share.
CREATE TABLE resumable_upload (
    id           TEXT PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    share_id     INTEGER REFERENCES share (id) ON DELETE CASCADE,
    virtual_path BLOB NOT NULL,
    length       INTEGER NOT NULL,
    metadata     TEXT NOT NULL,
    modified_at  INTEGER,
    completed    INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX resumable_upload_user ON resumable_upload (user_id, virtual_path);
CREATE INDEX resumable_upload_share ON resumable_upload (share_id);
CREATE INDEX resumable_upload_expiry ON resumable_upload (expires_at);
