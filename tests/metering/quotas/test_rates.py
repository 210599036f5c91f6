import time

import pytest

from events.limits import buckets
from metering.quotas import rates
from metering.quotas.rates import RateExceeded
from tests.metering.quotas.test_quota import NOBODY_LISTENS


@pytest.fixture
def call(settings, log):
    settings.API_RATE_PER_KEY = "3/m"
    settings.API_RATE_PER_WORKSPACE = "5/m"
    return lambda key, workspace="w_acme": rates.count_call(key=key, workspace=workspace)


def test_a_key_may_call_so_often_and_no_more(call):
    left = [call("one")[0].remaining for _ in range(3)]
    assert left == [2, 1, 0]
    with pytest.raises(RateExceeded, match="This key may make 3 calls a minute") as refused:
        call("one")
    assert 1 <= refused.value.retry_after <= 20


def test_all_keys_of_a_workspace_share_its_rate(call):
    for key in ("one", "two"):
        for _ in range(2):
            call(key)
    call("three")
    with pytest.raises(RateExceeded, match="This workspace may make 5 calls a minute"):
        call("four")
    assert call("one", workspace="w_globex")


def test_the_bucket_fills_up_again_little_by_little(call, settings):
    settings.API_RATE_PER_KEY, settings.API_RATE_PER_WORKSPACE = "20/s", "1000/s"
    for _ in range(5):
        call("one", workspace="w_1")
    time.sleep(0.11)
    assert call("one", workspace="w_1")[0].remaining >= 16


def test_without_redis_each_process_counts_for_itself(call, settings):
    settings.REDIS_URL = NOBODY_LISTENS
    for _ in range(3):
        call("alone", workspace="w_alone")
    with pytest.raises(RateExceeded):
        call("alone", workspace="w_alone")
    buckets._redis_circuit.succeeded()
