"""What a reader does with the log: in both kinds of places, with the real store and real rows."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from events.readers import NotNow, Reader, control, standings
from events.readers.following import Came, Following
from events.readers.pages import Pages
from events.store import get_store
from tests.events.log import an_event, both_stores
from tests.events.readers.conftest import write


def store(log, count: int, **properties) -> list:
    events = [an_event(floor=n, **properties) for n in range(count)]
    log.store.append(events)
    return [event.id for event in events]


def drain(following, *, steps: int = 100) -> Came:
    """Step until there is nothing; what waits for a pause is tried at once."""
    now = datetime.now(UTC)
    for _ in range(steps):
        now += timedelta(minutes=2)
        came = following.step(now=now)
        if came is Came.NOTHING:
            return came
    raise AssertionError("It goes on for ever.")


@both_stores
def test_each_event_comes_once_in_the_order_of_storing(log, follow, seen):
    ids = store(log, 7) + store(log, 1)
    following = follow(at_once=3)
    drain(following)
    assert seen() == ids
    more = store(log, 2)
    drain(following)
    drain(following.another())
    assert seen() == ids + more


def test_what_was_stored_before_its_first_run_is_had_or_skipped_as_it_says(log, follow, seen):
    old = store(log, 2)
    late = follow("late", starts="now")
    drain(late)
    assert seen() == []
    new = store(log, 1)
    drain(late)
    assert seen() == new
    drain(follow("early", starts="beginning"))
    assert seen() == new + old + new


def test_only_events_of_the_names_it_wants_come(log, follow, seen):
    log.store.append([an_event("A"), wanted := an_event("B")])
    following = follow(names=["B"])
    drain(following)
    assert seen() == [wanted.id]
    assert standings()[0].behind == 0


def test_what_the_handler_wrote_and_its_position_are_committed_together_or_not_at_all(
    log, follow, seen
):
    ids = store(log, 3)

    faults = [LookupError("after it has written")]

    def once_broken(events, session):
        write(events, session)
        if faults:
            raise faults.pop()

    following = follow(handle=once_broken)
    assert following.step() is Came.FAILED
    assert seen() == []
    [standing] = standings()
    assert (standing.events, standing.behind, standing.tries) == (0, 3, 1)
    assert standing.reason == "LookupError: after it has written"
    drain(following)
    assert seen() == ids
    assert standings()[0].reason == ""


def test_a_failure_is_not_tried_again_at_once(log, follow):
    store(log, 1, bad=True)
    following = follow()
    assert following.step() is Came.FAILED
    assert following.step() is Came.NOTHING


@pytest.mark.parametrize("at_once", [1, 4, 100])
def test_events_that_always_fail_are_put_aside_with_their_reason_and_the_others_go_on(
    log, follow, seen, at_once
):
    good = store(log, 3)
    bad = store(log, 2, bad=True)
    good += store(log, 6)
    following = follow(at_once=at_once, tries=2)
    drain(following)
    assert seen() == good
    asides = control.asides(following.reader)
    assert [str(event) in aside.payload.replace("-", "") or event.hex in aside.payload
            for event, aside in zip(bad, asides, strict=True)] == [True, True]  # fmt: skip
    assert all("division by zero" in aside.reason for aside in asides)
    [standing] = standings()
    assert (standing.aside, standing.behind, standing.reason) == (2, 0, "")


def test_it_fails_as_often_as_it_says_before_anything_is_put_aside(log, follow):
    store(log, 1, bad=True)
    following = follow(tries=3)
    now = datetime.now(UTC)
    for tries in (1, 2):
        now += timedelta(minutes=2)
        following.step(now=now)
        assert (standings()[0].tries, standings()[0].aside) == (tries, 0)
    following.step(now=now + timedelta(minutes=2))
    assert standings()[0].aside == 1


def test_an_event_that_was_put_aside_is_handled_once_when_it_is_retried(log, follow, seen):
    [bad] = store(log, 1)
    is_mended = threading.Event()

    def handle(events, session):
        if not is_mended.is_set():
            raise LookupError("not yet")
        write(events, session)

    following = follow(handle=handle, tries=1)
    drain(following)
    assert control.retry(following.reader) == control.Retried(handled=0, failed=1)
    assert standings()[0].aside == 1
    is_mended.set()
    assert control.retry(following.reader) == control.Retried(handled=1, failed=0)
    assert control.retry(following.reader) == control.Retried(handled=0, failed=0)
    assert seen() == [bad]


def test_an_event_that_was_put_aside_can_be_dropped(log, follow):
    store(log, 2, bad=True)
    following = follow(tries=1)
    drain(following)
    [first, _] = control.asides(following.reader)
    assert control.drop(following.reader, ids=[first.id]) == 1
    assert control.drop(following.reader) == 1
    assert standings()[0].aside == 0


def test_a_reader_with_too_many_put_aside_waits_and_loses_none(log, follow, seen):
    store(log, 3, bad=True)
    good = store(log, 1)
    following = follow(tries=1, most_aside=2, at_once=1)
    now = datetime.now(UTC)
    for _ in range(12):
        now += timedelta(minutes=2)
        following.step(now=now)
    assert (standings()[0].aside, seen()) == (2, [])
    assert "division" in standings()[0].reason
    control.drop(following.reader)
    drain(following)
    assert seen() == good


@pytest.mark.parametrize("error", [NotNow("busy"), ConnectionError(), TimeoutError()])
def test_what_is_away_is_waited_for_and_nothing_is_put_aside(log, follow, error):
    store(log, 1)

    def away(events, session):
        raise error

    following = follow(handle=away, tries=1)
    now = datetime.now(UTC)
    for _ in range(9):
        now += timedelta(minutes=2)
        assert following.step(now=now) is Came.FAILED
    assert (standings()[0].aside, standings()[0].tries, standings()[0].behind) == (0, 0, 1)


def test_a_reader_that_is_paused_stands_still_until_it_is_resumed(log, follow, seen):
    following = follow()
    control.pause(following.reader)
    ids = store(log, 2)
    assert drain(following) is Came.NOTHING
    assert seen() == []
    assert standings()[0].paused_at
    control.resume(following.reader)
    drain(following)
    assert seen() == ids


def test_a_replay_hands_over_again_what_was_stored_since_an_instant(log, follow, seen):
    old = store(log, 2)
    instant = datetime.now(UTC)
    new = store(log, 2)
    following = follow(at_once=1)
    drain(following)
    control.replay(following.reader, since=instant)
    drain(following.another())
    assert seen() == old + new + new
    control.replay(following.reader, since=None)
    drain(following.another())
    assert seen() == old + new + new + old + new


def test_a_replay_is_noticed_by_a_process_that_has_pages_in_hand(log, follow, seen):
    ids = store(log, 4)
    following = follow(at_once=2)
    following.step()
    control.replay(following.reader, since=None)
    drain(following)
    assert seen() == ids[:2] + ids


def test_two_readers_of_one_place_do_not_disturb_each_other(log, follow, seen):
    ids = store(log, 1)
    one, two = follow("one"), follow("two")
    drain(one)
    control.pause(one.reader)
    drain(two)
    assert seen() == ids + ids


def test_a_store_that_is_away_is_said_and_the_reader_goes_on_afterwards(
    log, follow, seen, settings
):
    ids = store(log, 1)
    following = follow()
    drain(following)
    ids += store(log, 1)
    there = settings.EVENTS_DATABASE_URL
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    away = get_store().order
    assert Following(following.reader, order=away, pages=Pages(away)).step() is Came.FAILED
    assert standings()[0].unknown == "store"
    settings.EVENTS_DATABASE_URL = there
    assert seen() == ids[:1]
    drain(following)
    assert seen() == ids


def test_what_a_purge_erases_is_not_kept_aside(log, follow):
    log.store.append([an_event(tenant="w_acme", bad=True), an_event(tenant="w_globex", bad=True)])
    following = follow(tries=1)
    drain(following)
    assert control.erase("w_acme") == 1
    assert [aside.tenant for aside in control.asides(following.reader)] == ["w_globex"]


def test_a_name_is_of_one_reader(registry):
    registry.register(Reader("one", print))
    registry.register(Reader("one", print))
    with pytest.raises(ValueError, match="already"):
        registry.register(Reader("one", repr))
    with pytest.raises(ValueError, match="is no name"):
        Reader("No name!", print)
    with pytest.raises(LookupError, match="there are: one"):
        registry.get("two")
