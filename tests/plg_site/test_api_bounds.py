"""Everything that a caller may repeat has an end, and a body is what its operation says that it is."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django import forms
from django.apps import apps
from django.core.validators import MaxLengthValidator
from django.forms.formsets import BaseFormSet

from cms.api import content_api
from events.models import OutboxEvent
from metering import Limit, alerts, limits, spend
from metering.alerts import Threshold
from metering.spend import OwnLimits
from plg_site.api import api
from tenants import api_keys
from tests.plg_site.conftest import an_event

DOCUMENTS = {
    "workspace": api.get_openapi_schema(),
    "website": content_api.get_openapi_schema(path_prefix="/"),
}


def _said(document: Any) -> Iterator[tuple[str, Any]]:
    """(where, schema) of everything that a caller may say."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            for parameter in operation.get("parameters", ()):
                yield f"{where}: {parameter['name']}", parameter["schema"]
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                yield f"{where}: {kind}", content["schema"]


def _endless(document: Any, schema: Any, where: str) -> Iterator[str]:
    """Lists and maps without a maximum, anywhere in a schema."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _endless(document, document["components"]["schemas"][name], where)
    if schema.get("type") == "array" and "maxItems" not in schema:
        yield f"{where}: a list"
    more = schema.get("additionalProperties")
    if isinstance(more, dict) and "maxProperties" not in schema:
        yield f"{where}: a map"
    for key, inner in (
        *schema.get("properties", {}).items(),
        ("[]", schema.get("items")),
        ("{}", more),
    ):
        yield from _endless(document, inner, f"{where}.{key}")
    for word in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(word, ()):
            yield from _endless(document, inner, where)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_list_that_a_program_may_send_has_a_maximum(name):
    document = DOCUMENTS[name]
    found = [
        each for where, schema in _said(document) for each in _endless(document, schema, where)
    ]
    assert found == []


def test_the_schemas_are_looked_at_closely():
    inner = {"type": "object", "properties": {"a": {"anyOf": [{"type": "array"}]}}}
    assert list(_endless({}, inner, "x")) == ["x.a: a list"]
    assert len(list(_said(DOCUMENTS["workspace"]))) > 20


def _forms() -> Iterator[type[forms.BaseForm]]:
    ours = {config.name for config in apps.get_app_configs()}
    for name in ours:
        for module in ("forms", "limit_forms", "signup"):
            try:
                importlib.import_module(f"{name}.{module}")
            except ModuleNotFoundError:
                continue
    found, waiting = set(), [forms.BaseForm]
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found.add(kind)
            waiting += kind.__subclasses__()
    roots = ("billing", "cms", "events", "identity", "metering", "plg_site", "product", "tenants")
    return (kind for kind in found if kind.__module__.split(".")[0] in roots)


def test_every_list_that_a_person_may_send_has_a_maximum():
    several = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
    endless, seen = [], 0
    for form in _forms():
        for name, field in getattr(form, "base_fields", {}).items():
            if isinstance(field, several):
                seen += 1
                # Wagtail's own, of superusers: Django takes a thousand fields of a form.
                if name == "groups" and form.__module__.startswith("cms."):
                    continue
                if not any(isinstance(each, MaxLengthValidator) for each in field.validators):
                    endless.append(f"{form.__name__}.{name}")
    assert endless == []
    assert seen, "AlertForm has such a field"
    ours = [kind for kind in BaseFormSet.__subclasses__() if kind.__module__.startswith("product")]
    assert ours == []


# --- What a body is ------------------------------------------------------------------------------

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
    spend.set_own(acme, OwnLimits(money=5_00, caps={"links": 5}), by=None)
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


def test_removing_the_limit_of_money_is_said_and_caps_that_are_not_named_stay(call, acme):
    spend.set_own(acme, OwnLimits(money=5_00, caps={"links": 5}), by=None)
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
    from metering import counters, quota

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
    from plg_site.events_quota import counting

    first = plans()[0].limits
    for event_type in registry.external():
        if event_type.name != "Parcel Sent":  # of these tests
            assert any(first[meter.key].refuses for meter in counting(event_type.name))
