-- Whose an event is: a person's, or without one a browser's. The indexes have nothing of events of nobody.
-- Of days that exist already they are made one by one, without keeping anybody from writing
-- (day_indexes.py): ONLY takes no day along. A browser is found by a hash: that is a third of the size.
CREATE INDEX event_by_person ON ONLY event (person, time) WHERE person IS NOT NULL;
CREATE INDEX event_by_browser ON ONLY event (hashtextextended(anonymous_id, 0), time)
    WHERE person IS NULL AND anonymous_id IS NOT NULL;

-- On which days of a month (bit 0 is the first) somebody has events, here or in files: a timeline looks at
-- no others. `whose` is the hash of a person's or a browser's id: a day too many does no harm.
CREATE TABLE event_presence (
    whose bigint  NOT NULL,
    month date    NOT NULL,
    days  integer NOT NULL,
    PRIMARY KEY (whose, month)
) WITH (fillfactor = 85);

-- All days up to this one are in event_presence, but for those of event_presence_todo: days of before there
-- was that table, and those for which late events came. On others a timeline looks for everybody.
CREATE TABLE event_presence_through (day date NOT NULL);
INSERT INTO event_presence_through VALUES ((now() AT TIME ZONE 'UTC')::date - 3);
CREATE TABLE event_presence_todo (day date NOT NULL, batch bigint NOT NULL);
INSERT INTO event_presence_todo (day, batch)
SELECT to_date(substring(relname FROM 7), 'YYYYMMDD'), 0
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'event'::regclass AND pg_relation_size(pg_class.oid) > 0
UNION SELECT day, 0 FROM event_archive;

-- Ids in the place of those of people who are being made pseudonymous, until that has ended: who is
-- interrupted goes on with the same. `of` is SHA-256 of the id that goes.
CREATE TABLE event_pseudonym (of bytea PRIMARY KEY, id uuid NOT NULL);
