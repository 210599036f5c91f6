"""An answer is exact between any two instants, in any zone, for any groups: as if counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from metering.query import Question, ask
from metering.values import dimension
from tests.events.log import both_stores
from tests.metering.parcels import BY_KEY, METERS, NOON, group_of, naive, parcels_sent, sent

ZONES = ["UTC", "Europe/Oslo", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]
law = hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
    tail_from=st.sampled_from([0, 5_000]),
)
def test_an_answer_is_what_a_count_by_hand_finds(
    parcels, log, settings, arriving, asked, tail_from
):
    log.empty()
    settings.METERING_TAIL_FROM = tail_from
    half = len(arriving) // 2
    log.store.append([sent(**each) for each in arriving[:half]])
    log.store.append([sent(**each) for each in arriving[half:]])
    events = [event for event in log.store.find() if event.tenant == "w_acme"]
    answers = ask("w_acme", *asked, now=NOON + timedelta(days=3))
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
    told = {(_name(start, question), group): rest for (start, group), (_, _, *rest) in found.items()}
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
