"""Tables that older texts of metering/sql/0002_dimensions.sql made, and the present one does not."""

# Those of commit b045b05.
TAIL = """
    CREATE TABLE rollup_tail (
        tenant text COLLATE "C" NOT NULL,
        meter  text COLLATE "C" NOT NULL,
        bucket timestamptz      NOT NULL,
        totals json             NOT NULL,
        groups json             NOT NULL
    );
    CREATE INDEX rollup_tail_by_tenant ON rollup_tail (tenant, meter);
    CREATE TABLE rollup_tail_state (rows bigint NOT NULL, folded_to text COLLATE "C" NOT NULL);
    INSERT INTO rollup_tail_state VALUES (0, '');
"""
# Those of its first text, at commit 26dbc83.
FIRST = """
    DROP TABLE distinct_day;
    CREATE TABLE distinct_minute (
        tenant text COLLATE "C" NOT NULL, meter text COLLATE "C" NOT NULL,
        bucket timestamptz NOT NULL, key uuid NOT NULL, value text COLLATE "C" NOT NULL,
        PRIMARY KEY (tenant, meter, bucket, key, value)
    );
    CREATE TABLE distinct_hour (LIKE distinct_minute INCLUDING ALL);
    CREATE TABLE distinct_day (LIKE distinct_minute INCLUDING ALL);
"""
