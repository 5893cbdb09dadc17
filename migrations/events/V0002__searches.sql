-- Every filter has an index that ends with the time. Those of columns that are mostly empty hold only the rows that are
-- not: they cost nothing where the column is not used.
CREATE INDEX fs_event_status ON fs_event (status, timestamp) WHERE status <> 1;
CREATE INDEX fs_event_role ON fs_event (role, timestamp) WHERE role <> '';
CREATE INDEX fs_event_ssh_cmd ON fs_event (ssh_cmd, timestamp) WHERE ssh_cmd <> '';
CREATE INDEX fs_event_provider ON fs_event (fs_provider, timestamp) WHERE fs_provider <> 0;
CREATE INDEX fs_event_bucket ON fs_event (bucket, timestamp) WHERE bucket <> '';
CREATE INDEX fs_event_endpoint ON fs_event (endpoint, timestamp) WHERE endpoint <> '';
CREATE INDEX fs_event_instance ON fs_event (instance_id, timestamp) WHERE instance_id <> '';

CREATE INDEX provider_event_role ON provider_event (role, timestamp) WHERE role <> '';
CREATE INDEX provider_event_object_role ON provider_event (object_role, timestamp) WHERE object_role <> '';
CREATE INDEX provider_event_instance ON provider_event (instance_id, timestamp) WHERE instance_id <> '';

CREATE INDEX log_event_role ON log_event (role, timestamp) WHERE role <> '';
CREATE INDEX log_event_instance ON log_event (instance_id, timestamp) WHERE instance_id <> '';
