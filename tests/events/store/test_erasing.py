"""A workspace's events, or those of people, are removed for good: raw, summed up, and in files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from uuid_utils.compat import uuid7

from events.store import archive, maintenance
from events.store.archive import ArchiveFailed
from tests.events.log import TABLES, an_event, both_stores

NOW = datetime.now(UTC).replace(hour=12)
OLD = NOW - timedelta(days=60)
SUMMED = [table for table in TABLES if table.startswith(("rollup_", "breakdown_", "distinct_"))]


@pytest.fixture(autouse=True)
def thirty_days(settings, tmp_path):
    settings.EVENTS_RETENTION_DAYS = 30
    settings.EVENTS_ARCHIVE_DIR = tmp_path / "archive"


def of_tenant(log, tenant: str) -> int:
    """Rows of this workspace in all tables that name one."""
    elsewhere = {"rollup_definition", "rollup_tail" if log.store.kind == "clickhouse" else ""}
    named = [table for table in ("event", *SUMMED) if table not in elsewhere]
    return sum(
        log.query(f"SELECT count(*) FROM {table} WHERE tenant = '{tenant}'")[0][0]  # noqa: S608
        for table in named
    )


@both_stores
def test_nothing_of_the_workspace_is_left_and_all_of_the_others(log):
    ours = [
        an_event(link_id=str(n), anonymous_id="b", time=NOW - timedelta(days=n)) for n in (0, 1)
    ]
    theirs = an_event(tenant="w_globex", link_id="1")
    log.store.append([*ours, theirs])
    kept = of_tenant(log, "w_globex")
    erased = log.store.erasing.workspace("w_acme")
    assert erased.events == 2
    assert erased.projected > 0
    assert of_tenant(log, "w_acme") == 0
    assert of_tenant(log, "w_globex") == kept
    assert log.ids() == [theirs.id]
    again = log.store.erasing.workspace("w_acme")
    assert (again.events, again.projected, again.archived) == (0, 0, 0)


@both_stores
def test_what_is_sent_again_stays_away(log):
    """A retry of an erased event brings nothing back."""
    event = an_event()
    log.store.append([event])
    log.store.erasing.workspace("w_acme")
    assert log.store.append([event]).new == 0
    assert of_tenant(log, "w_acme") == 0


@both_stores
def test_archived_files_are_written_anew_without_the_workspace(log):
    theirs = [an_event(tenant=tenant, time=OLD) for tenant in ("w_globex", None)]
    log.store.append([an_event(time=OLD), *theirs])
    [file] = maintenance.run(now=NOW)
    assert log.store.erasing.workspace("w_acme").archived == 1
    path = Path(file)
    archive.verify(path, contents := archive.read_contents(path))
    assert contents.rows == 2
    final = "FINAL" if log.store.kind == "clickhouse" else ""
    noted = log.query(f"SELECT rows, checksum FROM event_archive {final}")  # noqa: S608
    assert noted == [(2, contents.checksum)]
    assert log.store.retention.restore(path) == 2
    assert of_tenant(log, "w_acme") == 0


@both_stores
def test_a_file_that_cannot_be_read_is_said_so_and_stays(log, tmp_path):
    broken = tmp_path / "archive" / "2026" / "events-2026-01-01-1.parquet"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"PAR1 broken")
    with pytest.raises((ArchiveFailed, OSError, ValueError)):
        log.store.erasing.workspace("w_acme")
    assert broken.exists()


@both_stores
def test_what_people_did_on_the_site_goes_and_what_they_did_in_workspaces_stays(log):
    person, browser = uuid7(), str(uuid7())

    def event(**change):
        return msgspec.structs.replace(an_event(tenant=None), **change)

    gone = [event(person=person), event(anonymous_id=browser)]
    kept = [event(), event(person=uuid7()), event(tenant="w_acme", person=person)]
    log.store.append([*gone, *kept])
    assert log.store.erasing.people([person], [browser]).events == 2
    assert set(log.ids()) == {each.id for each in kept}
    assert log.store.erasing.people([], []).events == 0
