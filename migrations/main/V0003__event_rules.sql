-- What event rules may do. `document` as everywhere: what has no column of its own, as JSON.
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

-- No cascade from the action: one that is in use cannot go.
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
CREATE UNIQUE INDEX event_rule_action_action ON event_rule_action (action_id, rule_id);
