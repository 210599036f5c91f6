-- A row of event_batch may stand for older ones, too: for all numbers from this one to its own.
ALTER TABLE event_batch $on_cluster
    ADD COLUMN IF NOT EXISTS covers_from SimpleAggregateFunction(min, Int64) DEFAULT number;
