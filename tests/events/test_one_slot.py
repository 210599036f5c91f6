"""Keys that one script or transaction touches lie in one slot of a cluster of Redis or Valkey: what it
asks of them is not refused there (docs/scaling.md says what else would be needed)."""

from __future__ import annotations

from redis.crc import key_slot

from events.redis import Keys
from metering.quotas import counters


def test_the_keys_of_a_log_lie_in_one_slot():
    keys = Keys("plg-events")
    names = [getattr(keys, name) for name, each in vars(Keys).items() if isinstance(each, property)]
    names += [keys.stream, keys.first("some key"), keys.gauge("threads")]
    assert len(names) > 8
    assert {key_slot(name.encode()) for name in names} == {key_slot(b"plg-events")}


def test_the_counters_of_a_workspace_lie_in_one_slot_and_workspaces_in_many():
    slots = []
    for number in range(20):
        schema = f"w_{number:016x}"
        names = [
            counters._limits_key(schema),
            counters._counter_key(schema, "clicks", "2026-11"),
            counters._counter_key(schema, "links", ""),
        ]
        [slot] = {key_slot(name.encode()) for name in names}
        slots.append(slot)
    assert len(set(slots)) > 10
