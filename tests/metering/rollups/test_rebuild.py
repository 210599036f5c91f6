"""A rebuild makes the same numbers from the raw events, whatever happens meanwhile."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from events.store import StoreUnavailable
from metering import Meter, checks
from metering.asking.query import Question, ask
from metering.definitions import fingerprint
from metering.rollups import rebuild, rollups, settling
from metering.rollups.partials import GRAINS
from metering.rollups.rebuild import CannotRebuild, Rebuild
from tests.events.log import both_stores
from tests.metering.parcels import METERS, NOON, define, parcels_sent, sent

law = hypothesis_settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
KEYS = [meter.key for meter in METERS]
DAY = 86400
TABLES = [
    "rollup_minute",
    "rollup_hour",
    "rollup_day",
    "breakdown_hour",
    "breakdown_day",
    "distinct_day",
]


def everything(meters=METERS):
    return [rollups().stored(grain=grain, meters=meters) for grain in GRAINS]


def recounted():
    kept = [m for m in METERS if m.aggregation != "unique"]
    return [
        rollups().recount(grain=grain, meters=kept if grain == "minute" else METERS)
        for grain in GRAINS
    ]


def rebuild_rollups(**options):
    told = StringIO()
    call_command("rebuild_rollups", stdout=told, stderr=told, **options)
    return told.getvalue()


def lose(log, tables):
    """As if rollups had been damaged."""
    with log.store.connection() as connection:
        for table in tables:
            if log.store.kind == "clickhouse":
                connection.command(f"TRUNCATE TABLE {table}")
            else:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608


@both_stores
@law
@given(arriving=parcels_sent())
def test_what_is_rebuilt_is_what_was_there(parcels, log, arriving):
    log.empty()
    log.store.append([sent(**each) for each in arriving])
    live = everything()
    rebuild_rollups(all=True)
    assert everything() == live
    lose(log, TABLES[1:])
    rebuild_rollups(all=True)
    assert everything() == live


@both_stores
def test_a_check_finds_what_differs_and_changes_nothing(parcels, log):
    log.store.append([sent(number=n, seconds=n * 7000, grams=n, to="Oslo") for n in range(1, 40)])
    assert "are what the raw events say" in rebuild_rollups(check=True)
    lose(log, ["rollup_hour"])
    with pytest.raises(CommandError, match="buckets are not what the raw events say"):
        rebuild_rollups(check=True)
    assert rollups().stored(grain="hour", meters=METERS) == {} or log.count("rollup_hour") == 0


@both_stores
def test_one_day_of_one_meter_of_one_workspace_is_rebuilt_alone(parcels, log):
    for tenant, number in (("w_acme", 1), ("w_globex", 2)):
        log.store.append(
            [
                sent(number=number * 10 + day, seconds=day * DAY, tenant=tenant, grams=1)
                for day in range(3)
            ]
        )
    lose(log, TABLES)
    second = (NOON + timedelta(days=1)).date()
    rebuild_rollups(
        meter=["grams"], since=second, until=second + timedelta(days=1), tenant="w_acme"
    )
    [bucket] = rollups().stored(grain="day", meters=METERS)
    assert (bucket.tenant, bucket.meter, bucket.bucket.date()) == ("w_acme", "grams", second)


@both_stores
def test_a_new_meter_and_a_changed_one_are_noticed_and_only_they_are_rebuilt(
    db, parcels, log, monkeypatch
):
    settling.settle()
    log.store.append([sent(number=n, to="Oslo", grams=5, fragile=n > 1) for n in (1, 2, 3)])
    assert rebuild.outdated() == {}
    changed = [
        replace(meter, filters={"fragile": True}) if meter.key == "grams" else meter
        for meter in METERS
        if meter.key != "boxes"
    ]
    new = Meter(key="heavy", label="H", event="Parcel Sent", aggregation="max", property="grams")
    define(monkeypatch, [*changed, new])
    assert rebuild.outdated() == {
        "grams": "its definition changed",
        "heavy": "it is new",
        "boxes": "it is gone",
    }
    assert {warning.id for warning in checks.check_rollups()} == {"metering.W001"}
    told = rebuild_rollups()
    assert "heavy: it is new" in told
    assert rebuild.outdated() == {}
    [[grams], [heavy]] = ask("w_acme", Question(meter="grams"), Question(meter="heavy"))
    assert (grams.value, heavy.value) == (10, 5)
    assert "All rollups are by the definitions in force" in rebuild_rollups()


@both_stores
def test_in_an_empty_log_nothing_needs_a_rebuild(parcels, log, monkeypatch):
    assert settling.settle() == {}
    define(monkeypatch, METERS[1:])
    assert settling.settle() == {}
    assert rebuild.outdated() == {}


def test_the_first_batch_of_a_new_installation_needs_no_rebuild_of_it(parcels, log):
    log.store.append([sent(number=1, grams=3)])
    assert rebuild.outdated() == {}


@both_stores
def test_a_process_with_an_old_catalogue_does_not_go_unnoticed(parcels, log, monkeypatch):
    settling.settle()
    log.store.append([sent(number=1, grams=3)])
    define(monkeypatch, [replace(METERS[1], filters={"fragile": True})])
    wanted = Rebuild(["grams"])
    days = wanted.run()
    next(days)
    define(monkeypatch, METERS)  # a consumer that was not restarted
    log.store.append([sent(number=2, grams=4)])
    define(monkeypatch, [replace(METERS[1], filters={"fragile": True})])
    with pytest.raises(CannotRebuild, match="another catalogue added to grams"):
        list(days)
    assert "grams" in rebuild.outdated()


@both_stores
def test_an_interrupted_rebuild_goes_on_where_it_stopped(parcels, log):
    log.store.append([sent(number=n, seconds=n * DAY, grams=n) for n in range(1, 5)])
    live = everything()
    lose(log, TABLES)
    wanted = Rebuild(KEYS)
    days = wanted.run()
    for done in days:
        if done.day == (NOON + timedelta(days=2)).date():
            break
    days.close()
    assert rebuild.outdated().keys() == set(KEYS)
    rebuild_rollups(all=True, resume=wanted.token)
    assert everything() == live
    assert rebuild.outdated() == {}


def test_a_resumption_after_a_change_is_refused(parcels, log, monkeypatch):
    log.store.append([sent(number=n, seconds=n * DAY, grams=n) for n in range(1, 3)])
    wanted = Rebuild(KEYS)
    days = wanted.run()
    next(days)
    days.close()
    define(monkeypatch, [replace(METERS[1], filters={"fragile": True})])
    with pytest.raises(CannotRebuild, match="begin again"):
        Rebuild(["grams"], resume=wanted.token)


@both_stores
def test_nothing_is_lost_or_counted_twice_while_consumers_go_on(parcels, log):
    log.store.append([sent(number=n, seconds=n * 60, grams=n, to="Oslo") for n in range(1, 50)])
    stop, failures = threading.Event(), []

    def consume():
        number = 1000
        try:
            while not stop.wait(0.02):  # as a consumer gathers; the rebuild needs turns, too
                batch = [
                    sent(number=number + n, seconds=n * 1800, grams=1, to="Lima") for n in range(50)
                ]
                with suppress(StoreUnavailable):  # then it tries again
                    log.store.append(batch)
                    number += 50
        except Exception as error:
            failures.append(error)

    consumer = threading.Thread(target=consume)
    consumer.start()
    try:
        for _ in range(2):
            rebuild_rollups(all=True)
    finally:
        stop.set()
        consumer.join()
    assert failures == []
    known = sent(number=1, seconds=60, grams=1, to="Oslo")
    assert log.store.append([known]).new == 0  # whoever writes next finishes what is unfinished
    assert everything()[1:] == recounted()[1:]
    rebuild_rollups(check=True)


def test_days_whose_raw_events_are_archived_are_not_rebuilt(parcels, log, settings, tmp_path):
    settings.EVENTS_ARCHIVE_DIR = tmp_path / "archive"
    log.store.append([sent(number=n, seconds=n * DAY, grams=n) for n in range(1, 4)])
    edge = (NOON + timedelta(days=2)).date()
    log.store.retention.drop_before(edge)
    live = everything()
    with pytest.raises(CommandError, match=f"--since {edge}"):
        rebuild_rollups(all=True)
    assert everything() == live
    rebuild_rollups(all=True, since=edge)
    assert everything() == live


def test_a_fingerprint_is_of_what_changes_numbers(parcels, settings):
    meter = METERS[2]
    assert fingerprint(replace(meter, label="Else", period="lifetime")) == fingerprint(meter)
    for change in ({"property": "grams"}, {"group_by": ()}, {"filters": {}}):
        assert fingerprint(replace(meter, **change)) != fingerprint(meter)
    before = fingerprint(meter)
    settings.METERING_LATE_AFTER = 10
    assert fingerprint(meter) != before
