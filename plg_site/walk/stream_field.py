"""A StreamField as Wagtail's own script would post it.

The editor's page carries the content as JSON and its script makes the inputs; a client without a
script makes the same names (Wagtail documentation, "How StreamField data is submitted").
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup

Inputs = Iterator[tuple[str, str]]


def stream_fields(soup: BeautifulSoup) -> dict[str, str]:
    """Names and values of the inputs of every StreamField on an edit page, unchanged."""
    found: dict[str, str] = {}
    for tag in soup.select("[data-w-block-arguments-value][id]"):
        value = json.loads(str(tag["data-w-block-arguments-value"]))[0]
        found.update(_sequence(str(tag["id"]), value))
    return found


def _sequence(prefix: str, items: list[Any]) -> Inputs:
    yield f"{prefix}-count", str(len(items))
    for number, item in enumerate(items):
        child = f"{prefix}-{number}"
        yield f"{child}-deleted", ""
        yield f"{child}-order", str(number)
        yield f"{child}-id", item.get("id") or ""
        if "type" in item:
            yield f"{child}-type", item["type"]
        yield from _value(f"{child}-value", item["value"])


def _value(prefix: str, value: Any) -> Inputs:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _value(f"{prefix}-{name}", part)
    elif isinstance(value, list) and (not value or isinstance(value[0], dict)):
        yield from _sequence(prefix, value)
    elif isinstance(value, list):  # a choice
        for chosen in value:
            yield prefix, str(chosen)
    elif value is True:
        yield prefix, "on"
    elif value is not False:  # an unticked box is not sent
        yield prefix, "" if value is None else str(value)
