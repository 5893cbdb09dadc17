-- Keys by which SSH clients know the server, private halves sealed. The order is that in which they are preferred: of each
-- type the first one is shown.
CREATE TABLE host_key (
    id         TEXT PRIMARY KEY,
    position   INTEGER NOT NULL,
    public_key TEXT NOT NULL,
    sealed     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX host_key_position ON host_key (position);

-- The certificate that services without files of their own show, its key sealed. `protocols` are bits: 1 HTTPS, 2 FTPS,
-- 4 WebDAV.
CREATE TABLE server_certificate (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    chain      TEXT NOT NULL,
    sealed_key TEXT NOT NULL,
    protocols  INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
