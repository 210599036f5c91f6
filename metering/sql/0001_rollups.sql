-- A meter's value for a workspace (its schema name) and a minute, an hour, a day (UTC): nothing but
-- a function of the raw events. `value` is the meter's aggregation, `count` the number of events.
-- Pages keep room, so that the frequent update of a bucket touches no index.
CREATE TABLE rollup_minute (
    tenant text        NOT NULL,
    meter  text        NOT NULL,
    bucket timestamptz NOT NULL,
    value  numeric     NOT NULL,
    count  bigint      NOT NULL,
    PRIMARY KEY (tenant, meter, bucket)
) WITH (fillfactor = 70);

CREATE TABLE rollup_hour (LIKE rollup_minute INCLUDING ALL) WITH (fillfactor = 70);
CREATE TABLE rollup_day (LIKE rollup_minute INCLUDING ALL) WITH (fillfactor = 70);
