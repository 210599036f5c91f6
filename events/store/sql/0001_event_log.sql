-- Every event, once. One partition a day, made by the consumer before it is needed.
CREATE TABLE event (
    id           uuid        NOT NULL,
    name         text        NOT NULL,
    time         timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    tenant       text,
    person       uuid,
    anonymous_id text,
    properties   jsonb       NOT NULL,
    context      jsonb       NOT NULL
) PARTITION BY RANGE (time);

CREATE INDEX event_by_tenant ON event (tenant, time);

-- A unique index over the id alone is not possible on a table that is partitioned by time, and a
-- retry may carry another time: this table decides whether an event is new. UUIDv7 ids keep the
-- end of its index warm.
CREATE TABLE event_key (
    id   uuid        PRIMARY KEY,
    time timestamptz NOT NULL
);

-- How far each reader has come: the last stream entry it stored.
CREATE TABLE event_reader (
    reader   text        PRIMARY KEY,
    position text        NOT NULL,
    events   bigint      NOT NULL,
    moved_at timestamptz NOT NULL
);
