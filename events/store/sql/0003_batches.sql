-- Which batch brought an event: readers follow the log in the order of these numbers. 0 is for what
-- was stored before there were numbers. The index is small: all events of a batch have one key.
ALTER TABLE event ADD COLUMN batch bigint NOT NULL DEFAULT 0;
CREATE INDEX event_by_batch ON event (batch);

-- Begins with 0, which is taken at once: last_value is always a number that was given.
CREATE SEQUENCE event_batch_number MINVALUE 0;
SELECT nextval('event_batch_number');

-- Where the events of a batch are. Old rows are put together, and then one stands for all numbers
-- after that of the row before it (see batch_order.py). A negative number is a day of batch 0.
CREATE TABLE event_batch (
    number     bigint      PRIMARY KEY,
    first_time timestamptz NOT NULL,
    last_time  timestamptz NOT NULL,
    events     bigint      NOT NULL,
    stored_at  timestamptz NOT NULL DEFAULT now() -- when its transaction began
);
CREATE INDEX event_batch_by_age ON event_batch (stored_at);

-- Days that were stored or archived before: one after the other, all before the first number.
INSERT INTO event_batch (number, first_time, last_time, events, stored_at)
SELECT day - date '9999-12-31', day::timestamp AT TIME ZONE 'UTC',
       (day + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 microsecond', sum(events),
       least(now(), (day + 1)::timestamp AT TIME ZONE 'UTC')
FROM (
    SELECT to_date(substring(relname FROM 7), 'YYYYMMDD') AS day, greatest(reltuples, 1)::bigint AS events
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'event'::regclass AND pg_relation_size(pg_class.oid) > 0
    UNION ALL SELECT day, coalesce(rows, 1) FROM event_archive
) AS found
GROUP BY day;

-- Gives the next number to the calling transaction. Until this one has ended, a shared lock tells
-- readers that a number above the locked one is not finished: it is taken before the number is, so
-- there is no moment in which a number is given and not covered.
CREATE FUNCTION begin_event_batch(first timestamptz, last timestamptz, count bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
BEGIN
    SELECT last_value INTO given FROM event_batch_number;
    PERFORM pg_advisory_xact_lock_shared((x'706c67'::bigint << 40) | given);
    given := nextval('event_batch_number');
    INSERT INTO event_batch (number, first_time, last_time, events) VALUES (given, first, last, count);
    RETURN given;
END $$;

-- The number up to which every batch has been committed or given up. The sequence is read first:
-- who locks after we have looked gets a higher number than it says.
CREATE FUNCTION finished_event_batch() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
    held  bigint;
BEGIN
    SELECT last_value INTO given FROM event_batch_number;
    SELECT min(((classid::bigint << 32) | objid::bigint) & ((1::bigint << 40) - 1)) INTO held
    FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 8 = x'706c67'::bigint
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RETURN least(given, held);
END $$;
