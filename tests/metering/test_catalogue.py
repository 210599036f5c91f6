import pytest

from events import EventType, registry
from metering import Meter, catalogue, checks, definitions
from metering.catalogue import CatalogueError


@pytest.fixture
def parcels(monkeypatch):
    parcel = EventType("Parcel Sent", {"grams": int, "tip": int | None, "to": str})
    monkeypatch.setitem(registry._registered, "Parcel Sent", parcel)


def a_meter(**changes):
    return Meter(**{"key": "parcels", "label": "Parcels", "event": "Parcel Sent", **changes})


def test_the_products_meters_are_in_order_and_found_by_key():
    assert list(catalogue.meters()) == [meter.key for meter in catalogue.meters().values()]
    assert checks.check_catalogue() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "Parcels!", "aggregation": "count"}, "must be small letters"),
        ({"event": "Parcel Lost", "aggregation": "count"}, "no app registered the event"),
        ({"aggregation": "count", "property": "grams"}, "a count has no property"),
        ({"aggregation": "sum"}, "needs a number property"),
        ({"aggregation": "sum", "property": "to"}, "needs a number property"),
        ({"aggregation": "sum", "property": "tip"}, "always given"),
    ],
)
def test_a_meter_that_cannot_be_counted_is_refused_in_words(parcels, changes, words):
    with pytest.raises(CatalogueError, match=words):
        definitions.check(a_meter(**changes))


def test_a_meter_over_a_number_that_is_always_given_is_fine(parcels):
    definitions.check(a_meter(aggregation="sum", property="grams"))
