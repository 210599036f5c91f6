"""What the registry takes as a number, and what meters count of it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from events import EventType, WrongProperty, registry
from metering.definitions import values

SCALE = EventType("Scale Read", {"value": int | float | Decimal})


@given(st.integers() | st.floats() | st.decimals())
@example(2**63 - 1)
@example(1e-30)
@example(1.5e-30)
@example(-5e-324)
@example(1.2345678901234567e-14)
@example(Decimal("1e-18"))
def test_every_number_that_may_be_recorded_is_counted_exactly(value: int | float | Decimal):
    try:
        recorded = SCALE.validated({"value": value})["value"]
    except WrongProperty:
        return  # with a reason that is counted, not left out in silence
    counted = values.number(recorded)
    assert counted is not None
    assert Fraction(counted) == Fraction(str(value))


def test_events_refuse_what_meters_would_leave_out():
    assert registry.FLOAT_DECIMALS == values.DECIMALS
    assert registry.DECIMALS <= values.DECIMALS
    assert registry.BOUND <= 10**values.DIGITS
