import pytest

from metering import quota
from tenants import api_keys
from tests.events.log import an_event


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
