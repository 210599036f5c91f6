"""What a program sends as the body of a request: an object, and only fields that there are."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from ninja.schema import DjangoGetter
from pydantic import ConfigDict, model_validator


class Body(Schema):
    """The base of every body.

    Django Ninja reads a schema's fields off any value as attributes, so that `[]` or `5` would be an
    object that says nothing: with optional fields, a change that nobody asked for. A field that we do
    not know is a typing mistake, and said to be one.
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_an_object(cls, said: Any) -> Any:
        value = said._obj if isinstance(said, DjangoGetter) else said
        if not isinstance(value, dict):
            raise ValueError("This must be a JSON object.")
        return value
