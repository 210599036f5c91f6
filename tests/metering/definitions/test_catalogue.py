from decimal import Decimal
from uuid import UUID

import pytest

from events import EventType, registry
from metering import Meter, checks, definitions
from metering.definitions import catalogue
from metering.definitions.limit import UsagePrice
from metering.definitions.meter import CatalogueError


@pytest.fixture
def parcels(monkeypatch):
    types = {
        "grams": int,
        "tip": int | None,
        "to": str,
        "price": Decimal,
        "degrees": float,
        "fragile": bool | None,
        "box": UUID,
        "person": str,
    }
    monkeypatch.setitem(registry._registered, "Parcel Sent", EventType("Parcel Sent", types))


def a_meter(**changes):
    count = {"key": "parcels", "label": "Parcels", "event": "Parcel Sent", "aggregation": "count"}
    return Meter(**{**count, **changes})


def test_the_products_meters_are_in_order_and_found_by_key():
    assert list(catalogue.meters()) == [meter.key for meter in catalogue.meters().values()]
    assert checks.check_catalogue() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "Parcels!"}, "small letters"),
        ({"key": "p" * 61}, "at most 60"),
        ({"event": "Parcel Lost"}, "no app registered the event"),
        ({"aggregation": "mean"}, '"mean" is none of count, sum, max, latest, unique'),
        ({"period": "week"}, 'the period "week" is none of'),
        ({"property": "grams"}, "a count has no property"),
        ({"aggregation": "sum"}, "needs a number property"),
        ({"aggregation": "sum", "property": "to"}, "needs a number property"),
        ({"aggregation": "max", "property": "tip"}, "always given"),
        ({"aggregation": "latest", "property": "box"}, "needs a number property"),
        ({"aggregation": "unique"}, 'a property, "person" or "anonymous_id"'),
        ({"aggregation": "unique", "property": "nothing"}, 'has no property "nothing"'),
        ({"aggregation": "unique", "property": "price"}, "cannot be counted"),
        ({"filters": {"nothing": 1}}, 'has no property "nothing"'),
        ({"filters": {"to": ()}}, "lets nothing through"),
        ({"filters": {"to": 5}}, '"to" is never 5: it is str'),
        ({"filters": {"fragile": "true"}}, '"fragile" is never .true.: it is bool'),
        ({"filters": {"grams": True}}, '"grams" is never True: it is int'),
        ({"filters": {"price": Decimal(1)}}, '"price" is never'),
        ({"group_by": "to"}, r'must be a tuple: \("to",\)'),
        ({"group_by": ("to", "to")}, "twice"),
        ({"group_by": ("degrees",)}, "must be a text, int, flag or UUID"),
        ({"group_by": ("nothing",)}, 'has no property "nothing"'),
        ({"group_by": ("person",)}, "could mean two things"),
    ],
)
def test_a_meter_that_contradicts_itself_is_refused_in_words(parcels, changes, words):
    with pytest.raises(CatalogueError, match=words):
        definitions.check(a_meter(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"aggregation": "sum", "property": "grams"},
        {"aggregation": "max", "property": "degrees"},
        {"aggregation": "latest", "property": "price"},
        {"aggregation": "unique", "property": "anonymous_id"},
        {"aggregation": "unique", "property": "box"},
        {"filters": {"fragile": True, "to": ("Oslo", "Lima"), "degrees": 3}},
        {"group_by": ("to", "fragile", "box")},
    ],
)
def test_a_meter_that_can_be_counted_is_fine(parcels, changes):
    definitions.check(a_meter(**changes))


def test_a_usage_price_is_for_at_least_one_unit():
    assert UsagePrice(5, 1000).per == 1000
    for amount, per in ((-1, 1), (1, 0)):
        with pytest.raises(ValueError, match="usage price"):
            UsagePrice(amount, per)
