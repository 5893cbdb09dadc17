-- Two values that are both common and seldom meet (renames over WebDAV): an index of one of them alone would be read to its
-- end.
CREATE INDEX fs_event_action_protocol ON fs_event (action, protocol, timestamp);
CREATE INDEX provider_event_type_action ON provider_event (object_type, action, timestamp);
CREATE INDEX log_event_event_protocol ON log_event (event, protocol, timestamp);
