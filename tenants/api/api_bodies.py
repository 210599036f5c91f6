"""What a program sends as the body of a request: JSON that says each thing once, and only fields that
there are, in the type that the operation names.

A number is not true, and "5" is no number: what is taken for something else changes what nobody asked
to change.
"""

from __future__ import annotations

import json
from typing import Any, Never

from django.http import HttpRequest
from ninja import Schema
from ninja.parser import Parser
from ninja.schema import DjangoGetter
from pydantic import ConfigDict, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema

# Pydantic reads these from other types, unless told not to. (The others of JSON it reads as they are.)
_LENIENT = frozenset({"bool", "decimal", "float", "int", "str"})


def _be_strict(schema: Any) -> None:
    """All the way down. Not pydantic's own strictness, which would take no text for an id or a time."""
    if isinstance(schema, dict):
        if schema.get("type") in _LENIENT:
            schema["strict"] = True
        for inner in schema.values():
            _be_strict(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            _be_strict(inner)


class Body(Schema):
    """The base of every body.

    Django Ninja reads a schema's fields off any value as attributes, so that `[]` or `5` would be an
    object that says nothing: with optional fields, a change that nobody asked for. A field that we do
    not know is a typing mistake, and said to be one.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _be_strict(schema)
        return schema

    @model_validator(mode="before")
    @classmethod
    def _is_an_object(cls, said: Any) -> Any:
        value = said._obj if isinstance(said, DjangoGetter) else said
        if not isinstance(value, dict):
            raise ValueError("This must be a JSON object.")
        return value


class SaidTwice(ValueError):
    """A name stands twice in an object: readers differ in which one they believe."""


class BodyParser(Parser):
    """Reads JSON as RFC 8259 has it, in UTF-8; NaN, Infinity and repeated names are none."""

    def parse_body(self, request: HttpRequest) -> Any:
        return json.loads(
            request.body.decode(), object_pairs_hook=_each_once, parse_constant=_no_number
        )


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise SaidTwice("A name stands twice in an object.")
    return found


def _no_number(word: str) -> Never:
    raise ValueError(f"{word} is no JSON")
