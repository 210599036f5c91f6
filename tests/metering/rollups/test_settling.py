"""What made the rollups is what reads them: `prepare` notices, rebuilds or refuses; limits hold."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from metering.asking import usage
from metering.asking.query import Question, ask
from metering.definitions import format as rollup_format
from metering.quotas import quota
from metering.quotas.quota import QuotaExceeded
from metering.rollups import rebuild, rollups, settling, trust
from metering.rollups.protocol import TookTooLong
from plg_site.operating import preparation
from tests.events.log import an_event, both_stores
from tests.metering.parcels import METERS, NOON, sent
from tests.metering.rollups.test_rebuild import DAY, everything, lose
from tests.metering.tail import FIRST, TAIL


def tell(log, statement):
    with log.store.connection() as connection:
        if log.store.kind == "clickhouse":
            connection.command(statement, settings={"mutations_sync": 2})
        else:
            connection.execute(statement)


def some_parcels(log):
    """Those of two days."""
    log.store.append(
        [sent(number=n, seconds=n * 4000, grams=n, to="Oslo", fragile=True) for n in range(1, 13)]
    )


def prepared():
    """What `prepare` says of the event store."""
    said: list[str] = []
    return [preparation.event_store(say=said.append), *said]


@both_stores
def test_a_fresh_installation_has_the_tables_that_the_code_reads(log):
    assert rollups().misshapen() == []


@both_stores
def test_prepare_rebuilds_what_a_changed_format_made(parcels, log, monkeypatch):
    some_parcels(log)
    settling.settle()
    live = everything()
    assert rebuild.outdated() == {}
    lose(log, ["rollup_hour", "breakdown_day"])
    monkeypatch.setattr("metering.definitions.sense.FORMAT", rollup_format.FORMAT + 1)
    assert set(rebuild.outdated().values()) == {"its definition changed"}
    said = prepared()
    assert said[0] == "up to date"
    assert "grams: its definition changed" in said
    assert any("days" in line and "left" in line for line in said)
    assert everything() == live


@both_stores
def test_prepare_goes_on_when_counting_again_takes_too_long(parcels, log, monkeypatch):
    some_parcels(log)
    settling.settle()
    with pytest.raises(TookTooLong):
        rollups().differences(NOON.date(), meters=METERS, within=0.001)
    monkeypatch.setattr(settling, "LOOK_WITHIN", 0.001)
    assert settling.settle() == {}


@both_stores
def test_prepare_notices_numbers_that_differ_by_no_known_cause(parcels, log, monkeypatch):
    monkeypatch.setattr(settling, "LOOK_WITHIN", 60.0)  # on a busy machine, too
    some_parcels(log)
    settling.settle()
    live = everything()
    lose(log, ["rollup_day"])
    assert rebuild.outdated() == {}, "no fingerprint tells"
    assert any("is not what the raw events say" in line for line in prepared())
    assert everything() == live
    assert prepared() == ["up to date"]


@both_stores
@pytest.mark.parametrize("table", ["rollup_tail", "distinct_week"])
def test_prepare_refuses_to_start_on_tables_that_another_version_left(log, table):
    engine = " ENGINE = MergeTree ORDER BY id" if log.store.kind == "clickhouse" else ""
    tell(log, f"CREATE TABLE {table} (id integer){engine}")
    try:
        with pytest.raises(CommandError, match=f"{table} is left over from another version"):
            prepared()
    finally:
        tell(log, f"DROP TABLE {table}")
    assert prepared()[0].startswith("up to date")


def test_prepare_refuses_to_start_without_a_column_that_it_reads(log):
    tell(log, "ALTER TABLE rollup_hour RENAME late TO was_late")
    try:
        with pytest.raises(CommandError, match=r"rollup_hour\.late bigint not null is missing"):
            prepared()
    finally:
        tell(log, "ALTER TABLE rollup_hour RENAME was_late TO late")


def test_prepare_refuses_to_start_while_a_consumer_with_older_code_goes_on(
    parcels, log, monkeypatch
):
    some_parcels(log)
    settling.settle()
    rebuild.doubt()
    rebuilding = rollups().rebuild

    def and_an_old_one_adds(self, day, **options):
        rebuilding(day, **options)
        tell(log, "UPDATE rollup_definition SET fingerprint = 'old', changes = changes + 1"
                  " WHERE meter = 'grams'")  # fmt: skip

    monkeypatch.setattr(type(rollups()), "rebuild", and_an_old_one_adds)
    with pytest.raises(CommandError, match="Stop consumers with the old code"):
        prepared()


def test_prepare_need_not_wait_for_the_rebuild_when_it_is_told_so(parcels, log):
    some_parcels(log)
    settling.settle()
    rebuild.doubt()
    words = preparation.event_store(rebuild_later=True)
    assert "manage.py rebuild_rollups has to count" in words
    assert rebuild.doubtful() == {meter.key for meter in METERS}


@both_stores
def test_what_is_not_to_be_believed_is_answered_from_raw_events_until_it_is_rebuilt(
    db, parcels, log
):
    some_parcels(log)
    settling.settle()
    later = datetime(2026, 10, 24, 13, 0, 7, tzinfo=UTC)
    questions = [
        Question(meter=meter.key, group_by=meter.group_by[:number], start=start, window=window)
        for meter in METERS
        for number, start, window in ((0, None, None), (1, later, "day"))
    ]
    now = datetime(2026, 10, 29, tzinfo=UTC)

    def answers():  # one by one: the engine takes its time for each statement
        return [rows for question in questions for rows in ask("w_acme", question, now=now)]

    right = answers()
    assert any(row.value for rows in right for row in rows)
    lose(log, ["rollup_minute", "rollup_hour", "rollup_day", "breakdown_hour", "breakdown_day",
               "distinct_day"])  # fmt: skip
    assert answers() != right
    rebuild.doubt()
    trust.forget()
    assert answers() == right
    call_command("rebuild_rollups", stdout=StringIO())
    assert trust.doubtful() == frozenset()
    assert answers() == right


def test_a_limit_holds_while_the_rollups_are_not_to_be_believed(log, acme):
    log.store.append(
        [an_event("Link Count Changed", tenant=acme.schema_name, change=1) for _ in range(3)]
    )
    settling.settle()
    lose(log, ["rollup_minute", "rollup_hour", "rollup_day"])
    rebuild.doubt()
    trust.forget()
    quota.set_limits(acme, {"links": 3})
    with pytest.raises(QuotaExceeded):
        quota.consume(acme, "links")
    assert usage.current(acme, "links") == 3


def test_what_is_archived_stays_as_it_was_counted(db, parcels, log, settings, tmp_path):
    settings.EVENTS_ARCHIVE_DIR = tmp_path / "archive"
    settings.EVENTS_RETENTION_DAYS = 1
    log.store.append([sent(number=n, seconds=n * DAY, grams=n) for n in range(4)])
    settling.settle()
    log.store.retention.drop_before(datetime(2026, 10, 26, tzinfo=UTC).date())
    tell(log, "UPDATE rollup_day SET value = value + 100 WHERE meter = 'grams'"
              " AND bucket >= '2026-10-26'")  # fmt: skip
    rebuild.doubt()
    trust.forget()
    [[row]] = ask("w_acme", Question(meter="grams"))
    assert row.value == 0 + 1 + 2 + 3
    assert prepared()[0] == "up to date"
    [[row]] = ask("w_acme", Question(meter="grams"))
    assert row.value == 0 + 1 + 2 + 3


@pytest.mark.parametrize("tables", [TAIL, FIRST], ids=["b045b05", "26dbc83"])
def test_an_installation_made_by_an_older_text_ends_at_the_same_tables_and_counts_anew(
    parcels, log, tables
):
    """What was only in the tables that nobody reads comes back from the raw events."""
    some_parcels(log)
    settling.settle()
    live = everything()
    lose(log, ["rollup_minute", "rollup_hour", "rollup_day", "breakdown_hour", "breakdown_day"])
    tell(log, tables)
    tell(log, "DELETE FROM store_migration WHERE name = 'metering/0003_one_shape.sql'")
    assert rebuild.doubtful() == {meter.key for meter in METERS}, "before anything was prepared"
    assert prepared()[0] == "up to date"
    assert rollups().misshapen() == []
    assert everything() == live
    assert rebuild.outdated() == {}


def test_an_installation_made_by_the_present_text_is_left_as_it_is(parcels, log):
    some_parcels(log)
    settling.settle()
    tell(log, "DELETE FROM store_migration WHERE name = 'metering/0003_one_shape.sql'")
    assert prepared() == ["up to date"]
