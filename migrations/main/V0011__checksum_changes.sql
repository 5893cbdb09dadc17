-- A file that was changed and got its old time back is told from what it was by the time of its last change of any kind.
DELETE FROM checksum;
ALTER TABLE checksum ADD COLUMN changed_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE checksum ADD COLUMN changed_nanoseconds INTEGER NOT NULL DEFAULT 0;
