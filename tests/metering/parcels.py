"""A product that counts parcels: a meter of each kind, with filters and dimensions; and a naive count.

The naive count reads raw events one by one, in Python, with fractions: nothing of it is shared with
what it checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st

from events import Event, EventType, registry
from metering import Meter
from metering.definitions import catalogue

PARCEL_SENT = EventType(
    "Parcel Sent",
    {
        "grams": int,
        "price": Decimal,
        "degrees": float,
        "to": str | None,
        "fragile": bool | None,
        "box": UUID | None,
    },
)
METERS = [
    Meter(
        key="parcels",
        label="P",
        event="Parcel Sent",
        aggregation="count",
        group_by=("to", "person"),
    ),
    Meter(key="grams", label="G", event="Parcel Sent", aggregation="sum", property="grams"),
    Meter(
        key="earned",
        label="E",
        event="Parcel Sent",
        aggregation="sum",
        property="price",
        filters={"fragile": True, "to": ("Oslo", "Lima", "x" * 300)},
        group_by=("to",),
    ),
    Meter(
        key="sturdy",
        label="T",
        event="Parcel Sent",
        aggregation="count",
        excludes={"fragile": True, "to": ("Lima", "Oslo")},
        group_by=("to",),
    ),
    Meter(
        key="hottest",
        label="H",
        event="Parcel Sent",
        aggregation="max",
        property="degrees",
        group_by=("fragile",),
    ),
    Meter(
        key="newest",
        label="N",
        event="Parcel Sent",
        aggregation="latest",
        property="degrees",
        group_by=("to",),
    ),
    Meter(
        key="places",
        label="PL",
        event="Parcel Sent",
        aggregation="unique",
        property="to",
        group_by=("fragile",),
    ),
    Meter(
        key="senders",
        label="S",
        event="Parcel Sent",
        aggregation="unique",
        property="person",
        period="lifetime",
    ),
    Meter(key="boxes", label="B", event="Parcel Sent", aggregation="unique", property="box"),
]
BY_KEY = {meter.key: meter for meter in METERS}


@pytest.fixture
def parcels(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """The product of this test counts parcels, and nothing else."""
    monkeypatch.setitem(registry._registered, PARCEL_SENT.name, PARCEL_SENT)
    define(monkeypatch, METERS)
    yield
    catalogue.meters.cache_clear()


def define(monkeypatch: pytest.MonkeyPatch, meters: Sequence[Meter]) -> None:
    """Let the product have these meters; undone with the test."""
    from django.conf import settings

    module = import_module(f"{settings.PRODUCT_APP}.catalogue")
    monkeypatch.setattr(module, "METERS", list(meters))
    catalogue.meters.cache_clear()


NOON = datetime(2026, 10, 24, 12, tzinfo=UTC)  # Europe changes its clocks in the next night
PEOPLE = [None, *(UUID(int=number) for number in (1, 2, 3))]
PLACES = [None, "Oslo", "Lima", "", "8:Oslo-", 'a"b\\c,{d}\n', "Ærø 🎁", "x" * 300, "x" * 299 + "y"]
PRICES = ["0.1", "0.20", "-3", "1E+3", "1e-30", "99999999999999999999.5", "1e999", "none", "1_0"]
DEGREES = [0.1, 0.2, -0.0, 1e-7, 1.5, 1e22, 1e300, 3, 10**40, None, "4", True]


def parcels_sent(
    *, most: int = 30, seconds: int = 2 * 86400
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """What arrives, as keyword arguments of `sent`: few ids, so that many come twice."""
    return st.lists(
        st.fixed_dictionaries(
            {
                "number": st.integers(1, most),
                "seconds": st.integers(-seconds, seconds),
                "waited": st.sampled_from([0, 1, 299, 300, 331, 359, 360, 361, 86400]),
                "tenant": st.sampled_from(["w_acme", "w_acme", 'w "quoted\\', None]),
                "person": st.sampled_from(PEOPLE),
                "to": st.sampled_from(PLACES),
                "fragile": st.sampled_from([None, True, False]),
                "grams": st.integers(-(10**12), 10**12),
                "price": st.sampled_from(PRICES),
                "degrees": st.sampled_from(DEGREES),
                "box": st.sampled_from(PEOPLE),
            }
        ),
        max_size=most,
    )


def sent(
    *,
    number: int,
    seconds: float = 0,
    waited: float = 0,
    tenant: str | None = "w_acme",
    person: UUID | None = None,
    box: UUID | None = None,
    **properties: Any,
) -> Event:
    """A parcel, so many seconds from NOON, received `waited` seconds later."""
    time = NOON + timedelta(seconds=seconds)
    told = {"box": None if box is None else str(box), **properties}
    return Event(
        id=UUID(int=number),
        name="Parcel Sent",
        time=time,
        received_at=time + timedelta(seconds=waited),
        tenant=tenant,
        person=person,
        properties={key: value for key, value in told.items() if value is not None},
    )


def naive(
    meter: Meter, events: Sequence[Event], *, late_after: float = 300
) -> tuple[Fraction, int, int] | None:
    """(value, count, late) of these events, or None when the meter counts none of them."""
    counted = [(event, _value(meter, event)) for event in events if _passes(meter, event)]
    counted = [(event, value) for event, value in counted if value is not None]
    if not counted:
        return None
    late = 0
    for event, _ in counted:
        minute_end = event.time.replace(second=0, microsecond=0) + timedelta(minutes=1)
        late += event.received_at > minute_end + timedelta(seconds=late_after)
    values = [value for _, value in counted]
    if meter.aggregation in ("count", "sum"):
        result = sum(values, Fraction(0))
    elif meter.aggregation == "max":
        result = max(values)
    elif meter.aggregation == "latest":
        result = max(((e.time, e.id), value) for e, value in counted)[1]
    else:
        result = Fraction(len(set(values)))
    return result, len(counted), late


def group_of(event: Event, names: Sequence[str]) -> tuple[str | None, ...]:
    """The event's values of these dimensions, long ones as they are."""
    return tuple(_text(event, name) for name in names)


def _value(meter: Meter, event: Event) -> Any:
    if meter.aggregation == "count":
        return Fraction(1)
    if meter.aggregation == "unique":
        return _text(event, str(meter.property))
    value = event.properties.get(str(meter.property))
    if isinstance(value, bool) or value is None:
        return None
    try:
        exact = Fraction(repr(value) if isinstance(value, float) else value)
    except ValueError:
        return None
    if isinstance(value, str) and ("_" in value or "/" in value):
        return None
    fits = abs(exact) < 10**30 and (exact * 10**30).denominator == 1
    return exact if fits else None


def _passes(meter: Meter, event: Event) -> bool:
    for name, wanted in meter.filters.items():
        values: Any = wanted if isinstance(wanted, tuple) else (wanted,)
        if event.properties.get(name) not in values:
            return False
    for name, unwanted in meter.excludes.items():
        values = unwanted if isinstance(unwanted, tuple) else (unwanted,)
        if event.properties.get(name) in values:
            return False
    return event.tenant is not None and event.name == meter.event


def _text(event: Event, name: str) -> str | None:
    if name == "person":
        return None if event.person is None else str(event.person)
    value = event.properties.get(name)
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def by_tenant(events: Sequence[Event]) -> Mapping[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        if event.tenant is not None:
            found.setdefault(event.tenant, []).append(event)
    return found
