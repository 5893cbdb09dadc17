-- The link with which a user may set a password, once: the last one that was made, and gone with the user. `id` is that of
-- the signed token in the link.
CREATE TABLE invitation (
    user_id INTEGER PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    id      TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
