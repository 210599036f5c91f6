"""Every change is a line that stays and an event; what was set by hand ends by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import msgspec
import pytest
from django.core.management import CommandError, call_command

from events import pressure, shedding
from events.models import OutboxEvent
from events.pressure import Refused, changes
from events.pressure.watching import Watch
from events.shedding import standing
from tests.events.pressure.signals import Said, only

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("empty_outbox", "pressure_of")


@pytest.fixture(autouse=True)
def by_themselves(settings):
    settings.PRESSURE_BY_ITSELF = 3


def by_hand(level: int = 2, *, until: datetime = NOW + HOUR, now: datetime = NOW, **more):
    said = {"because": "We are in the news.", "by": "ada@example.org", **more}
    return pressure.by_hand(level, until=until, now=now, **said)


def recorded() -> list[dict]:
    rows = OutboxEvent.objects.order_by("pk")
    found = [msgspec.json.decode(row.payload) for row in rows]
    return [each["properties"] for each in found if each["name"] == "Pressure Changed"]


def test_a_change_is_a_line_with_who_and_why_and_an_event():
    by_hand(2)
    [line] = pressure.history()
    assert (line.level, line.by, line.because) == (2, "ada@example.org", "We are in the news.")
    assert recorded() == [
        {"before": 0, "level": 2, "by_hand": True, "because": "We are in the news."}
    ]


def test_this_process_knows_at_once_and_the_others_find_it_in_redis(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        by_hand(3, until=datetime.now(UTC) + HOUR, now=datetime.now(UTC))
    assert shedding.level() == 3
    standing.forget()  # as one that has just begun
    assert standing.look().hand == 3


def test_a_change_that_is_rolled_back_was_none(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=False):
        by_hand(3)
    assert shedding.known().hand is None


def test_it_ends_by_the_clock_and_that_is_written_down():
    told = by_hand(2)
    assert told.level(NOW + HOUR - timedelta(seconds=1)) == 2
    assert told.level(NOW + HOUR) == 0
    with only():
        Watch().look(now=NOW + HOUR, seconds=0)
    newest = pressure.history()[0]
    assert (newest.level, newest.by) == (0, "the system")
    assert "over" in newest.because
    with only():
        Watch().look(now=NOW + HOUR, seconds=2)
    assert len(pressure.history()) == 2


def test_it_can_be_ended_before():
    by_hand(3)
    assert pressure.end_by_hand(by="bob@example.org", now=NOW).level(NOW) == 0
    assert pressure.history()[0].by == "bob@example.org"
    pressure.end_by_hand(by="bob@example.org", now=NOW)
    assert len(pressure.history()) == 2


def test_signals_go_above_what_was_set_by_hand_and_never_below():
    by_hand(1)
    assert changes.by_itself(3, because="Queues", now=NOW).level(NOW) == 3
    assert changes.by_itself(0, because="Calm", now=NOW).level(NOW) == 1


def test_zero_by_hand_switches_off_what_signals_say():
    changes.by_itself(3, because="Queues", now=NOW)
    assert by_hand(0).level(NOW) == 0
    assert shedding.Standing(own=3, hand=0, until=NOW).level(NOW) == 3, (
        "afterwards they count again"
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"level": 4}, "0 to 3"),
        ({"level": -1}, "0 to 3"),
        ({"because": " "}, "why"),
        ({"until": NOW}, "future"),
        ({"until": NOW + timedelta(days=15)}, "14 days"),
        ({"until": datetime(2026, 12, 1, 18)}, "time zone"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(said, words):
    with pytest.raises(Refused, match=words):
        by_hand(**said)
    assert pressure.history() == []


def test_signals_lead_to_a_level_and_out_of_it():
    said, watch = Said(60), Watch()
    with only(said.signal()):
        for second in range(0, 8, 2):
            watch.look(now=NOW, seconds=second)
        assert pressure.history()[0].level == 2
        assert "What is said: 60" in pressure.history()[0].because
        said.value = 0
        for second in range(8, 300, 2):
            watch.look(now=NOW, seconds=second)
    assert [line.level for line in pressure.history()] == [0, 1, 2]
    assert [each["by_hand"] for each in recorded()] == [False] * 3


def test_by_themselves_signals_lead_no_higher_than_the_operator_allows(settings):
    settings.PRESSURE_BY_ITSELF = 1
    watch = Watch()
    with only(Said(500).signal()):
        for second in range(0, 20, 2):
            watch.look(now=NOW, seconds=second)
    assert [line.level for line in pressure.history()] == [1]


def test_a_signal_that_fails_takes_no_other_along():
    def broken() -> float:
        raise ZeroDivisionError

    said, watch = Said(60), Watch()
    with only(pressure.Signal("broken", "Broken", (1, 2, 3), broken), said.signal()):
        for second in range(0, 8, 2):
            watch.look(now=NOW, seconds=second)
    assert pressure.history()[0].level == 2


def test_one_of_several_decides():
    first, second = Watch(), Watch()
    with only(Said(0).signal()):
        assert first.look(now=NOW, seconds=0) is not None
        second._name = f"{first._name}, another process"
        assert second.look(now=NOW, seconds=0) is None
        assert first.look(now=NOW, seconds=2) is not None


def test_the_command_sets_says_and_ends_it():
    out = StringIO()
    until = (datetime.now(UTC) + HOUR).isoformat(timespec="minutes")
    call_command("launch", "on", level=2, until=until, because="In the news", stdout=out)
    assert "Level 2" in out.getvalue()
    assert "In the news" in out.getvalue()
    out = StringIO()
    call_command("launch", "off", stdout=out)
    call_command("launch", "status", stdout=out)
    assert "Level 0" in out.getvalue()
    assert "signal  Stream of events, full" in out.getvalue()


def test_the_command_refuses_in_words():
    with pytest.raises(CommandError, match="18:00Z"):
        call_command("launch", "on", level=2, until="tonight", because="x")
    with pytest.raises(CommandError, match="future"):
        call_command("launch", "on", level=2, until="2020-01-01T00:00Z", because="x")
