"""A spool becomes empty again by those who write to it; at their end, others find what waits."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection

import events
from events.models import OutboxEvent
from events.transport import attending, left
from events.transport.attending import Attendant
from events.transport.spool import get_spool

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def outage(settings: SimpleNamespace) -> Callable[[bool], None]:
    """`outage(True)`: nobody listens where Redis was."""
    real = settings.REDIS_URL

    def switch(is_on: bool) -> None:
        settings.REDIS_URL = NOBODY if is_on else real

    return switch


@pytest.fixture
def machine(settings: SimpleNamespace, tmp_path: Path) -> Callable[[str], None]:
    """`machine("a")`: go on as a process of this machine, with a disk of its own."""

    def enter(name: str) -> None:
        settings.EVENTS_SPOOL_DIR = tmp_path / name / "spool"

    return enter


def record(count: int) -> list[object]:
    return [events.record("Door Opened", properties={"floor": n}) for n in range(count)]


def until(check: Callable[[], object], *, seconds: float = 60.0) -> None:
    give_up_at = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def is_alone(attendant: Attendant) -> bool:
    return attendant._thread is None


def test_a_machine_delivers_its_own_spool_when_the_stream_is_back(
    log, empty_outbox, outage, machine, monkeypatch
) -> None:
    attendant = Attendant()
    attendant.attend()
    monkeypatch.setattr(attending, "wake", attendant.wake)
    machine("web")
    outage(True)
    recorded = record(7)
    assert get_spool().size() > 0
    assert not is_alone(attendant)
    outage(False)
    until(lambda: is_alone(attendant))
    assert get_spool().files() == []
    machine("consumer")  # which sees nothing of the other's disk
    log.settle()
    assert log.ids() == sorted(recorded)
    assert attendant.leave() == 0


def test_without_an_outage_there_is_no_thread(log, empty_outbox, machine) -> None:
    attendant = Attendant()
    machine("web")
    attendant.attend()
    record(3)
    attendant.wake()
    assert is_alone(attendant)


def test_what_a_killed_process_left_is_delivered_by_the_next_one_there(
    log, empty_outbox, outage, machine
) -> None:
    machine("web")
    outage(True)
    recorded = record(3)
    outage(False)
    attendant = Attendant()
    attendant.attend()
    until(lambda: is_alone(attendant))
    log.settle()
    assert log.ids() == sorted(recorded)


def end_of_a_machine(machine, outage, count: int = 9) -> list[object]:
    machine("web")
    outage(True)
    recorded = record(count)
    attendant = Attendant()
    attendant.attend()
    assert attendant.leave(seconds=30) == count
    assert get_spool().files() == []
    outage(False)
    machine("consumer")
    return recorded


def test_a_machine_that_ends_in_an_outage_leaves_its_events_in_the_outbox(
    log, empty_outbox, outage, machine
) -> None:
    recorded = end_of_a_machine(machine, outage)
    assert OutboxEvent.objects.count() == 9
    log.settle()
    assert log.ids() == sorted(recorded)
    assert not OutboxEvent.objects.exists()


@pytest.mark.thorough
def test_with_a_bucket_it_leaves_them_there_and_one_consumer_of_two_stores_them(
    log,
    empty_outbox,
    outage,
    machine,
    in_bucket,
    object_store,
) -> None:
    recorded = end_of_a_machine(machine, outage)
    assert not OutboxEvent.objects.exists()
    assert len(object_store.keys(in_bucket.folder("spool"))) == 1
    moved = [log.consumer("one").step(), log.consumer("two").step()]
    assert sorted(moved) == [0, 9]
    assert log.ids() == sorted(recorded)
    assert object_store.keys(in_bucket.folder("spool")) == []


@pytest.mark.thorough
def test_a_consumer_that_dies_before_it_removes_them_stores_them_once(
    log,
    empty_outbox,
    outage,
    machine,
    in_bucket,
) -> None:
    recorded = end_of_a_machine(machine, outage)
    consumer = log.consumer("dies")

    class Killed(Exception):
        pass

    def store_and_die(lines: list[bytes]) -> None:
        consumer._store_lines(lines, source="spool")
        raise Killed

    with pytest.raises(Killed):
        left.take(store_and_die)
    log.settle()
    assert log.ids() == sorted(recorded)


def test_when_the_bucket_is_away_too_they_go_into_the_outbox(
    log, empty_outbox, outage, machine, settings
) -> None:
    from plg_site.configuration.storages import Bucket, storages

    nobody = Bucket(name="nobody", region="us-east-1", endpoint="http://127.0.0.1:1",
                    access_key="a", secret_key="b")  # fmt: skip
    settings.STORAGES = storages(nobody, state=Path("/nowhere"), static="x")
    recorded = end_of_a_machine(machine, outage)
    assert OutboxEvent.objects.count() == 9
    settings.STORAGES = storages(None, state=Path("/nowhere"), static="x")
    log.settle()
    assert log.ids() == sorted(recorded)


def test_what_nobody_takes_stays_on_the_disk(log, outage, machine, django_db_blocker) -> None:
    """No database, no bucket, no Redis: the next process there has it."""
    machine("web")
    outage(True)
    recorded = record(4)
    attendant = Attendant()
    attendant.attend()
    with django_db_blocker.block(), pytest.raises(RuntimeError):  # pytest's word for: no database
        attendant.leave(seconds=30)
    assert get_spool().size() > 0
    outage(False)
    next_one = Attendant()
    next_one.attend()
    until(lambda: is_alone(next_one))
    assert len(recorded) == 4
    assert get_spool().files() == []


def test_half_a_line_of_a_crash_is_a_dead_letter_and_keeps_nothing_else_back(
    log, empty_outbox, outage, machine
) -> None:
    machine("web")
    outage(True)
    recorded = record(2)
    with get_spool().files()[0].open("ab") as file:
        file.write(b'{"id":"\xff\x00')
    Attendant().leave(seconds=30)
    outage(False)
    log.settle()
    assert log.ids() == sorted(recorded)
    assert len(log.dead()) == 1
    assert os.listdir(get_spool()._folder) == []
    connection.close()
