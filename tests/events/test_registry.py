from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from events import EventType, UnknownEvent, WrongProperty, refusals, registry

PARCEL = EventType(
    "Parcel Sent",
    {
        "grams": int,
        "height": float | None,
        "price": Decimal,
        "note": str | None,
        "to": UUID,
    },
)
FINE = {"grams": 5, "price": Decimal("1.10"), "to": UUID(int=7)}


def test_properties_become_json_values_and_none_is_left_out():
    assert PARCEL.validated({**FINE, "note": None}) == {
        "grams": 5,
        "price": "1.10",
        "to": "00000000-0000-0000-0000-000000000007",
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"grams": None}, 'needs its property "grams"'),
        ({"grams": "5"}, "grams must be int, not str"),
        ({"grams": 5.0}, "grams must be int, not float"),
        ({"grams": True}, "grams must be int, not bool"),
        ({"grams": 2**63}, "too large a number"),
        ({"price": Decimal("NaN")}, "must be a finite number"),
        ({"height": 1.5e-30}, "more than 30 digits after the point"),
        ({"height": 5e-324}, "more than 30 digits after the point"),
        ({"to": "7"}, "to must be UUID, not str"),
        ({"note": "a\0b"}, "must not contain NUL"),
        ({"note": "\ud800"}, "is not valid Unicode"),
        ({"colour": "red"}, 'has no property "colour"'),
    ],
)
def test_a_wrong_property_is_refused_in_words_that_name_it(change, words):
    with pytest.raises(WrongProperty, match=words):
        PARCEL.validated({**FINE, **change})


@pytest.mark.parametrize("name", ["link_clicked", "Clicked", "Link clicked", "Link  Clicked", ""])
def test_a_name_that_is_not_object_and_action_cannot_be_registered(name):
    with pytest.raises(ValueError, match="must be like"):
        EventType(name, {})


def test_a_property_type_that_json_cannot_carry_cannot_be_registered():
    with pytest.raises(ValueError, match="cannot be of type"):
        EventType("Parcel Lost", {"box": bytes})


def test_one_name_has_one_meaning():
    events.register(EventType("Parcel Found", {"grams": int}))
    events.register(EventType("Parcel Found", {"grams": int}))
    with pytest.raises(ValueError, match="registered already"):
        events.register(EventType("Parcel Found", {"grams": float}))
    registry._registered.pop("Parcel Found")


def test_an_unknown_name_is_refused_and_counted():
    before = refusals.totals().get("unknown_event", 0)
    with pytest.raises(UnknownEvent, match="Nobody Registered"):
        events.record("Nobody Registered")
    assert refusals.totals()["unknown_event"] == before + 1


def test_a_number_that_no_meter_could_count_is_refused_and_counted_for_our_own_code_too():
    events.register(EventType("Parcel Grown", {"height": float}))
    before = refusals.totals().get("wrong_property", 0)
    with pytest.raises(WrongProperty, match="30 digits"):
        events.record("Parcel Grown", properties={"height": 1e-31})
    assert refusals.totals()["wrong_property"] == before + 1
    registry._registered.pop("Parcel Grown")


@given(st.text())
def test_any_text_is_either_refused_or_fit_for_the_database(text):
    try:
        registry.storable(text, where="note")
    except WrongProperty:
        return
    assert "\0" not in text
    text.encode()
