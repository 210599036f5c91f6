"""What is told of backups, and what `doctor` says then."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from events import metrics
from plg_site.doctor import backups
from plg_site.models import BackupReport
from plg_site.operating import backup_reports


@pytest.fixture(autouse=True)
def others_come(db, settings):
    settings.PUBLIC_SCHEME = "https"


def told(kind: str, place: str, *, hours: float, size: int | None = None) -> None:
    backup_reports.tell(kind, place, at=timezone.now() - timedelta(hours=hours), size=size)


def says() -> list[tuple[str, str]]:
    return [(finding.level.value, finding.says) for finding in backups.look()]


def test_where_nothing_is_known_everything_is_missing():
    found = says()
    assert ("warning", "no backup of main is known") in found
    assert ("warning", "no backup of files is known") in found
    assert ("warning", "no backup of main was ever restored to prove it") in found
    assert any("nothing receives the WAL of main" in words for _, words in found)


def test_two_databases_of_one_server_are_one_backup_and_a_server_of_its_own_is_another(settings):
    assert backups.places() == ["main", "files"]
    settings.EVENTS_DATABASE_URL = "postgres://plg@events.example:5432/plg_events"
    assert backups.places() == ["main", "events", "files"]
    settings.EVENTS_DATABASE_URL = "clickhouse://plg@events.example:8123/plg_events"
    assert backups.places() == ["main", "events", "files"]


def test_young_backups_and_a_restore_of_late_are_fine():
    told("base", "main", hours=3, size=5_000)
    told("files", "files", hours=25)
    told("restored", "main", hours=24 * 29)
    assert ("fine", "base backup of main is 3 hours old") in says()
    assert ("fine", "copy of files of files is 25 hours old") in says()
    assert ("fine", "main was last restored 29 days ago") in says()


def test_old_ones_are_told(settings):
    told("base", "main", hours=27)
    told("restored", "main", hours=24 * 31)
    assert ("warning", "the newest base backup of main is 27 hours old") in says()
    assert ("warning", "main was last restored 31 days ago") in says()
    settings.BACKUP_HOURS, settings.RESTORE_PROVED_DAYS = 48, 60
    assert not [words for level, words in says() if level == "warning" and "main is" in words]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((None, None, False, False), "nothing receives the WAL of main"),
        ((False, 5_000_000, False, False), "holds 5,000,000 bytes of WAL, and its disk fills up"),
        ((True, 500_000_000, False, False), "is 500,000,000 bytes behind"),
        ((None, None, True, True), "fails to archive its WAL"),
        ((None, None, True, False), "WAL of main is being received"),
        ((True, 100, False, False), "WAL of main is being received"),
    ],
)
def test_what_a_server_says_of_its_wal(answer, words):
    """Slot in use, bytes it keeps, archive_mode, failing. A server is asked in tests/stack/backup."""
    (found,) = backups._received("main", lambda *_: answer)
    assert words in found.says


def test_in_development_and_where_it_is_switched_off_nothing_is_asked(settings):
    settings.BACKUP_HOURS = 0
    assert says() == [("fine", "not looked at: BACKUP_HOURS is 0")]
    settings.PUBLIC_SCHEME = "http"
    assert says() == [("fine", "nobody's data is here: PUBLIC_SCHEME is http")]


def test_the_command_keeps_the_newest_of_each_and_says_what_it_knows(capsys):
    call_command("backup_report")
    assert capsys.readouterr().out == "No backup is known.\n"
    call_command(
        "backup_report", "base", "main", "--bytes", "1234567", "--at", "2026-11-02T04:00:00Z"
    )
    call_command("backup_report", "base", "main", "--at", "2026-11-01T04:00:00Z")
    assert "A newer one is known" in capsys.readouterr().out
    call_command("backup_report")
    said = capsys.readouterr().out
    assert "base backup of main: 2026-11-02 04:00 UTC" in said
    assert "1,234,567 bytes" in said
    assert BackupReport.objects.count() == 1


@pytest.mark.parametrize(
    "words",
    [
        ["base"],
        ["base", "main", "--at", "yesterday"],
        ["base", "main", "--at", "2026-11-01T04:00:00"],
        ["base", "main", "--at", "2999-01-01T00:00:00Z"],
    ],
)
def test_what_is_no_report_is_refused_in_words(words):
    with pytest.raises(CommandError):
        call_command("backup_report", *words)
    assert not BackupReport.objects.exists()


def test_prometheus_is_told_how_old_each_is_and_that_one_is_missing(settings):
    [question] = [each for each in metrics.questions() if each.name == "backups"]
    settings.BACKUP_HOURS, settings.RESTORE_PROVED_DAYS = 26, 30
    told("base", "main", hours=30)
    asked = {(name, labels): value for name, labels, value in question.ask()}
    assert asked["plg_backup_age_seconds", ("base", "main")] == pytest.approx(30 * 3600, abs=60)
    assert asked["plg_backup_age_limit_seconds", ("base",)] == 26 * 3600
    assert asked["plg_backup_age_seconds", ("restored", "main")] == math.inf
    assert asked["plg_backup_age_limit_seconds", ("restored",)] == 30 * 24 * 3600
    settings.BACKUP_HOURS = 0
    assert list(question.ask()) == []
