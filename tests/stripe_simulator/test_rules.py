"""The rules by themselves: periods, proration, encoding, and the SDK's own tables."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from stripe_simulator import form
from stripe_simulator.money import money
from stripe_simulator.registry import simulated
from stripe_simulator.rules.periods import boundary_after
from stripe_simulator.rules.proration import prorated
from stripe_simulator.sdk_routes import real_route, routes
from stripe_simulator.shapes import shape


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_the_last_day_of_january_bills_on_the_last_day_of_each_month() -> None:
    anchor, found = at("2026-01-31"), []
    instant = anchor
    for _ in range(4):
        instant = boundary_after(instant, anchor=anchor, interval="month")
        found.append(instant)
    days = ("2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31")
    assert found == [at(day) for day in days]


@given(
    anchor=st.integers(at("2020-01-01"), at("2030-01-01")),
    later=st.integers(0, 400 * 24 * 3600),
    interval=st.sampled_from(["day", "week", "month", "year"]),
    count=st.integers(1, 6),
)
def test_a_boundary_is_later_and_no_boundary_lies_between(
    anchor: int, later: int, interval: str, count: int
) -> None:
    instant = anchor + later
    found = boundary_after(instant, anchor=anchor, interval=interval, count=count)
    assert found > instant
    assert boundary_after(found - 1, anchor=anchor, interval=interval, count=count) == found


@pytest.mark.parametrize(("amount", "expected"), [(1000, 166), (3252, 541)])
def test_proration_agrees_with_stripes_worked_example(amount: int, expected: int) -> None:
    start, end, moment = 1596749288, 1599427688, 1598982148
    assert prorated(amount, at=moment, start=start, end=end) == expected


@given(
    amount=st.integers(0, 10**7), start=st.integers(0, 10**9), length=st.integers(1, 10**8),
    share=st.floats(0, 1),
)  # fmt: skip
def test_what_is_used_and_what_is_left_make_the_whole(
    amount: int, start: int, length: int, share: float
) -> None:
    moment = start + int(length * share)
    left = prorated(amount, at=moment, start=start, end=start + length)
    used = prorated(amount, at=start + length - (moment - start), start=start, end=start + length)
    assert abs(left + used - amount) <= 1


_TEXT = st.text("ab=&[] é", max_size=4)
_NAME = st.text("abc_", min_size=1, max_size=3)


@given(st.dictionaries(_NAME, _TEXT | st.dictionaries(_NAME, _TEXT, min_size=1), max_size=4))
def test_what_the_sdk_encodes_is_decoded_to_the_same(params: dict[str, object]) -> None:
    assert form.decode(urlencode(list(_api_encode(params)))) == params


def test_a_list_without_positions_is_read_in_order() -> None:
    decoded = form.decode("items[][price]=a&items[][quantity]=2&items[][price]=b&expand[]=x")
    assert decoded == {
        "items": {"0": {"price": "a", "quantity": "2"}, "1": {"price": "b"}},
        "expand": {"0": "x"},
    }


def test_the_sdk_names_hundreds_of_routes_and_every_simulated_one() -> None:
    assert len(routes()) > 500
    assert len(simulated()) >= 60
    assert real_route("POST", "/v1/billing/meter_events")
    assert real_route("POST", "/v1/invoices/create_preview")
    assert not real_route("POST", "/v1/teapots")


def test_an_object_cannot_miss_or_invent_an_attribute() -> None:
    with pytest.raises(TypeError, match="missing"):
        shape(stripe.Product, id="prod_1")
    with pytest.raises(TypeError, match="unknown"):
        shape(stripe.Event.Request, teapot=1)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (2900, "usd", "$29.00"),
        (-166, "eur", "-€1.66"),
        (5000, "jpy", "¥5,000"),
        (1, "sek", "SEK 0.01"),
    ],
)
def test_amounts_are_written_as_people_read_them(amount: int, currency: str, text: str) -> None:
    assert money(amount, currency) == text
