"""People are made pseudonymous, and every number of every meter stays, as kept and as counted anew."""

from __future__ import annotations

import random
from collections import Counter
from uuid import UUID

import msgspec
import pytest

from metering import Meter
from metering.rollups import rollups
from metering.rollups.partials import GRAINS
from tests.events.log import both_stores
from tests.metering.parcels import METERS, define, sent

MORE = [
    *METERS,
    Meter(
        key="browsers",
        label="B",
        event="Parcel Sent",
        aggregation="unique",
        property="anonymous_id",
        group_by=("person",),
    ),
    Meter(
        key="heaviest",
        label="H",
        event="Parcel Sent",
        aggregation="max",
        property="grams",
        group_by=("person", "to"),
    ),
]
PEOPLE = [UUID(int=n << 96) for n in range(1, 6)]
BROWSERS = ["laptop", "phone", "x" * 100, "Ærø 🎁'\\"]
OLD = (*map(str, PEOPLE[:2]), *BROWSERS[:3])


@pytest.fixture
def events(log, parcels, monkeypatch):
    define(monkeypatch, MORE)
    chance = random.Random(3)  # noqa: S311 (nothing secret)
    some = [
        msgspec.structs.replace(
            sent(
                number=number,
                seconds=chance.randrange(-3 * 86400, 3 * 86400),
                tenant=chance.choice(["w_acme", "w_globex"]),
                person=chance.choice([None, *PEOPLE]),
                grams=chance.randrange(1000),
                to=chance.choice(["Oslo", "Lima", 'a"b\\c,{d}']),
            ),
            anonymous_id=chance.choice([None, *BROWSERS]),
        )
        for number in range(1, 200)
    ]
    for first in range(0, 200, 50):
        log.store.append(some[first : first + 50])


def kept(*, anew: bool):
    """By grain: what is kept, or what the raw events say."""
    ask = rollups().recount if anew else rollups().stored
    some = [meter for meter in MORE if meter.aggregation != "unique"]
    return [ask(grain=grain, meters=some if grain == "minute" else MORE) for grain in GRAINS]


def numbers(found):
    """What of it may not change: how many groups of a bucket have which numbers, and how many values."""
    return [
        Counter(
            (b.tenant, b.meter, b.bucket, v.value, v.count, v.late, len(v.distinct))
            for b, v in each.items()
        )
        for each in found
    ]


@both_stores
def test_all_numbers_stay_and_none_of_the_ids(log, events):
    before = kept(anew=False)
    assert before == kept(anew=True)
    said = log.store.erasing.pseudonymise(
        PEOPLE[:2],
        BROWSERS[:3],
        [],
        rewrite=lambda name, properties, context, is_theirs: (properties, context),
    )
    assert said.projected > 0
    after = kept(anew=False)
    assert after == kept(anew=True)
    assert numbers(after) == numbers(before)
    assert after != before
    ids = {dim for each in after for bucket in each for dim in bucket.dims or ()}
    ids |= {value for each in after for found in each.values() for value in found.distinct}
    assert not ids & set(OLD)
    assert {str(PEOPLE[2]), BROWSERS[3]} <= ids
