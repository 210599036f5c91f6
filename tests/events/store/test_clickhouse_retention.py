"""Days leave ClickHouse for a file, and no step of it is one transaction with the next."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.store import archive, maintenance, shelf
from events.store.clickhouse.retention import ClickHouseRetention
from tests.events.log import an_event
from tests.forked import killed_in

pytestmark = [
    pytest.mark.parametrize("store_kind", ["clickhouse"], indirect=True),
    pytest.mark.thorough,
]
NOW = datetime.now(UTC).replace(hour=12)


class Killed(ClickHouseRetention):
    """Dies at a step."""

    step = ""

    def __getattribute__(self, name):
        if name == object.__getattribute__(self, "step"):
            os.kill(os.getpid(), signal.SIGKILL)
        return object.__getattribute__(self, name)


@pytest.mark.parametrize("step", ["_move_aside", "finish", "_rows", "drop", "after the drop"])
def test_an_archiving_killed_at_any_step_loses_nothing_and_the_next_finishes(
    log, settings, tmp_path, step
):
    settings.EVENTS_RETENTION_DAYS = 30
    settings.EVENTS_ARCHIVE_DIR = tmp_path / "archive"
    old = [an_event(time=NOW - timedelta(days=60), floor=n) for n in range(3)]
    log.store.append([*old, an_event()])
    _die_at(log, step)
    log.redis.delete(f"{{{settings.EVENTS_STREAM}}}:store")  # else we wait for its lease
    [file] = maintenance.run(now=NOW)
    archived = {row[0] for chunk in archive.read(Path(file)) for row in chunk}
    assert archived == {event.id.hex for event in old}
    assert len(log.ids()) == 1
    assert log.count("event_leaving") == 0
    assert log.store.append([*old, an_event()]).new == 1
    assert maintenance.run(now=NOW) == []


def _die_at(log, step):
    class AfterTheDrop(Killed):
        def drop(self, day):
            super().drop(day)
            os.kill(os.getpid(), signal.SIGKILL)

    def archiving():
        Killed.step = step
        kind = AfterTheDrop if step == "after the drop" else Killed
        kind(log.store, shelf.chosen()).drop_before(maintenance.keeps_from(NOW))

    killed_in(archiving)
