"""The events of one human, newest first, page by page: the same tests for each kind of store."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from events import Event
from events.store import TimelineMark, maintenance, timeline
from tests.events.log import Log, an_event, both_stores

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0)
DAY = timedelta(days=1)
ADA, BOB = UUID(int=0xADA), UUID(int=0xB0B)


@pytest.fixture(autouse=True)
def thirty_days(settings, tmp_path):
    settings.EVENTS_RETENTION_DAYS = 30
    settings.EVENTS_ARCHIVE_DIR = tmp_path / "archive"


def of(person: UUID | None = None, browser: str | None = None, **said) -> Event:
    """An event of a person, of a browser, or of both."""
    said = {"time": NOW, **said}
    return msgspec.structs.replace(an_event(**said), person=person, anonymous_id=browser)


def newest_first(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda each: (each.time, each.id), reverse=True)


def walked(log: Log, persons=(), browsers=(), *, limit=7, between=lambda: None, **only):
    """All pages, one after the other; `between` happens after each."""
    found: list[Event] = []
    mark = None
    while True:
        page = log.store.timeline(persons, browsers, before=mark, limit=limit, **only)
        assert len(page.events) <= limit
        found += page.events
        if page.next is None:
            return found
        mark = TimelineMark.of(str(page.next))
        assert mark == page.next
        between()


@both_stores
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_of_any_size_give_each_event_once_newest_first(log, limit):
    times = [NOW - n * timedelta(hours=5) for n in range(30)]
    mine = [of(ADA, time=time, id=uuid4()) for time in times]
    browsed = [of(None, "laptop", time=time, id=uuid4()) for time in times[::3]]
    signed_in = [of(ADA, "laptop", time=times[4])]
    others = [of(BOB, "laptop"), of(BOB), of(None, "phone"), of()]
    log.store.append([*mine, *browsed, *signed_in, *others])
    assert walked(log, [ADA], ["laptop"], limit=limit) == newest_first(
        [*mine, *browsed, *signed_in]
    )
    assert walked(log, [ADA], limit=limit) == newest_first([*mine, *signed_in])
    assert walked(log, [], ["laptop"], limit=limit) == newest_first(browsed)
    assert walked(log, [BOB, ADA], ["laptop", "phone"], limit=limit) == newest_first(
        [*mine, *browsed, *signed_in, *others[:3]]
    )
    assert walked(log, [], []) == walked(log, [uuid4()], ["a tablet, 100 %s of '\\it"]) == []


@both_stores
def test_events_of_one_moment_are_told_apart_by_their_ids(log):
    moment = NOW + timedelta(microseconds=123_457)
    some = [of(ADA, id=uuid4(), time=moment + timedelta(microseconds=n % 2)) for n in range(40)]
    log.store.append(some)
    assert walked(log, [ADA], limit=3) == newest_first(some)


@both_stores
def test_events_that_arrive_between_pages_make_no_gaps_and_no_doubles(log):
    there = [of(ADA, time=NOW - n * DAY / 2) for n in range(40)]
    log.store.append(there)
    late: list[Event] = []

    def arrive():
        late.extend(
            [of(ADA, time=NOW), of(ADA, time=NOW - 11 * DAY), of(ADA, time=NOW - 19.9 * DAY)]
        )
        log.store.append(late[-3:])

    found = walked(log, [ADA], between=arrive)
    assert [event for event in found if event not in late] == there
    assert found == newest_first(found)
    assert len({event.id for event in found}) == len(found)
    last = [event for event in late if event.time == NOW - 19.9 * DAY]
    assert {event.id for event in last[:2]} <= {event.id for event in found}, "ahead of the mark"


@both_stores
def test_filters_leave_out_others(log):
    some = [
        of(ADA, name=name, tenant=tenant, time=NOW - n * DAY)
        for n in range(6)
        for name in ("A", "B")
        for tenant in ("w_acme", "w_globex", None)
    ]
    log.store.append(some)

    def wanted(check):
        return newest_first([event for event in some if check(event)])

    assert walked(log, [ADA], names=["A"]) == wanted(lambda each: each.name == "A")
    assert walked(log, [ADA], names=["A", "C"], tenant="w_acme") == wanted(
        lambda each: each.name == "A" and each.tenant == "w_acme"
    )
    assert walked(log, [ADA], tenant="w_none") == []
    start, end = NOW - 4 * DAY, NOW - DAY
    assert walked(log, [ADA], start=start, end=end) == wanted(lambda each: start <= each.time < end)


@both_stores
def test_the_events_of_two_hundred_browsers_are_one_timeline(log):
    browsers = [f"browser-{n}" for n in range(200)]
    some = [
        of(None, browser, time=NOW - timedelta(hours=n))
        for n, browser in enumerate(browsers + browsers[:50])
    ]
    log.store.append([*some, *(of(BOB, browser) for browser in browsers)])
    assert walked(log, [ADA], browsers, limit=50) == newest_first(some)


@both_stores
def test_days_that_went_to_files_are_read_from_them_a_few_for_a_page(log):
    old = [of(ADA, time=NOW - (40 + n) * DAY) for n in range(9)]
    browsed = [of(None, "laptop", time=NOW - (40 + n) * DAY, name="B") for n in range(9)]
    new = [of(ADA, time=NOW - n * DAY) for n in range(5)]
    log.store.append([*old, *browsed, *new, of(BOB, "laptop", time=old[0].time)])
    log.store.maintain(NOW)
    assert len(maintenance.run(now=NOW)) == 9
    log.store.append([late := of(ADA, time=NOW - 43 * DAY)])
    everything = newest_first([*old, *browsed, *new, late])
    assert walked(log, [ADA], ["laptop"], limit=100) == everything
    assert walked(log, [ADA], ["laptop"], limit=2) == everything
    page = log.store.timeline([ADA], ["laptop"], before=None, limit=100)
    assert (page.archived, page.next is None) == (True, False)
    assert list(page.events) == everything[: len(page.events)]
    assert walked(log, [ADA], ["laptop"], names=["B"]) == newest_first(browsed)
    assert walked(log, [ADA], start=old[3].time) == newest_first([*old[:4], *new, late])
    [_, brought] = sorted((log_file for log_file in files(log)), reverse=True)[:2]
    log.store.retention.restore(brought)
    assert walked(log, [ADA], ["laptop"], limit=4) == everything


def files(log):
    from events.store import shelf

    return [file.path for file in shelf.chosen().files()]


@both_stores
def test_a_long_walk_over_many_days_gives_short_pages_rather_than_slow_ones(log, monkeypatch):
    monkeypatch.setattr(timeline, "DAYS", 8)
    some = [of(ADA, time=NOW - n * DAY, name="A" if n == 25 else "B") for n in range(26)]
    log.store.append(some)
    page = log.store.timeline([ADA], [], before=None, limit=5, names=["A"])
    assert (list(page.events), page.archived, page.next is None) == ([], False, False)
    assert walked(log, [ADA], names=["A"]) == some[25:]
    assert walked(log, [ADA], limit=10) == some


@both_stores
def test_what_is_noted_of_days_leaves_nobody_out(log):
    """Notes are made of days that are over; late events are found before these days are noted again."""
    chance = random.Random(7)  # noqa: S311 (nothing secret)
    stored: list[Event] = []
    for _ in range(3):
        some = [
            of(chance.choice([ADA, BOB]), time=NOW - chance.randrange(28) * DAY) for _ in range(40)
        ]
        log.store.append(some)
        stored += some
        ours = newest_first([event for event in stored if event.person == ADA])
        assert walked(log, [ADA], limit=9) == ours
        log.store.maintain(NOW)
        assert walked(log, [ADA], limit=9) == ours


@both_stores
def test_a_page_and_a_human_have_bounds(log):
    for limit in (0, timeline.LONGEST + 1):
        with pytest.raises(ValueError, match="A page has"):
            log.store.timeline([ADA], [], before=None, limit=limit)
    with pytest.raises(ValueError, match="at most"):
        log.store.timeline([ADA], [str(n) for n in range(1_000)], before=None, limit=1)
    with pytest.raises(ValueError, match="nonsense"):
        TimelineMark.of("nonsense")
