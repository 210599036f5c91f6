-- Whose an event is: in which parts of a day there is anything of a person, or of a browser.
ALTER TABLE event $on_cluster ADD INDEX IF NOT EXISTS by_person person TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE event $on_cluster ADD INDEX IF NOT EXISTS by_browser anonymous_id TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE event_leaving $on_cluster ADD INDEX IF NOT EXISTS by_person person TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE event_leaving $on_cluster ADD INDEX IF NOT EXISTS by_browser anonymous_id TYPE bloom_filter(0.01) GRANULARITY 1;

-- On which days of a month (bit 0 is the first) somebody has events, here or in files: a timeline looks at
-- no others. `whose` is the hash of a person's or a browser's id: a day too many does no harm.
CREATE TABLE IF NOT EXISTS event_presence $on_cluster (
    id    String EPHEMERAL,
    whose UInt64 DEFAULT sipHash64(id),
    month Date,
    days  SimpleAggregateFunction(groupBitOr, UInt32),
    batch SimpleAggregateFunction(max, UInt64)
) ENGINE = ${replicated}AggregatingMergeTree
ORDER BY (whose, month)
SETTINGS index_granularity = 256, $durable;

INSERT INTO event_presence (whose, month, days, batch)
SELECT sipHash64(ifNull(toString(person), assumeNotNull(anonymous_id))) AS whose, toStartOfMonth(time) AS month,
       groupBitOr(bitShiftLeft(toUInt32(1), toDayOfMonth(time) - 1)), max(batch)
FROM (SELECT person, anonymous_id, time, batch FROM event
      UNION ALL SELECT person, anonymous_id, time, batch FROM event_leaving)
WHERE person IS NOT NULL OR anonymous_id IS NOT NULL GROUP BY whose, month;

-- Days that were archived before: on them a timeline looks for everybody, until their files are read.
CREATE TABLE IF NOT EXISTS event_presence_todo $on_cluster (day Date)
ENGINE = ${replicated}ReplacingMergeTree
ORDER BY day
SETTINGS $durable;
INSERT INTO event_presence_todo (day) SELECT DISTINCT day FROM event_archive;

-- In the background, for the days that are there.
ALTER TABLE event $on_cluster MATERIALIZE INDEX by_person;
ALTER TABLE event $on_cluster MATERIALIZE INDEX by_browser;

-- Ids in the place of those of people who are being made pseudonymous, until that has ended: who is
-- interrupted goes on with the same. `of` is SHA-256 of the id that goes.
CREATE TABLE IF NOT EXISTS event_pseudonym $on_cluster (of FixedString(32), id UUID)
ENGINE = ${replicated}ReplacingMergeTree
ORDER BY of
SETTINGS $durable;
