"""What our own code may record by mistake, or pass on from outside: refused with a reason, counted."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import events
from events import EventRefused, EventType, UnknownEvent, refusals, registry
from events.errors import NotOpen, Undecodable, WrongProperty
from events.json_values import loads, properties_of

CRATE = EventType(
    "Crate Filled",
    {"count": int, "weight": float | None, "worth": Decimal | None, "to": UUID | None},
)


def record(**details):
    details.setdefault("properties", {"floor": 1})
    return events.record("Door Opened", **details)


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"properties": {"floor": 10**30}}, "wrong_property"),
        ({"properties": {"floor": 10**400}}, "wrong_property"),
        ({"properties": {"floor": 1, "force": float("nan")}}, "wrong_property"),
        ({"properties": {"floor": 1, "force": float("inf")}}, "wrong_property"),
        ({"properties": {"floor": 1, "force": 1e300}}, "wrong_property"),
        ({"properties": {"floor": 1, "who": "x" * 1_000_000}}, "too_large"),
        ({"properties": {"floor": 1} | {f"p{n}": n for n in range(10_000)}}, "wrong_property"),
        ({"properties": {"floor": 1, "who": "a\0"}}, "wrong_property"),
        ({"properties": {"floor": 1, "who": "\ud800"}}, "wrong_property"),
        ({"properties": {"floor": 1, "x" * 10_000: 1}}, "wrong_property"),
        ({"anonymous_id": "a\0"}, "wrong_property"),
        ({"context": {"source": "\ud800"}}, "wrong_property"),
        ({"time": datetime.min.replace(tzinfo=UTC)}, "wrong_time"),
        ({"time": datetime.max.replace(tzinfo=UTC)}, "wrong_time"),
        ({"time": datetime(2026, 1, 1)}, "wrong_time"),
    ],
)
def test_it_is_refused_with_a_reason_that_is_counted_and_nothing_is_sent(log, details, reason):
    before = refusals.totals().get(reason, 0)
    with pytest.raises(EventRefused) as refused:
        record(**details)
    assert refused.value.reason == reason
    assert len(str(refused.value)) < 300
    assert refusals.totals()[reason] == before + 1
    assert log.waiting() == 0


def test_the_edges_of_time_are_taken(log, empty_outbox):
    now = datetime.now(UTC)
    record(time=now - timedelta(days=399))
    record(time=now + timedelta(minutes=9))
    log.settle()
    assert len(log.ids()) == 2


@pytest.mark.parametrize(
    "worth", ["1E+400", "1E+999999", "-1E+99999", "NaN", "sNaN", "Infinity", "1E-19", "9" * 30]
)
def test_a_decimal_that_a_store_could_not_sum_is_refused(worth):
    with pytest.raises(WrongProperty):
        CRATE.validated({"count": 1, "worth": Decimal(worth)})


def test_a_decimal_is_written_without_an_exponent():
    assert CRATE.validated({"count": 1, "worth": Decimal("1E+5")})["worth"] == "100000"
    assert CRATE.validated({"count": 1, "worth": Decimal("1E-7")})["worth"] == "0.0000001"


def test_a_name_is_open_to_callers_only_when_it_says_so():
    with pytest.raises(NotOpen, match="recorded by us alone"):
        registry.get_external("Door Opened")
    with pytest.raises(UnknownEvent):
        registry.get_external("Nobody Knows")


def test_a_format_belongs_to_a_text():
    with pytest.raises(ValueError, match="is no text"):
        EventType("Crate Lost", {"count": int}, formats={"count": "[0-9]"})


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text()
quick = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@quick
@given(
    st.dictionaries(
        st.sampled_from([*CRATE.properties, "x"]), scalars | st.lists(scalars, max_size=2)
    )
)
def test_any_values_are_either_refused_or_fit_for_every_store(data):
    try:
        valid = CRATE.validated(properties_of(CRATE, data))
    except WrongProperty:
        return
    assert type(valid["count"]) is int
    for number in (valid["count"], float(valid.get("weight", 0)), Decimal(valid.get("worth", 0))):
        assert abs(number) < 2**63
    assert UUID(valid.get("to", str(UUID(int=0))))


@quick
@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_are_json_or_refused(body):
    with suppress(Undecodable):
        loads(body)
