-- Who opened documents in an office server, for a limit on the number of such users; gone with the user. Times are Unix
-- milliseconds.
CREATE TABLE document_user (
    user_id    INTEGER PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    first_used INTEGER NOT NULL,
    last_used  INTEGER NOT NULL
) STRICT;
