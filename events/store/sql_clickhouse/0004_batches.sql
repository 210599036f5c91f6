-- Where the events of a batch are. A row comes after all raw rows of its batch: what is named here
-- can be read whole, and every lower number, too (one process writes at a time). Read it grouped.
CREATE TABLE IF NOT EXISTS event_batch $on_cluster (
    number     Int64,
    first_time SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_time  SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    events     SimpleAggregateFunction(max, UInt64),
    stored_at  SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    batch      SimpleAggregateFunction(max, UInt64)
) ENGINE = ${replicated}AggregatingMergeTree
ORDER BY number
SETTINGS $durable;

-- Batches that were stored before: those whose keys are in are whole.
INSERT INTO event_batch (number, first_time, last_time, events, stored_at, batch)
SELECT toInt64(batch), min(time), max(time), count(), max(received_at), batch FROM event
WHERE batch > 0 AND batch <= (SELECT max(event_key.batch) FROM event_key) GROUP BY batch;

-- Days that were archived before: their files say no batch. They come first, one after the other.
INSERT INTO event_batch (number, first_time, last_time, events, stored_at, batch)
SELECT toInt64(dateDiff('day', toDate32('2299-12-31'), toDate32(day))), toDateTime64(day, 6, 'UTC'),
       toDateTime64(day, 6, 'UTC') + toIntervalMicrosecond(86399999999), sum(rows),
       toDateTime64(day, 3, 'UTC'), 0
FROM event_archive FINAL GROUP BY day;
