"""Old days of events in the bucket that machines share: any machine reads them, and none keeps a copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from events.store import archive, maintenance, shelf
from events.store.archive import ArchiveFailed
from events.store.batch_order import BEGINNING
from plg_site.configuration.storages import storages
from tests.events.log import an_event, both_stores

pytestmark = pytest.mark.thorough

NOW = datetime.now(UTC).replace(hour=12)
OLD = NOW - timedelta(days=60)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, in_bucket):
    """Where nothing must be."""
    settings.EVENTS_RETENTION_DAYS = 30
    settings.EVENTS_ARCHIVE_DIR = tmp_path / "archive"
    return tmp_path / "archive"


def left(log) -> list[str]:
    """The names of what leaves."""
    return maintenance.run(now=NOW)


@both_stores
def test_a_day_goes_there_and_followers_and_commands_find_it(log, folder, capsys):
    old = [an_event(time=OLD), an_event(time=OLD, tenant=None)]
    log.store.append([*old, new := an_event(time=NOW)])
    [name] = left(log)
    assert name == f"{OLD.year}/events-{OLD.date()}-1.parquet"
    assert not folder.exists()
    page = log.store.order.page(BEGINNING, names=None, most=100)
    assert {event.id for _, event in page.found} == {*(event.id for event in old), new.id}
    call_command("restore_events", name)
    assert "2 events brought back" in capsys.readouterr().out
    assert set(log.ids()) == {*(event.id for event in old), new.id}


@both_stores
def test_who_is_erased_is_gone_from_it(log):
    log.store.append([an_event(time=OLD), kept := an_event(time=OLD, tenant="w_globex")])
    [name] = left(log)
    assert log.store.erasing.workspace("w_acme").archived == 1
    rows = [row for rows in archive.read(shelf.chosen().file(name)) for row in rows]
    assert [row[0] for row in rows] == [kept.id.hex]
    page = log.store.order.page(BEGINNING, names=None, most=100)
    assert [event.id for _, event in page.found] == [kept.id]


@both_stores
def test_while_the_bucket_is_away_nothing_is_dropped_or_passed_over(
    log, settings, in_bucket, folder
):
    log.store.append([event := an_event(time=OLD)])
    there = settings.STORAGES
    nobody = replace(in_bucket, endpoint="http://127.0.0.1:1")
    away = storages(nobody, state=folder, static=there["staticfiles"]["BACKEND"])
    settings.STORAGES = away
    with pytest.raises(ArchiveFailed):
        left(log)
    if log.store.kind == "postgres":  # it waits aside, and is still read
        page = log.store.order.page(BEGINNING, names=None, most=100)
        assert [found.id for _, found in page.found] == [event.id]
    else:  # there a crash may have come between file and note: only the bucket knows
        with pytest.raises(ArchiveFailed):
            log.store.order.page(BEGINNING, names=None, most=100)
    settings.STORAGES = there
    [name] = left(log)
    settings.STORAGES = away
    with pytest.raises(ArchiveFailed):
        log.store.order.page(BEGINNING, names=None, most=100)
    with pytest.raises(ArchiveFailed):
        log.store.erasing.workspace("w_acme")
    with pytest.raises(CommandError, match=r"bucket|connect"):
        call_command("restore_events", name)
    settings.STORAGES = there
    assert len(log.store.order.page(BEGINNING, names=None, most=100).found) == 1
