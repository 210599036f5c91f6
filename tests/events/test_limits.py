"""Buckets for whoever has to limit how often something happens."""

from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured

from events import limits
from events.limits import buckets
from tests.metering.quotas.test_quota import NOBODY_LISTENS


@pytest.fixture(params=["redis", "alone"])
def key(request, settings):
    if request.param == "alone":
        settings.REDIS_URL = NOBODY_LISTENS
    yield f"test:{uuid4()}"
    buckets._redis_circuit.succeeded()


def test_a_bucket_gives_what_it_holds_and_then_says_when(key):
    assert [limits.take("3/h", key).over for _ in range(4)] == [False, False, False, True]
    assert 1 <= limits.take("3/h", key).retry_after <= 1200


def test_looking_says_when_one_more_would_pass(key):
    limits.take("4/d", key, cost=4)
    assert 6 * 3600 - 60 < limits.look("4/d", key).retry_after <= 6 * 3600
    assert limits.look("4/d", f"{key}-other").retry_after == 0


def test_looking_takes_nothing(key):
    for _ in range(5):
        assert limits.look("2/m", key).remaining == 2
    limits.take("2/m", key, cost=2)
    assert limits.look("2/m", key).over


@pytest.mark.parametrize("text", ["", "10", "0/s", "10/w", "-1/s"])
def test_a_rate_that_nobody_understands_is_said(text):
    with pytest.raises(ImproperlyConfigured, match="A rate is like"):
        limits.parse(text)
