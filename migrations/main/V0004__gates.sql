-- Networks that are let in (1), judged by the defender list (2), not slowed down (3) or trusted (4).
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

-- What the defender's `provider` driver keeps over a restart: one row per host that is banned or was scored. `document`
-- has its score events (JSON); a ban has an end and a reason.
CREATE TABLE defender_host (
    ip           TEXT PRIMARY KEY,
    banned_until INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    document     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
