"""A body is what its operation says that it is: JSON, each name once, each field in its type."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterator
from uuid import UUID

import pytest

from events.models import OutboxEvent
from metering import Limit, alerts
from metering.alerts import Threshold
from metering.quotas import limits, own_limits, spend
from metering.quotas.spend import OwnLimits
from plg_site.workspace_api.api import api
from tenants.keys import api_keys
from tests.plg_site.conftest import an_event
from tests.plg_site.workspace_api.test_api_bounds import DOCUMENTS

WRITES = [
    (method, path)
    for path, operations in DOCUMENTS["workspace"]["paths"].items()
    for method, operation in operations.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
]
LIST, EVENTS = "/api/v1/alerts", "/api/v1/events"


@pytest.fixture
def call(log, client_for, people, acme):
    _, secret = api_keys.create(acme, name="test", user=people.acme_owner)
    client = client_for(None, acme)

    def send(method, path, body):
        concrete = re.sub(r"\{meter\}", "clicks", path)
        concrete = re.sub(r"\{\w+\}", str(UUID(int=1)), concrete)
        return getattr(client, method)(
            concrete,
            data=body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    return send


def test_there_are_bodies_to_try():
    assert {method for method, _ in WRITES} == {"post", "put", "patch"}
    assert ("put", "/api/v1/spend-limit") in WRITES


@pytest.mark.parametrize(
    "body", ["", "null", '"x"', "5", "true", "[]", '{"unknown": 1}', "[[]]", "{"]
)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_what_is_no_body_of_the_operation_is_refused_and_changes_nothing(
    call, acme, make_link_here, method, path, body
):
    """A missing body, another JSON type, a field that there is not."""
    if (path, body) in ((LIST, "[]"), (EVENTS, "[]")):
        pytest.skip("A list of nothing is a list.")
    limits.set_limits(acme, {"links": Limit(10)})
    own_limits.set_own(acme, OwnLimits(money=5_00, caps={"links": 5}), by=None)
    alerts.put(acme, Threshold(meter="links", amount=3))
    before = _state(acme)
    path = path.replace("{link_id}", str(make_link_here))
    response = call(method, path, body)
    assert response.status_code in (400, 411, 415, 422), response.content
    assert response["Content-Type"].startswith("application/problem+json")
    assert _state(acme) == before


@pytest.fixture
def make_link_here(acme):
    from django_tenants.utils import tenant_context

    from product.models import Link

    with tenant_context(acme):
        return Link.objects.create(code="bounds", target_url="https://example.com/").id


def _state(tenant):
    kept = [each for each in alerts.of(tenant) if each.is_on]
    own = spend.of(tenant)
    rows = OutboxEvent.objects.exclude(payload__contains="API Called").count()
    return kept, own.money, dict(own.caps), rows


WRONG: dict[str, tuple[str, ...]] = {
    "integer": ("true", '"5"', "5.5", "5.0", "[5]", "1e400", "NaN"),
    "boolean": ("1", '"true"', "[]"),
    "number": ("true", '"5"', "NaN"),
    "string": ("5", "true", '["x"]', '{"a": 1}'),
}


def _wrong_fields() -> Iterator[tuple[str, str, str, str]]:
    """(method, path, field, body): each field of each body in a type that it has not."""
    document = DOCUMENTS["workspace"]
    for method, path in WRITES:
        if path.endswith(("/events", "/query")):
            continue  # CloudEvents and OpenMeter's questions have readers and tests of their own
        content = document["paths"][path][method]["requestBody"]["content"]
        schema, form = content["application/json"]["schema"], "%s"
        if schema.get("type") == "array":
            schema, form = schema["items"], "[%s]"
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for name, field in schema["properties"].items():
            for kind in (field, *field.get("anyOf", ())):
                inner, around = kind, "%s"
                if kind.get("type") == "object":
                    inner, around = kind["additionalProperties"], '{"links": %s}'
                for value in WRONG.get(inner.get("type", ""), ()):
                    yield method, path, name, form % f'{{"{name}": {around % value}}}'


@pytest.mark.parametrize(("method", "path", "field", "body"), list(_wrong_fields()))
def test_a_field_of_another_json_type_is_refused_by_name_and_changes_nothing(
    call, acme, make_link_here, method, path, field, body
):
    own_limits.set_own(acme, OwnLimits(money=5_00, caps={"links": 5}), by=None)
    before = _state(acme)
    response = call(method, path.replace("{link_id}", str(make_link_here)), body)
    assert response.status_code == 422, response.content
    named = [error["field"] for error in response.json()["errors"]]
    assert field in ".".join(named).split(".") or named == ["body"]
    assert _state(acme) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("put", "/api/v1/spend-limit", '{"amount": 5, "amount": null}'),
        ("put", "/api/v1/spend-limit", '{"amount": 5, "caps": {"links": 1, "links": 2}}'),
        ("put", LIST, '[{"meter": "links", "amount": 3, "amount": 4}]'),
        ("post", "/api/v1/links", '{"target_url": "https://a.example", "code": "", "code": "x-y"}'),
        ("post", "/api/v1/meters/{meter}/query", '{"from": null, "from": null}'),
        ("post", "/api/v1/meters/{meter}/query", '{"filterGroupBy": {"a": ["1"], "a": ["2"]}}'),
    ],
)
def test_a_name_that_is_said_twice_is_refused(call, acme, method, path, body):
    before = _state(acme)
    response = call(method, path, body)
    assert response.status_code == 422, response.content
    assert any(word in response.content.decode() for word in ("twice", "once"))
    assert _state(acme) == before


def test_every_body_of_ours_is_a_strict_one():
    """Whatever an operation takes as its body, list or object, is made of Body."""
    from plg_site.workspace_api.api import _operations
    from tenants.api.api_bodies import Body

    seen = set()
    for operation in _operations(api._get_bound_routers()):
        for model in operation.models:
            if model.__ninja_param_source__ == "body":
                for field in model.model_fields.values():
                    kinds = [field.annotation, *typing.get_args(field.annotation)]
                    ours = [kind for kind in kinds if isinstance(kind, type)]
                    assert any(issubclass(kind, Body) for kind in ours), operation.view_func
                    seen.add(operation.view_func.__name__)
    assert {"set_spend_limit", "set_alerts", "create_link", "change_link"} <= seen


def test_removing_the_limit_of_money_is_said_and_caps_that_are_not_named_stay(call, acme):
    own_limits.set_own(acme, OwnLimits(money=5_00, caps={"links": 5}), by=None)
    assert call("put", "/api/v1/spend-limit", "{}").status_code == 422
    assert call("put", "/api/v1/spend-limit", '{"caps": {}}').status_code == 422
    assert call("put", "/api/v1/spend-limit", '{"amount": null}').json()["amount"] is None
    assert spend.of(acme) == OwnLimits(money=None, caps={"links": 5})
    assert call("put", "/api/v1/spend-limit", '{"amount": 900, "caps": {}}').status_code == 200
    assert spend.of(acme) == OwnLimits(money=900, caps={})


def test_two_thousand_alerts_are_refused_at_once(call, acme):
    limits.set_limits(acme, {})
    body = json.dumps([{"meter": "clicks", "amount": n} for n in range(1, 2_001)])
    response = call("put", LIST, body)
    assert response.status_code == 422
    assert [each for each in alerts.of(acme) if not each.by_default] == []


def test_a_workspace_makes_a_hundred_alerts_at_most_one_by_one_either(acme, client_for, people):
    for number in range(1, alerts.MOST + 1):
        alerts.put(acme, Threshold(meter="clicks", amount=number))
    asked = {"meter": "clicks", "kind": "amount", "value": "5000"}
    response = client_for(people.acme_owner, acme).post("/usage/limits/alerts/", asked)
    assert response.status_code == 422
    assert "at most 100 alerts" in response.content.decode()


# --- Events of a free workspace ------------------------------------------------------------------


@pytest.fixture
def few(acme, monkeypatch):
    """A plan that includes five conversions a month."""
    from metering.quotas import counters, quota

    quota.set_limits(acme, {"conversions": quota.peek(acme, "conversions").used + 5})
    counters.remember_limits(acme.schema_name, limits.of(acme))  # a test never commits


def _conversions(count, start=0):
    return json.dumps(
        [an_event(str(n), type="Conversion Reported", data={}) for n in range(start, start + count)]
    )


def test_events_end_at_the_limit_of_the_plan_and_none_of_the_request_is_taken(call, few, log):
    assert call("post", EVENTS, _conversions(3)).status_code == 204
    refused = call("post", EVENTS, _conversions(4, start=3))
    assert refused.status_code == 402
    assert refused["Content-Type"].startswith("application/problem+json")
    assert refused.json()["meter"] == "conversions"
    assert call("post", EVENTS, _conversions(2, start=3)).status_code == 204
    assert call("post", EVENTS, _conversions(1, start=5)).status_code == 402


def test_what_is_refused_takes_no_room(call, few, log):
    wrong = json.dumps(
        [an_event(str(n), type="Conversion Reported", data={"currency": "euro"}) for n in range(5)]
    )
    assert call("post", EVENTS, wrong).status_code == 422
    assert call("post", EVENTS, _conversions(5)).status_code == 204


def test_the_free_plan_has_an_end_of_what_programs_may_send():
    from billing.catalogue import plans
    from events import registry
    from plg_site.workspace_api.events_quota import counting

    first = plans()[0].limits
    for event_type in registry.external():
        if event_type.name != "Parcel Sent":  # of these tests
            assert any(first[meter.key].refuses for meter in counting(event_type.name))
