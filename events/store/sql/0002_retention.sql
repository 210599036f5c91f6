-- An id is known for as long as an event of that age would be accepted, counted from when it was
-- stored: a retry may carry another time. Keys are written in the order of time, so that a BRIN
-- index of a few pages finds those that have become too old.
ALTER TABLE event_key DROP COLUMN time;
ALTER TABLE event_key ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX event_key_by_age ON event_key USING brin (stored_at);

-- Days whose raw events have left the log for a file. `rows` and `checksum` are NULL while the file
-- is being written: the rows are then in the table event_leaving_<day>_<part>.
CREATE TABLE event_archive (
    day         date        NOT NULL,
    part        integer     NOT NULL,  -- late events make a second one for the same day
    file        text        NOT NULL,
    rows        bigint,
    checksum    text,
    left_at     timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz,
    restored_at timestamptz,
    PRIMARY KEY (day, part)
);
