-- The main database of schema 4, with the user ingrid, as a program of that schema left it.
PRAGMA application_id = 1162761298;
PRAGMA journal_mode = WAL;
BEGIN TRANSACTION;
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
CREATE TABLE admin_group (
    admin_id        INTEGER NOT NULL REFERENCES admin (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    group_id        INTEGER NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
    add_to_users_as INTEGER NOT NULL,
    PRIMARY KEY (admin_id, position)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE defender_host (
    ip           TEXT PRIMARY KEY,
    banned_until INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    document     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE event_action (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    type        INTEGER NOT NULL,
    document    TEXT NOT NULL
) STRICT;
CREATE TABLE event_rule (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
    status        INTEGER NOT NULL,
    trigger_type  INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    document      TEXT NOT NULL
) STRICT;
CREATE TABLE event_rule_action (
    rule_id                     INTEGER NOT NULL REFERENCES event_rule (id) ON DELETE CASCADE,
    execution_order             INTEGER NOT NULL,
    action_id                   INTEGER NOT NULL REFERENCES event_action (id),
    is_failure_action           INTEGER NOT NULL,
    stop_on_failure             INTEGER NOT NULL,
    execute_sync                INTEGER NOT NULL,
    execute_before_file_publish INTEGER NOT NULL,
    PRIMARY KEY (rule_id, execution_order)
) STRICT, WITHOUT ROWID;
CREATE TABLE folder_usage (
    folder_id         INTEGER PRIMARY KEY REFERENCES virtual_folder (id) ON DELETE CASCADE,
    used_quota_size   INTEGER NOT NULL DEFAULT 0,
    used_quota_files  INTEGER NOT NULL DEFAULT 0,
    last_quota_update INTEGER NOT NULL DEFAULT 0
) STRICT;
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
CREATE TABLE ip_list_entry (
    type        INTEGER NOT NULL CHECK (type BETWEEN 1 AND 4),
    ipornet     TEXT NOT NULL,
    mode        INTEGER NOT NULL,
    protocols   INTEGER NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (type, ipornet)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    payload  TEXT NOT NULL
) STRICT;
CREATE TABLE refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));
INSERT INTO "refinery_schema_history" VALUES(1,'accounts_and_transfers','2026-11-25T19:15:53.529538717Z','2741532978869918476');
INSERT INTO "refinery_schema_history" VALUES(2,'api_keys','2026-11-25T19:15:53.529576868Z','158366926410693467');
INSERT INTO "refinery_schema_history" VALUES(3,'event_rules','2026-11-25T19:15:53.529581056Z','11578675090557259386');
INSERT INTO "refinery_schema_history" VALUES(4,'gates','2026-11-25T19:15:53.529584894Z','5454584085340595944');
CREATE TABLE revoked_token (
    jti        TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE role (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE TABLE secret_key (
    kid        TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL,
    sealed     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE setup_token (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    hash       BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
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
CREATE TABLE upload_journal (
    number INTEGER NOT NULL
) STRICT;
INSERT INTO "upload_journal" VALUES(0);
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
INSERT INTO "user_account" VALUES(1,'ingrid',1,NULL,'',0,1795634168274,1795634168274,1795634168274,'$argon2id$v=19$m=19456,t=2,p=1$REy8J3wXFZr4fqUuVbEOtg$5ACqxWjzrPdmfCnRFfPTwx0J7jY1bi7BSQD4HX7j2Sc','{"download_bandwidth":0,"download_data_transfer":0,"filesystem":{"provider":0},"filters":{"allowed_ip":[],"denied_ip":[],"denied_login_methods":[],"denied_protocols":[],"file_patterns":[]},"gid":0,"home_dir":"/srv/import/ingrid","max_sessions":0,"permissions":{"/":["*"]},"public_keys":[],"quota_files":12,"quota_size":100000,"total_data_transfer":0,"uid":0,"upload_bandwidth":0,"upload_data_transfer":0}');
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
CREATE TABLE user_group (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    document    TEXT NOT NULL
) STRICT;
CREATE TABLE user_group_member (
    user_id  INTEGER NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    group_id INTEGER NOT NULL REFERENCES user_group (id),
    type     INTEGER NOT NULL,
    PRIMARY KEY (user_id, position)
) STRICT, WITHOUT ROWID;
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
INSERT INTO "user_usage" VALUES(1,0,0,0,0,0,0,0,0);
CREATE TABLE virtual_folder (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    document    TEXT NOT NULL
) STRICT;
CREATE INDEX user_account_role ON user_account (role_id, name);
CREATE INDEX admin_role ON admin (role_id, name);
CREATE INDEX user_group_member_group ON user_group_member (group_id);
CREATE INDEX user_folder_folder ON user_folder (folder_id);
CREATE INDEX group_folder_folder ON group_folder (folder_id);
CREATE INDEX admin_group_group ON admin_group (group_id);
CREATE INDEX api_key_user ON api_key (user_id);
CREATE INDEX api_key_admin ON api_key (admin_id);
CREATE UNIQUE INDEX event_rule_action_action ON event_rule_action (action_id, rule_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('user_account',1);
COMMIT;
