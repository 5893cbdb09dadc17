-- The header of the file says whose database it is ("ENTE").
PRAGMA application_id = 1162761285;

-- `sequence` is the order of insertion; `event_id` is what callers know, and what makes a second insertion of the
-- same event do nothing. Every filter index ends with the time, so that a page of the newest events is read in
-- order and stops when it is full.
CREATE TABLE fs_event (
    sequence            INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id            TEXT NOT NULL UNIQUE,
    timestamp           INTEGER NOT NULL,
    action              TEXT NOT NULL,
    username            TEXT NOT NULL,
    external_username   TEXT NOT NULL,
    fs_path             TEXT NOT NULL,
    fs_target_path      TEXT NOT NULL,
    virtual_path        TEXT NOT NULL,
    virtual_target_path TEXT NOT NULL,
    ssh_cmd             TEXT NOT NULL,
    file_size           INTEGER NOT NULL,
    elapsed             INTEGER NOT NULL,
    status              INTEGER NOT NULL,
    protocol            TEXT NOT NULL,
    ip                  TEXT NOT NULL,
    session_id          TEXT NOT NULL,
    fs_provider         INTEGER NOT NULL,
    bucket              TEXT NOT NULL,
    endpoint            TEXT NOT NULL,
    open_flags          TEXT NOT NULL,
    role                TEXT NOT NULL,
    instance_id         TEXT NOT NULL
) STRICT;
CREATE INDEX fs_event_time ON fs_event (timestamp);
CREATE INDEX fs_event_username ON fs_event (username, timestamp);
CREATE INDEX fs_event_action ON fs_event (action, timestamp);
CREATE INDEX fs_event_protocol ON fs_event (protocol, timestamp);
CREATE INDEX fs_event_ip ON fs_event (ip, timestamp);
CREATE INDEX fs_event_virtual_path ON fs_event (virtual_path, timestamp);
CREATE INDEX fs_event_session ON fs_event (session_id, timestamp);

-- `object_role` is the role of the object that was changed, `role` that of the administrator.
CREATE TABLE provider_event (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id    TEXT NOT NULL UNIQUE,
    timestamp   INTEGER NOT NULL,
    action      TEXT NOT NULL,
    username    TEXT NOT NULL,
    ip          TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_name TEXT NOT NULL,
    object_data TEXT NOT NULL,
    object_role TEXT NOT NULL,
    role        TEXT NOT NULL,
    instance_id TEXT NOT NULL
) STRICT;
CREATE INDEX provider_event_time ON provider_event (timestamp);
CREATE INDEX provider_event_username ON provider_event (username, timestamp);
CREATE INDEX provider_event_action ON provider_event (action, timestamp);
CREATE INDEX provider_event_ip ON provider_event (ip, timestamp);
CREATE INDEX provider_event_object ON provider_event (object_name, timestamp);
CREATE INDEX provider_event_type ON provider_event (object_type, timestamp);

CREATE TABLE log_event (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id    TEXT NOT NULL UNIQUE,
    timestamp   INTEGER NOT NULL,
    event       INTEGER NOT NULL,
    protocol    TEXT NOT NULL,
    username    TEXT NOT NULL,
    ip          TEXT NOT NULL,
    message     TEXT NOT NULL,
    role        TEXT NOT NULL,
    instance_id TEXT NOT NULL
) STRICT;
CREATE INDEX log_event_time ON log_event (timestamp);
CREATE INDEX log_event_username ON log_event (username, timestamp);
CREATE INDEX log_event_event ON log_event (event, timestamp);
CREATE INDEX log_event_protocol ON log_event (protocol, timestamp);
CREATE INDEX log_event_ip ON log_event (ip, timestamp);
