"""The reference of the workspace's API as pages of the website: for people, without a login or a script.

It says what the OpenAPI document says (`plg_site.workspace_api.api.document`) and nothing else, so the
two cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from cms.pages import frame
from plg_site.workspace_api.api import document, openapi_on_the_site

__all__ = ["openapi_on_the_site", "reference"]
_METHODS = {"get": "info", "post": "success", "put": "warn", "patch": "warn", "delete": "error"}


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body or an answer."""

    name: str
    kind: str
    required: bool
    text: SafeString


@dataclass(frozen=True)
class Answer:
    """What one status brings, or several errors of one form."""

    statuses: str
    forms: list[str]  # none: no body


@dataclass(frozen=True)
class Operation:
    """One thing that the API does."""

    id: str
    method: str
    colour: str
    path: str
    summary: str
    text: SafeString
    parameters: list[Field]
    body: list[Field]
    answers: list[Answer]
    example: str


@dataclass(frozen=True)
class Form:
    """A named form of a body or an answer."""

    name: str
    text: SafeString
    fields: list[Field]


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Every operation, its parameters, its answers, and a call to copy."""
    said = document()
    context = {
        **frame(request),
        "intro": _html(said["info"]["description"]),
        "sections": _sections(),
        "forms": _forms(),
        "document_url": settings.SITE_URL + reverse("api_document"),
    }
    return render(request, "api/reference.html", context)


@cache
def _sections() -> list[tuple[str, list[Operation]]]:
    found: dict[str, list[Operation]] = {}
    for path, operations in document()["paths"].items():
        for method, said in operations.items():
            tag = (said.get("tags") or ["Other"])[0]
            found.setdefault(tag, []).append(_operation(method, path, said))
    return list(found.items())


@cache
def _forms() -> list[Form]:
    schemas = document()["components"]["schemas"]
    named = [(name, schema) for name, schema in sorted(schemas.items()) if _properties(schema)]
    return [
        Form(name, _html(schema.get("description", "")), _fields(schema)) for name, schema in named
    ]


def _operation(method: str, path: str, said: dict[str, Any]) -> Operation:
    parameters = [
        Field(
            name=each["name"],
            kind=f"{_kind(each['schema'])}, in the {_WHERE[each['in']]}",
            required=each.get("required", False),
            text=_html(each.get("description") or _words(each["schema"])),
        )
        for each in said.get("parameters", [])
    ]
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        colour=_METHODS[method],
        path=path,
        summary=said["summary"],
        text=_html(said.get("description", "")),
        parameters=parameters,
        body=_fields(_body(said)),
        answers=_answers(said),
        example=_example(method, path, said),
    )


_WHERE = {"path": "address", "query": "query", "header": "header"}


def _answers(said: dict[str, Any]) -> list[Answer]:
    """One row for each form: most errors look alike."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for status, each in sorted(said["responses"].items(), key=lambda item: str(item[0])):
        kinds = [_kind(one["schema"]) for one in each.get("content", {}).values()]
        shown = "others" if status == "default" else str(status)
        rows.setdefault(tuple(dict.fromkeys(kinds)), []).append(shown)
    return [Answer(", ".join(statuses), list(forms)) for forms, statuses in rows.items()]


def _body(said: dict[str, Any]) -> dict[str, Any]:
    """The schema of the body; of several, the first: the others are lists of it."""
    content = said.get("requestBody", {}).get("content", {})
    schema: dict[str, Any] = next((each["schema"] for each in content.values()), {})
    schema = schema.get("oneOf", [schema])[0]
    return _resolved(schema.get("items", schema))


def _fields(schema: dict[str, Any]) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(name, _kind(each), name in required, _html(_words(each)))
        for name, each in _properties(schema).items()
    ]


def _words(schema: dict[str, Any]) -> str:
    """The description of a value, which may stand with one of its variants."""
    variants = [schema, *schema.get("anyOf", [])]
    return next((each["description"] for each in variants if "description" in each), "")


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema.get("properties", {})
    return found


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    named: dict[str, Any] = document()["components"]["schemas"][_name(schema)]
    return named


def _name(schema: dict[str, Any]) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words, such as "text (UUID), or nothing"."""
    if "$ref" in schema:
        return _name(schema)
    if variants := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(each) for each in variants))
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    kinds = schema.get("type", "anything")
    if isinstance(kinds, list):
        return " or ".join(_kind({**schema, "type": each}) for each in kinds)
    if kinds == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return _KINDS.get((kinds, schema.get("format")), _KINDS.get((kinds, None), kinds))


_KINDS: dict[tuple[str, str | None], str] = {
    ("string", None): "text",
    ("string", "uuid"): "UUID",
    ("string", "date-time"): "time",
    ("string", "binary"): "file",
    ("string", "uri"): "address",
    ("integer", None): "whole number",
    ("number", None): "number",
    ("boolean", None): "true or false",
    ("object", None): "object",
    ("null", None): "null",
}


def _example(method: str, path: str, said: dict[str, Any]) -> str:
    """A call for a shell."""
    address = settings.WORKSPACES_URL_PATTERN.replace("*", "acme") + path
    lines = [f"curl {'' if method == 'get' else f'-X {method.upper()} '}{address}"]
    lines.append("  -H 'Authorization: Bearer sk_…'")
    content = said.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        lines.append("  -F file=@price-list.pdf")
    elif content:
        lines.append("  --json @body.json")
    return " \\\n".join(lines)


@cache
def _html(text: str) -> SafeString:
    """Our own Markdown; HTML in it is shown, not read."""
    from markdown_it import MarkdownIt  # 62 modules, for a page that is kept once it is made

    made = MarkdownIt("commonmark", {"html": False}).enable("table").render(text.strip())
    return mark_safe(made)  # noqa: S308
