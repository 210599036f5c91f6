"""Every answer of the API says how much is left, in the standard fields."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from metering import Limit
from metering.quotas import counters, limits
from metering.quotas.decision import Decision
from metering.quotas.quota import set_limits
from plg_site.web.rate_headers import fields

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def calls_left(leave, settings):
    settings.API_RATE_PER_KEY, settings.API_RATE_PER_WORKSPACE = "50/m", "200/m"
    return lambda n: leave(api_calls=n)


def test_an_answer_tells_the_rates_and_the_quota(api, calls_left):
    calls_left(5)
    response = api.get("/links")
    policy, left = response["RateLimit-Policy"], response["RateLimit"]
    assert policy.startswith('"key";q=50;w=60, "workspace";q=200;w=60, "api_calls";q=')
    assert re.fullmatch(r'"key";r=49;t=\d+, "workspace";r=199;t=\d+, "api_calls";r=4;t=\d+', left)


def test_a_refusal_by_the_quota_says_what_is_left_and_when_it_resets(api, calls_left):
    calls_left(0)
    response = api.get("/links")
    assert response.status_code == 402
    assert re.search(r'"api_calls";r=0;t=[1-9]\d*$', response["RateLimit"])
    assert response.json()["remaining"] == 0


def test_a_refusal_for_another_meter_names_that_one(api, leave):
    leave(links=0, api_calls=100)
    response = api.post("/links", {"target_url": "https://example.com/"})
    assert response.status_code == 402
    assert '"links";r=0' in response["RateLimit"]
    assert '"api_calls";r=99;' in response["RateLimit"]


def test_who_calls_too_fast_is_told_to_wait(api, settings, used):
    settings.API_RATE_PER_KEY = "2/m"
    assert [api.get("/links").status_code for _ in range(2)] == [200, 200]
    before = used("api_calls")
    response = api.get("/links")
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 30
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "urn:problem:rate-exceeded"
    assert problem["retry_after"] == int(response["Retry-After"])
    assert problem["detail"].startswith("This key may make 2 calls a minute.")
    assert response["RateLimit"].startswith('"key";r=0;t=')
    assert used("api_calls") == before, "a refused call costs nothing"


def test_without_a_key_nothing_is_told(api):
    assert "RateLimit" not in api.get("/links", key="")


def test_a_soft_limit_is_no_limit_of_the_rate(api, acme):
    set_limits(acme, {"api_calls": Limit(5, hard=False)})
    counters.remember_limits(acme.schema_name, limits.of(acme))  # a test never commits
    assert "api_calls" not in api.get("/links")["RateLimit"]


def test_bytes_and_lifetimes_are_said_as_the_draft_has_them():
    stored = Decision("storage", limit=100, used=40, allowed=True)
    monthly = Decision(
        "api_calls",
        limit=10,
        used=10,
        allowed=False,
        since=NOW - timedelta(days=19),
        resets_at=NOW + timedelta(days=11),
    )
    policies, left = fields([stored, monthly], now=NOW)
    assert policies == '"storage";q=100;qu="content-bytes", "api_calls";q=10;w=2592000'
    assert left == '"storage";r=60, "api_calls";r=0;t=950400'
