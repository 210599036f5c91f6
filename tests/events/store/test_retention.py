"""Days leave the log for a file, and come back; whatever happens in between, nothing is lost."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pyarrow import parquet

from events.store import archive, maintenance, shelf
from events.store.archive import ArchiveFailed
from events.store.retention import Retention
from tests.events.log import an_event, both_stores
from tests.forked import killed_in

NOW = datetime.now(UTC).replace(hour=12)
OLD = NOW - timedelta(days=60)


@pytest.fixture(autouse=True)
def thirty_days(settings, tmp_path):
    settings.EVENTS_RETENTION_DAYS = 30
    settings.EVENTS_ARCHIVE_DIR = tmp_path / "archive"


@pytest.fixture
def old(log):
    """Events of an old day and of today; the old ones are odd in every way that a file must keep."""
    odd = [
        an_event(time=OLD, amount=1.1, big=2**62, text='tab\t"quote"\\ end\nnull \u00e4\u4e16'),
        an_event(time=OLD + timedelta(microseconds=1), tenant=None, nothing=None, deep={"a": [1]}),
        an_event(time=OLD - timedelta(hours=12), tenant="null"),  # the same day, its first moment
    ]
    log.store.append([*odd, an_event(time=NOW)])
    return odd


@both_stores
def test_a_day_past_its_time_becomes_a_file_and_leaves_the_log(log, old):
    before = log.stored()
    [file] = maintenance.run(now=NOW)
    assert [row[0] for row in log.stored()] == [before[-1][0]]
    assert parquet.read_metadata(file).num_rows == 3
    assert parquet.read_table(file)["tenant"].to_pylist() == ["null", "w_acme", None]
    assert archive.read_contents(Path(file)).rows == 3
    assert maintenance.run(now=NOW) == []


@both_stores
def test_rollups_stay_when_their_raw_events_have_left(log, old):
    before = log.query("SELECT * FROM rollup_day ORDER BY tenant, meter, bucket")
    maintenance.run(now=NOW)
    assert before
    assert log.query("SELECT * FROM rollup_day ORDER BY tenant, meter, bucket") == before


@both_stores
def test_the_store_says_from_when_on_raw_events_are_all_here(log, old):
    assert log.store.retention.raw_since() is None
    maintenance.run(now=NOW)
    midnight = OLD.replace(hour=0, minute=0, second=0, microsecond=0)
    assert log.store.retention.raw_since() == midnight + timedelta(days=1)


@both_stores
def test_an_event_of_an_archived_day_is_still_known_by_its_id(log, old):
    maintenance.run(now=NOW)
    assert log.store.append(old).new == 0


@both_stores
def test_a_late_event_of_an_archived_day_gets_a_file_of_its_own(log, old):
    [first] = maintenance.run(now=NOW)
    log.store.append([an_event(time=OLD)])
    [second] = maintenance.run(now=NOW)
    assert first.endswith("-1.parquet")
    assert second.endswith("-2.parquet")
    assert archive.read_contents(Path(first)).rows == 3
    assert archive.read_contents(Path(second)).rows == 1


@both_stores
def test_a_file_brings_back_exactly_what_left_however_often(log, old):
    before = log.store.find()
    totals = log.query("SELECT * FROM rollup_day ORDER BY tenant, meter, bucket")
    [file] = maintenance.run(now=NOW)
    call_command("restore_events", file)
    call_command("restore_events", file)
    assert log.store.find() == before
    assert log.query("SELECT * FROM rollup_day ORDER BY tenant, meter, bucket") == totals
    assert log.store.retention.raw_since() is None


@both_stores
def test_what_was_brought_back_stays_for_a_while(log, old):
    [file] = maintenance.run(now=NOW)
    call_command("restore_events", file)
    assert maintenance.run(now=NOW) == []


@both_stores
def test_a_file_fills_an_empty_log_too_and_its_ids_are_known_again(log, old):
    [file] = maintenance.run(now=NOW)
    log.empty()
    assert log.store.retention.restore(Path(file)) == 3
    assert log.store.append(old).new == 0


class Killed(Retention):
    """Dies at a step."""

    step = ""

    def __getattribute__(self, name):
        if name == object.__getattribute__(self, "step"):
            os.kill(os.getpid(), signal.SIGKILL)
        return object.__getattribute__(self, name)


@pytest.mark.parametrize("step", ["finish", "_rows", "drop"])
def test_an_archiving_killed_at_any_step_loses_nothing_and_the_next_finishes(log, old, step):
    everything = {row[0] for row in log.stored()}
    _die_at(log, step)
    [file] = maintenance.run(now=NOW)
    archived = {row[0] for chunk in archive.read(Path(file)) for row in chunk}
    assert archived | {row[0].hex for row in log.stored()} == {each.hex for each in everything}
    assert len(archived) == 3
    assert log.query("SELECT count(*) FROM event_archive WHERE archived_at IS NULL") == [(0,)]
    assert log.query("SELECT count(*) FROM pg_class WHERE relname ~ '^event_leaving'") == [(0,)]
    assert len(list(Path(file).parent.iterdir())) == 1


def _die_at(log, step):
    def archiving():
        Killed.step = step
        Killed(log.store, shelf.chosen()).drop_before(maintenance.keeps_from(NOW))

    killed_in(archiving)


@both_stores
def test_a_file_that_was_damaged_is_found_before_anything_is_dropped(log, old, monkeypatch):
    def damaged(*arguments):
        contents = write(*arguments)
        data = bytearray(arguments[0].read_bytes())
        data[40] ^= 0xFF
        arguments[0].write_bytes(data)
        return contents

    write = archive._write
    monkeypatch.setattr(archive, "_write", damaged)
    with pytest.raises(CommandError):
        call_command("maintain_events")
    monkeypatch.undo()
    [file] = maintenance.run(now=NOW)
    assert archive.read_contents(Path(file)).rows == 3


@both_stores
def test_a_file_of_another_installation_is_not_overwritten(log, old, settings):
    [file] = maintenance.run(now=NOW)
    content = Path(file).read_bytes()
    log.empty()
    log.store.append([an_event(time=OLD)])
    with pytest.raises(ArchiveFailed, match="something else"):
        maintenance.run(now=NOW)
    assert Path(file).read_bytes() == content
    Path(file).unlink()
    assert len(maintenance.run(now=NOW)) == 1


@both_stores
def test_a_day_that_cannot_be_archived_keeps_no_other_in_the_log(log, old, settings):
    log.store.append(
        [an_event(time=OLD + timedelta(days=1)), an_event(time=OLD - timedelta(days=1))]
    )
    [path] = [each for each in maintenance.run(now=NOW) if f"{OLD:%Y-%m-%d}" in each]
    log.store.append([an_event(time=day) for day in (OLD, OLD + timedelta(days=3))])
    in_the_way = Path(path).with_name(Path(path).name.replace("-1.", "-2."))
    assert in_the_way != Path(path)
    in_the_way.write_text("something else")
    with pytest.raises(ArchiveFailed):
        maintenance.run(now=NOW)
    left = {time.date() for _, _, time, *_ in log.stored()}
    assert (OLD + timedelta(days=3)).date() not in left
    in_the_way.unlink()
    assert len(maintenance.run(now=NOW)) == 1, "it comes again"


@both_stores
def test_a_plan_says_what_would_leave_and_changes_nothing(log, old, capsys):
    call_command("maintain_events", plan=True)
    assert f"would archive {OLD:%Y-%m-%d}" in capsys.readouterr().out
    assert len(log.stored()) == 4


def test_an_id_is_known_as_long_as_an_event_of_its_age_is_accepted(log):
    log.store.append([an_event(), an_event()])
    log.store.maintain(NOW + timedelta(days=400))
    assert log.query("SELECT count(*) FROM event_key") == [(2,)]
    log.store.maintain(NOW + timedelta(days=403))
    assert log.query("SELECT count(*) FROM event_key") == [(0,)]
    log.store.migrate()


@both_stores
def test_without_a_limit_everything_stays(log, old, settings):
    settings.EVENTS_RETENTION_DAYS = 0
    assert maintenance.run(now=NOW) == []
    assert len(log.stored()) == 4
