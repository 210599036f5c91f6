"""An answer is exact between any two instants, in any zone, for any groups: as if counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from metering.asking.query import Question, WrongQuestion, ask_stored
from metering.definitions.values import dimension
from tests.events.log import both_stores
from tests.metering.parcels import BY_KEY, METERS, NOON, group_of, naive, parcels_sent, sent

ZONES = ["UTC", "Europe/Oslo", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]
law = hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def instants(draw):
    """Near the events, often at the edge of a bucket, and sometimes a little off it."""
    moment = NOON + timedelta(seconds=draw(st.integers(-3 * 86400, 3 * 86400)))
    unit = draw(st.sampled_from([1, 60, 3600, 86400]))
    edge = datetime.fromtimestamp(moment.timestamp() // unit * unit, UTC)
    return edge + timedelta(microseconds=draw(st.sampled_from([0, 0, 1, -1, 500_000])))


@st.composite
def questions(draw):
    meter = draw(st.sampled_from(METERS))
    first, second = sorted([draw(instants()), draw(instants())])
    window = draw(st.sampled_from([None, "hour", "day", "month"]))
    start = first if window else draw(st.sampled_from([first, None]))
    filters = {}
    for name in meter.group_by:
        if draw(st.integers(0, 3)) == 0:
            chosen = {"to": [None, "Oslo", "x" * 300, "nowhere"], "fragile": ["true", None]}
            filters[name] = draw(st.lists(st.sampled_from(chosen.get(name, [None])), max_size=3))
    return Question(
        meter=meter.key,
        start=start,
        end=draw(st.sampled_from([second, second, None])),
        window=window,
        time_zone=draw(st.sampled_from(ZONES)),
        filters=filters,
        group_by=draw(st.permutations(meter.group_by))[: draw(st.integers(0, 2))],
    )


@both_stores
@law
@given(
    arriving=parcels_sent(seconds=2 * 86400 + 5000),
    asked=st.lists(questions(), max_size=4),
)
def test_an_answer_is_what_a_count_by_hand_finds(parcels, log, arriving, asked):
    log.empty()
    half = len(arriving) // 2
    log.store.append([sent(**each) for each in arriving[:half]])
    log.store.append([sent(**each) for each in arriving[half:]])
    events = [event for event in log.store.find() if event.tenant == "w_acme"]
    answers = ask_stored("w_acme", *asked, now=NOON + timedelta(days=3))
    for question, rows in zip(asked, answers, strict=True):
        _check(question, rows, events)


def _check(question, rows, events):
    meter = BY_KEY[question.meter]
    found = {}
    for row in rows:
        group = tuple(row.group[name] for name in question.group_by)
        assert (row.start, group) not in found
        found[row.start, group] = (row.start, row.end, Fraction(row.value), row.count, row.late)
    within = [
        event
        for event in events
        if (question.start is None or event.time >= question.start)
        and (question.end is None or event.time < question.end)
        and all(_kept(event, name) in _cut(wanted) for name, wanted in question.filters.items())
    ]
    groups = {}
    for event in within:
        group = tuple(_kept(event, name) for name in question.group_by)
        groups.setdefault((_label(event, question), group), []).append(event)
    expected = {key: naive(meter, of_group) for key, of_group in groups.items()}
    expected = {key: value for key, value in expected.items() if value is not None}
    if not (question.window or question.group_by or expected):
        assert [(row.value, row.count) for row in rows] == [(0, 0)]
        return
    told = {
        (_name(start, question), group): rest for (start, group), (_, _, *rest) in found.items()
    }
    assert told == {key: list(value) for key, value in expected.items()}


def _label(event, question):
    """The window of an event, by its local time: what a person reads off the clock."""
    return _name(event.time, question)


def _name(moment, question):
    if question.window is None or moment is None:
        return None
    local = moment.astimezone(ZoneInfo(question.time_zone))
    if question.window == "hour":
        return _hour(local, question.time_zone)
    return local.date() if question.window == "day" else (local.year, local.month)


def _hour(local, zone):
    if zone == "Australia/Lord_Howe":  # clocks there change by half an hour
        return (local.date(), local.hour)
    return (local.date(), local.hour, local.utcoffset())


def _kept(event, name):
    value = group_of(event, [name])[0]
    return value if value is None else dimension(value)


def _cut(wanted):
    return [value if value is None else dimension(value) for value in wanted]


def test_a_dashboard_asks_several_questions_at_once_and_gets_days_in_order(parcels, log):
    days = [sent(number=n + 3, seconds=n * 86400, grams=n, to="Oslo") for n in range(-2, 3)]
    log.store.append(days)
    start = NOON.replace(hour=0) - timedelta(days=2)
    by_day, total = ask_stored(
        "w_acme",
        Question(meter="grams", start=start, end=start + timedelta(days=5), window="day"),
        Question(meter="parcels"),
    )
    assert [row.value for row in by_day] == [-2, -1, 0, 1, 2]
    assert [(row.start, row.end, row.value) for row in total] == [(None, None, 5)]


def test_the_top_groups_are_the_largest_over_all_windows(parcels, log):
    places = ["Oslo"] * 3 + ["Lima"] * 4 + ["Bonn"] * 2
    log.store.append(
        [sent(number=n, seconds=n * 3600, to=place) for n, place in enumerate(places, 1)]
    )
    question = Question(
        meter="parcels", start=NOON, window="hour", group_by=["to"], top=2, end=NOON + timedelta(1)
    )
    [rows] = ask_stored("w_acme", question)
    assert {row.group["to"] for row in rows} == {"Lima", "Oslo"}
    assert len(rows) == 7


def test_over_all_workspaces_the_workspace_is_one_more_dimension(parcels, log):
    log.store.append([sent(number=n, tenant=f"w_{n % 3}") for n in range(1, 6)])
    grouped, only, everything = ask_stored(
        None,
        Question(meter="parcels", group_by=["tenant"]),
        Question(meter="parcels", filters={"tenant": ["w_1"]}),
        Question(meter="parcels"),
    )
    assert [(row.group["tenant"], row.value) for row in grouped] == [
        ("w_1", 2),
        ("w_2", 2),
        ("w_0", 1),
    ]
    assert (only[0].value, everything[0].value) == (2, 5)


def test_a_persons_visits_to_two_workspaces_are_one_person(parcels, log):
    someone = UUID(int=9)
    log.store.append([sent(number=n, tenant=f"w_{n}", person=someone) for n in (1, 2)])
    [[everybody]] = ask_stored(None, Question(meter="senders"))
    assert (everybody.value, everybody.count) == (1, 2)


def test_a_night_without_an_hour_is_a_day_of_23(parcels, log):
    oslo = ZoneInfo("Europe/Oslo")
    start = datetime(2027, 3, 28, tzinfo=oslo)  # clocks go forward
    question = Question(
        meter="parcels", start=start, end=start + timedelta(days=1), window="day",
        time_zone="Europe/Oslo",
    )  # fmt: skip
    moments = [start.astimezone(UTC) + timedelta(hours=23), start.astimezone(UTC)]
    log.store.append(
        [
            sent(number=n, seconds=(moment - NOON).total_seconds())
            for n, moment in enumerate(moments, 1)
        ]
    )
    [[day]] = ask_stored("w_acme", question)
    assert (day.value, day.end - day.start) == (1, timedelta(hours=23))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"group_by": ["grams"]}, 'has no dimension "grams"; it has person, to'),
        ({"filters": {"tenant": ["w_acme"]}}, 'has no dimension "tenant"'),
        ({"filters": {"to": "Oslo"}}, "a collection of values"),
        ({"window": "day"}, "Windows need a start"),
        ({"window": "week", "start": NOON}, 'not "week"'),
        ({"time_zone": "Europe/Atlantis"}, 'no time zone "Europe/Atlantis"'),
        ({"time_zone": "../etc/passwd"}, "no time zone"),
        ({"start": NOON.replace(tzinfo=None)}, "needs a time zone"),
        ({"group_by": ["to", "to"]}, "twice"),
        ({"top": 0, "group_by": ["to"]}, "at least one"),
        ({"top": 3}, "Only groups have a top"),
        ({"start": NOON - timedelta(days=300), "window": "minute"}, "more than 10,000 windows"),
    ],
)
def test_a_question_without_an_answer_is_refused_in_words(parcels, log, changes, words):
    with pytest.raises(WrongQuestion, match=words):
        ask_stored("w_acme", Question(meter="parcels", **changes), now=NOON)


def test_too_many_rows_are_refused(parcels, log, settings):
    settings.METERING_MOST_ROWS = 3
    log.store.append([sent(number=n, to=f"place {n}") for n in range(1, 5)])
    with pytest.raises(WrongQuestion, match="more than 3 rows"):
        ask_stored("w_acme", Question(meter="parcels", group_by=["to"]))
    [rows] = ask_stored("w_acme", Question(meter="parcels", group_by=["to"], top=3))
    assert len(rows) == 3


def test_an_unknown_meter_is_a_key_error_that_names_the_known_ones(parcels):
    with pytest.raises(KeyError, match="parcels"):
        ask_stored("w_acme", Question(meter="nothing"))


def test_no_question_needs_no_answer(parcels, log):
    assert ask_stored("w_acme") == []


def test_what_only_archived_events_could_answer_is_refused(parcels, log, settings, tmp_path):
    settings.EVENTS_ARCHIVE_DIR = tmp_path
    settings.EVENTS_RETENTION_DAYS = 30
    log.store.append([sent(number=n, seconds=n * 86400) for n in (0, 1)])
    log.store.retention.drop_before((NOON + timedelta(days=1)).date())
    later = NOON + timedelta(days=60)
    odd = NOON + timedelta(seconds=1)
    with pytest.raises(WrongQuestion, match="are archived"):
        ask_stored("w_acme", Question(meter="parcels", start=odd), now=later)
    [[whole]] = ask_stored("w_acme", Question(meter="parcels", start=NOON), now=later)
    assert whole.value == 2
