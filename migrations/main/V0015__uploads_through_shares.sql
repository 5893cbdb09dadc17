-- The share through which an upload comes: should it end with the process, the next start gives its use back (API-190).
ALTER TABLE upload_intent ADD COLUMN share TEXT NOT NULL DEFAULT '';
