-- Every event, once. `batch` is the number of the writer's batch that brought it (events/store/clickhouse.py).
-- A partition a day, as retention drops days; the order answers "a workspace, an event, a span of time".
CREATE TABLE IF NOT EXISTS event $on_cluster (
    id           UUID,
    name         LowCardinality(String),
    time         DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    received_at  DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
    tenant       String,
    person       Nullable(UUID),
    anonymous_id Nullable(String),
    properties   String CODEC(ZSTD),
    context      String CODEC(ZSTD),
    batch        UInt64 CODEC(Delta, ZSTD),
    INDEX batch_range batch TYPE minmax GRANULARITY 1
) ENGINE = ${replicated}MergeTree
PARTITION BY toDate(time)
ORDER BY (tenant, name, time)
SETTINGS $durable;

-- Which ids are stored, in their order as bytes: UUIDv7 ids lie together at the end. Small granules
-- and blocks, because ids from other sources are random and each is a look-up of its own.
CREATE TABLE IF NOT EXISTS event_key $on_cluster (
    id    FixedString(16),
    month UInt32, -- in which we were told: older ones than any retry may be are dropped
    batch UInt64 CODEC(Delta, ZSTD)
) ENGINE = ${replicated}MergeTree
PARTITION BY month
ORDER BY id
SETTINGS index_granularity = 256, min_compress_block_size = 4096, max_compress_block_size = 16384,
    $durable;

-- How far each reader has come: the last stream entry it stored. Read it with FINAL.
CREATE TABLE IF NOT EXISTS event_reader $on_cluster (
    reader   String,
    position SimpleAggregateFunction(anyLast, String),
    events   SimpleAggregateFunction(sum, UInt64),
    moved_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    batch    SimpleAggregateFunction(max, UInt64)
) ENGINE = ${replicated}AggregatingMergeTree
ORDER BY reader
SETTINGS $durable;
