"""Everything that a caller may repeat has an end."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.core.validators import MaxLengthValidator
from django.forms.formsets import BaseFormSet

from cms.public.api import content_api
from plg_site.workspace_api.api import api

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


def _boundless(document: Any, schema: Any, where: str) -> Iterator[str]:
    """Integers that may be as large as somebody likes; the database's end somewhere."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _boundless(document, document["components"]["schemas"][name], where)
    if schema.get("type") == "integer" and not {"maximum", "exclusiveMaximum"} & schema.keys():
        yield where
    inner = [*schema.get("properties", {}).values(), schema.get("items")]
    inner += [schema.get("additionalProperties")]
    for word in ("anyOf", "oneOf", "allOf"):
        inner += schema.get(word, ())
    for each in inner:
        yield from _boundless(document, each, where)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_number_that_a_program_may_send_has_an_end(name):
    document = DOCUMENTS[name]
    said = [pair for pair in _said(document) if not pair[0].startswith("post /api/v1/events")]
    found = [each for where, schema in said for each in _boundless(document, schema, where)]
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
