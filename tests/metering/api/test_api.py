from datetime import UTC, datetime, timedelta

import pytest

from metering import Limit, UsagePrice
from metering.quotas import quota
from tenants.keys import api_keys
from tests.events.log import an_event


@pytest.fixture
def api(log, client_for, people, acme):
    """`api("put", "alerts", [...])` with a key of acme's owner."""
    _, secret = api_keys.create(acme, name="test", user=people.acme_owner)
    client = client_for(None, acme)

    def call(method, path, body=None):
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        headers = {"Authorization": f"Bearer {secret}"}
        return getattr(client, method)(f"/api/v1/{path}", headers=headers, **more)

    return call


@pytest.fixture
def ask(log, client_for, people, acme):
    """The usage operation, with a key of acme."""
    _, secret = api_keys.create(acme, name="test", user=people.acme_owner)

    def get():
        client = client_for(None, acme)
        return client.get("/api/v1/usage", headers={"Authorization": f"Bearer {secret}"})

    return get


def test_usage_over_the_api_has_every_meter_with_its_limit(log, ask, acme):
    quota.set_limits(acme, {"links": 10})
    log.store.append([an_event("Link Count Changed", tenant=acme.schema_name, change=4)])
    by_meter = {row["meter"]: row for row in ask().json()}
    assert by_meter["links"] == {
        "meter": "links",
        "label": "Links",
        "unit": "",
        "used": 4,
        "limit": 10,
        "hard": True,
        "own_limit": False,
        "remaining": 6,
        "resets_at": None,
        "period": {"start": None, "end": None},
        "forecast": None,
        "cost": None,
    }
    assert by_meter["clicks"]["resets_at"] is not None
    assert by_meter["storage"]["unit"] == "bytes"


def test_usage_over_the_api_says_when_it_cannot_be_read(ask, settings):
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    response = ask()
    assert response.status_code == 503
    assert "Nothing is lost" in response.json()["detail"]


def test_usage_over_the_api_says_what_it_will_cost(api, log, acme):
    type(acme).objects.filter(pk=acme.pk).update(created_at=datetime.now(UTC) - timedelta(days=9))
    price = UsagePrice(100, per=1_000)
    quota.set_limits(acme, {"clicks": Limit(1, hard=False, price=price)}, currency="eur")
    log.store.append([an_event("Link Clicked", tenant=acme.schema_name) for _ in range(21)])
    clicks = {row["meter"]: row for row in api("get", "usage").json()}["clicks"]
    assert clicks["cost"]["so_far"] == 2
    assert clicks["cost"]["currency"] == "eur"
    assert clicks["cost"]["by_period_end"] >= 2
    assert clicks["forecast"]["value"] >= 21
    assert clicks["forecast"]["method"] == "At the pace of the last 7 days."


def test_a_meter_over_time_with_groups(api, log, acme):
    api("get", "usage")
    log.settle()
    found = api("get", "usage/api_calls?range=7d&group_by=path").json()
    assert found["time_zone"] == "UTC"
    told = sorted((p["group"], p["value"]) for p in found["points"])
    assert told == [("/api/v1/usage", 1.0), ("/api/v1/usage/{meter}", 1.0)], "with this very call"
    assert found["total"] == 2.0


def test_a_meter_over_time_as_a_file(api, log, acme):
    response = api("get", "usage/clicks?range=30d&format=csv")
    assert response["Content-Type"].startswith("text/csv")
    assert b"".join(response.streaming_content).startswith(b"meter,window,time_zone,start,end")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("usage/nothing", 404, "No meter"),
        ("usage/links?range=period", 422, "never starts again"),
        ("usage/clicks?range=90d&window=hour", 422, "8 days"),
        ("usage/clicks?group_by=secret", 422, "Its dimensions: link_id"),
    ],
)
def test_a_question_without_an_answer_is_refused_in_words(api, path, status, words):
    response = api("get", path)
    assert response.status_code == status
    assert words in response.json()["detail"]


def test_alerts_are_read_and_replaced(api, acme, people):
    quota.set_limits(acme, {"links": 10})
    assert [(a["meter"], a["percent"], a["default"]) for a in api("get", "alerts").json()] == [
        ("links", 80, True),
        ("links", 100, True),
    ]
    owner = str(people.acme_owner.pk)
    wanted = [{"meter": "clicks", "amount": 500, "recipients": [owner]}]
    assert api("put", "alerts", wanted).json() == [
        {"meter": "clicks", "percent": None, "amount": 500, "recipients": [owner], "default": False}
    ]
    assert api("put", "alerts", []).json() == []


def test_nobody_from_outside_is_told(api, people):
    stranger = [{"meter": "links", "percent": 50, "recipients": [str(people.globex_owner.pk)]}]
    assert api("put", "alerts", stranger).status_code == 422
    assert api("put", "alerts", [{"meter": "links"}]).status_code == 422
    assert api("put", "alerts", [{"meter": "none", "percent": 5}]).status_code == 422


def test_own_limits_are_read_and_set(api, acme):
    price = UsagePrice(100, per=1_000)
    soft = Limit(1_000, hard=False, price=price)
    quota.set_limits(acme, {"clicks": soft, "links": 10}, currency="eur")
    assert api("put", "spend-limit", {"amount": 500, "caps": {"links": 3}}).json() == {
        "amount": 500,
        "caps": {"links": 3},
        "currency": "eur",
        "effective": {"clicks": 6_000, "links": 3},
    }
    links = {row["meter"]: row for row in api("get", "usage").json()}["links"]
    assert (links["limit"], links["own_limit"]) == (3, True)
    assert api("put", "spend-limit", {"caps": {"none": 3}}).status_code == 422
    assert api("put", "spend-limit", {"amount": -1}).status_code == 422
    gone = {"amount": None, "caps": {}}
    assert api("put", "spend-limit", gone).json()["effective"] == {}
