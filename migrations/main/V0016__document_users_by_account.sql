-- Who opened documents in an office server, now by account: gone with the user. Times are Unix milliseconds. Who holds a seat is
-- noted anew when a document is opened next.
DROP TABLE document_user;
CREATE TABLE document_user (
    user_id    INTEGER PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    first_used INTEGER NOT NULL,
    last_used  INTEGER NOT NULL
) STRICT;
