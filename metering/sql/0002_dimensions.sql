-- Late events, latest values, breakdowns by dimension, distinct values, and by which definition a
-- meter's buckets were made. Text is compared byte by byte: that is faster, and one order for all.
ALTER TABLE rollup_minute
    ALTER tenant TYPE text COLLATE "C", ALTER meter TYPE text COLLATE "C",
    ADD late bigint NOT NULL DEFAULT 0, ADD at timestamptz, ADD event_id uuid;
ALTER TABLE rollup_hour
    ALTER tenant TYPE text COLLATE "C", ALTER meter TYPE text COLLATE "C",
    ADD late bigint NOT NULL DEFAULT 0, ADD at timestamptz, ADD event_id uuid;
ALTER TABLE rollup_day
    ALTER tenant TYPE text COLLATE "C", ALTER meter TYPE text COLLATE "C",
    ADD late bigint NOT NULL DEFAULT 0, ADD at timestamptz, ADD event_id uuid;

-- The same for each combination of the values of a meter's dimensions (`dims`, in the order of its
-- group_by). `key` is the start of SHA-256 over `dims`: an index entry has one size.
CREATE TABLE breakdown_hour (
    tenant   text COLLATE "C" NOT NULL,
    meter    text COLLATE "C" NOT NULL,
    bucket   timestamptz      NOT NULL,
    key      uuid             NOT NULL,
    dims     text[]           NOT NULL,
    value    numeric          NOT NULL,
    count    bigint           NOT NULL,
    late     bigint           NOT NULL,
    at       timestamptz,
    event_id uuid,
    PRIMARY KEY (tenant, meter, bucket, key)
) WITH (fillfactor = 70);
CREATE TABLE breakdown_day (LIKE breakdown_hour INCLUDING ALL) WITH (fillfactor = 70);

-- The values that a unique count has seen on a day (`bucket`), by breakdown (`key`; nil when the
-- meter has no dimensions), and in which of its hours: bit 0 is the first. Minutes are not kept.
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

-- `complete`: every bucket of the meter was made by this definition. `changes` counts how often
-- somebody added by another one.
CREATE TABLE rollup_definition (
    meter       text PRIMARY KEY,
    fingerprint text    NOT NULL,
    complete    boolean NOT NULL,
    changes     bigint  NOT NULL DEFAULT 0
);

-- What a property's value counts as: metering/values.py says the same.
CREATE FUNCTION metered_text(value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE jsonb_typeof(value)
        WHEN 'string' THEN value #>> '{}'
        WHEN 'boolean' THEN value #>> '{}'
        WHEN 'number' THEN trim_scale((value #>> '{}')::numeric)::text
    END
$$;

CREATE FUNCTION metered_number(value jsonb) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    said text := value #>> '{}';
    exact numeric;
BEGIN
    IF jsonb_typeof(value) = 'number' OR (jsonb_typeof(value) = 'string'
       AND said ~ '^[+-]?[0-9]{1,60}([.][0-9]{1,60})?([eE][+-]?[0-9]{1,3})?$') THEN
        exact := said::numeric;
        IF abs(exact) < 1e30 AND scale(trim_scale(exact)) <= 30 THEN
            RETURN exact;
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION metered_dimension(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN length(value) <= 200 THEN value
        ELSE left(value, 167) || '…#' || left(encode(sha256(convert_to(value, 'UTF8')), 'hex'), 32)
    END
$$;

CREATE FUNCTION metered_distinct(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN length(value) <= 64 THEN value
        ELSE '#' || encode(sha256(convert_to(value, 'UTF8')), 'hex')
    END
$$;

CREATE FUNCTION metered_key(dims text[]) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(encode(sha256(convert_to(
               string_agg(coalesce(length(dim) || ':' || dim, '-'), '' ORDER BY number), 'UTF8'
           )), 'hex'), 32)::uuid
    FROM unnest(dims) WITH ORDINALITY AS each (dim, number)
$$;
