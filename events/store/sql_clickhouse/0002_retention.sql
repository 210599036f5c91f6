-- Raw rows on their way into a file: a day's partition is moved here at once.
CREATE TABLE IF NOT EXISTS event_leaving $on_cluster AS event
ENGINE = ${replicated}MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, name, time)
SETTINGS $durable;

-- The files. The row with the highest version counts.
CREATE TABLE IF NOT EXISTS event_archive $on_cluster (
    day         Date,
    part        UInt32,
    file        String,
    rows        UInt64,
    checksum    String,
    archived_at Nullable(DateTime64(3, 'UTC')),
    restored_at Nullable(DateTime64(3, 'UTC')),
    version     UInt64
) ENGINE = ${replicated}ReplacingMergeTree(version)
ORDER BY (day, part)
SETTINGS $durable;
