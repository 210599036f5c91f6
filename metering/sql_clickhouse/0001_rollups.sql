-- A meter's value for a workspace (its schema name) and a minute, an hour, a day (UTC): nothing but
-- a function of the raw events. Parts of a bucket are merged by the table's own rules, so there is a
-- column for each way of merging, and a meter fills the one of its aggregation: `sum` (also of
-- counts), `max`, `latest` (time, id, value). A unique count has its values in distinct_*.
-- A rebuild replaces whole partitions. Reading adds up what is not merged yet.
CREATE TABLE IF NOT EXISTS rollup_minute $on_cluster (
    tenant String,
    meter  LowCardinality(String),
    bucket DateTime('UTC'),
    sum    SimpleAggregateFunction(sum, Decimal(76, 30)),
    max    SimpleAggregateFunction(max, Decimal(76, 30)),
    latest SimpleAggregateFunction(max, Tuple(DateTime64(6, 'UTC'), String, Decimal(76, 30))),
    count  SimpleAggregateFunction(sum, UInt64),
    late   SimpleAggregateFunction(sum, UInt64),
    batch  SimpleAggregateFunction(max, UInt64)
) ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMMDD(bucket)
ORDER BY (tenant, meter, bucket)
SETTINGS $durable;

CREATE TABLE IF NOT EXISTS rollup_hour $on_cluster AS rollup_minute
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMMDD(bucket)
ORDER BY (tenant, meter, bucket)
SETTINGS $durable;

CREATE TABLE IF NOT EXISTS rollup_day $on_cluster AS rollup_minute
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (tenant, meter, bucket)
SETTINGS $durable;

-- The same for each combination of the values of a meter's dimensions (`dims`, in the order of its
-- group_by). `key` is the start of SHA-256 over `dims`.
CREATE TABLE IF NOT EXISTS breakdown_hour $on_cluster (
    tenant String,
    meter  LowCardinality(String),
    bucket DateTime('UTC'),
    key    UUID,
    dims   SimpleAggregateFunction(any, Array(Nullable(String))),
    sum    SimpleAggregateFunction(sum, Decimal(76, 30)),
    max    SimpleAggregateFunction(max, Decimal(76, 30)),
    latest SimpleAggregateFunction(max, Tuple(DateTime64(6, 'UTC'), String, Decimal(76, 30))),
    count  SimpleAggregateFunction(sum, UInt64),
    late   SimpleAggregateFunction(sum, UInt64),
    batch  SimpleAggregateFunction(max, UInt64)
) ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMMDD(bucket)
ORDER BY (tenant, meter, bucket, key)
SETTINGS $durable;

CREATE TABLE IF NOT EXISTS breakdown_day $on_cluster AS breakdown_hour
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (tenant, meter, bucket, key)
SETTINGS $durable;

-- The values that a unique count has seen; `key` is that of the breakdown, or nil for the total.
CREATE TABLE IF NOT EXISTS distinct_minute $on_cluster (
    tenant String,
    meter  LowCardinality(String),
    bucket DateTime('UTC'),
    key    UUID,
    value  String,
    dims   SimpleAggregateFunction(any, Array(Nullable(String))),
    batch  SimpleAggregateFunction(max, UInt64)
) ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMMDD(bucket)
ORDER BY (tenant, meter, bucket, key, value)
SETTINGS $durable;

CREATE TABLE IF NOT EXISTS distinct_hour $on_cluster AS distinct_minute
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMMDD(bucket)
ORDER BY (tenant, meter, bucket, key, value)
SETTINGS $durable;

CREATE TABLE IF NOT EXISTS distinct_day $on_cluster AS distinct_minute
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (tenant, meter, bucket, key, value)
SETTINGS $durable;

-- `complete`: every bucket of the meter was made by this definition. `changes` counts how often
-- somebody added by another one. The row with the highest version counts.
CREATE TABLE IF NOT EXISTS rollup_definition $on_cluster (
    meter       String,
    fingerprint String,
    complete    Bool,
    changes     UInt64,
    is_gone     Bool,
    version     UInt64,
    batch       UInt64
) ENGINE = ${replicated}ReplacingMergeTree(version)
ORDER BY meter
SETTINGS $durable;
