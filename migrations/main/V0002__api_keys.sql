-- What programs show in place of a token. A key that is bound to an account goes with it.
CREATE TABLE api_key (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    key_hash    TEXT NOT NULL,
    scope       INTEGER NOT NULL,
    description TEXT NOT NULL,
    user_id     INTEGER REFERENCES user_account (id) ON DELETE CASCADE,
    admin_id    INTEGER REFERENCES admin (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    last_use_at INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_key_user ON api_key (user_id);
CREATE INDEX api_key_admin ON api_key (admin_id);
