-- 0002_dimensions.sql was edited after it had landed, so there are installations with other tables
-- under one name. From here on all have the same, whichever text they were made by.
--
-- A tail (rollup_tail) held what was added and not yet folded into the rollups. Nobody reads it any
-- more. It is not folded here: a rebuild may have counted the same events since. All of it is in the
-- raw events, so every meter is noted as not complete: `prepare` makes the rollups anew from these,
-- and until then answers come from raw events.
--
-- Before the tail, each grain had a table of distinct values, and a day's had no hours or no dims.
DO $$
DECLARE
    has_tail  boolean := to_regclass('rollup_tail') IS NOT NULL;
    is_older  boolean := (SELECT count(*) < 2 FROM pg_attribute
                          WHERE attrelid = to_regclass('distinct_day') AND NOT attisdropped
                                AND attname IN ('hours', 'dims'));
BEGIN
    IF is_older THEN
        DROP TABLE IF EXISTS distinct_day, distinct_minute, distinct_hour;
        CREATE TABLE distinct_day (
            tenant text COLLATE "C" NOT NULL,
            meter  text COLLATE "C" NOT NULL,
            bucket timestamptz      NOT NULL,
            value  text COLLATE "C" NOT NULL,
            key    uuid             NOT NULL,
            hours  integer          NOT NULL,
            dims   text[]           NOT NULL,
            PRIMARY KEY (tenant, meter, bucket, value, key)
        ) WITH (fillfactor = 85);
    END IF;
    IF has_tail OR is_older THEN
        DROP TABLE IF EXISTS rollup_tail, rollup_tail_state;
        UPDATE rollup_definition SET complete = false, changes = changes + 1;
    END IF;
END $$;
