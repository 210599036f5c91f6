-- 0001_events.sql was edited after it had landed: at first, an event without an anonymous id had an
-- empty one. Where the column is as it is now, nothing happens here.
ALTER TABLE event $on_cluster MODIFY COLUMN anonymous_id Nullable(String);
ALTER TABLE event_leaving $on_cluster MODIFY COLUMN anonymous_id Nullable(String);
