"""Check request parameters against the SDK's TypedDicts, and turn text into typed values.

A form carries only text; the TypedDict of the route (sdk_routes.py) says whether "1" is a
number, a boolean or a name, whether "0" is a position in a list, and what is not a parameter.
"""

import importlib
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from stripe import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import get_type_hints, is_typeddict

from stripe_simulator.errors import StripeError, invalid, missing, unknown

# The SDK's class methods take these beside the parameters; they never travel in the body.
_NOT_PARAMETERS = frozenset(RequestOptions.__annotations__)
_OPTION_NAMES = {"StripeContext": object, "Mapping": Mapping}  # what their annotations refer to
_UNION = (Union, UnionType)


class _Mismatch(Exception):
    """The text is not a value of this type; another member of a union may take it."""


def validate(params_class: str | None, raw: dict[str, Any]) -> dict[str, Any]:
    """Return typed parameters. Raises StripeError as Stripe's parameter errors do."""
    if params_class is None:
        typed_dict: Any = None
        hints: dict[str, Any] = {"expand": list[str]}
    else:
        typed_dict = _load(params_class)
        hints = _hints(typed_dict)
    surplus = [key for key in raw if key not in hints]
    if surplus:
        raise unknown(surplus)
    for key in sorted(getattr(typed_dict, "__required_keys__", ())):
        if key not in raw:
            raise missing(key)
    return {key: _value(hints[key], text, key) for key, text in raw.items()}


@cache
def _load(params_class: str) -> Any:
    module, name = params_class.split(":")
    return getattr(importlib.import_module(module), name)


@cache
def _hints(typed_dict: Any) -> dict[str, Any]:
    hints = get_type_hints(typed_dict, localns=_OPTION_NAMES)
    return {key: hint for key, hint in hints.items() if key not in _NOT_PARAMETERS}


def _value(hint: Any, raw: Any, name: str) -> Any:
    members = get_args(hint) if get_origin(hint) in _UNION else (hint,)
    members = tuple(_flatten(members))
    for member in members:
        with suppress(_Mismatch):
            return _member(member, raw, name)
    raise _refusal(members, raw, name)


def _flatten(members: tuple[Any, ...]) -> list[Any]:
    """Members of nested unions, with `str` last, and left out where it only opens an enum."""
    flat: list[Any] = []
    for member in members:
        inner = get_args(member) if get_origin(member) in _UNION else None
        flat.extend(_flatten(inner) if inner else [member])
    is_enum = any(choice for choice in _choices(flat))
    others = [member for member in flat if member is not str]
    return others if is_enum or str not in flat else [*others, str]


def _choices(members: list[Any] | tuple[Any, ...]) -> list[str]:
    return [
        choice
        for member in members
        if get_origin(member) is Literal
        for choice in get_args(member)
        if choice != ""
    ]


def _member(member: Any, raw: Any, name: str) -> Any:
    origin = get_origin(member)
    if is_typeddict(member):
        return _typed_dict(member, raw, name)
    if origin is list:
        return _list(get_args(member)[0], raw, name)
    if origin is dict or origin is UntypedStripeObject:
        return _mapping(get_args(member)[-1], raw, name)
    if isinstance(raw, dict):
        raise _Mismatch
    if origin is Literal:
        if raw in get_args(member):
            return raw
        raise _Mismatch
    return _scalar(member, raw)


def _typed_dict(typed_dict: Any, raw: Any, name: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _Mismatch
    hints = _hints(typed_dict)
    surplus = [f"{name}[{key}]" for key in raw if key not in hints]
    if surplus:
        raise unknown(surplus)
    for key in sorted(typed_dict.__required_keys__):
        if key not in raw:
            raise missing(f"{name}[{key}]")
    return {key: _value(hints[key], text, f"{name}[{key}]") for key, text in raw.items()}


def _list(hint: Any, raw: Any, name: str) -> list[Any]:
    if not isinstance(raw, dict) or not all(key.isdecimal() for key in raw):
        raise _Mismatch
    ordered = sorted(raw, key=int)
    return [_value(hint, raw[key], f"{name}[{key}]") for key in ordered]


def _mapping(hint: Any, raw: Any, name: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _Mismatch
    return {key: _value(hint, text, f"{name}[{key}]") for key, text in raw.items()}


def _scalar(kind: Any, raw: str) -> Any:
    if kind is bool:
        if raw in ("true", "false"):
            return raw == "true"
        raise _Mismatch
    try:
        if kind is int:
            return int(raw)
        if kind is float:
            return float(raw)
        if kind is Decimal:
            return str(Decimal(raw))
    except (ValueError, InvalidOperation) as error:
        raise _Mismatch from error
    return raw


def _refusal(members: tuple[Any, ...], raw: Any, name: str) -> StripeError:
    choices = _choices(members)
    if choices and int not in members:
        listed = ", ".join(choices[:-1]) + (f", or {choices[-1]}" if len(choices) > 1 else "")
        return invalid(f"Invalid {name}: must be one of {listed or choices[0]}", name)
    if isinstance(raw, dict):
        return invalid("Invalid string", name)
    if int in members:
        return invalid(f"Invalid integer: {raw}", name, code="parameter_invalid_integer")
    if bool in members:
        return invalid(f"Invalid boolean: {raw}", name)
    if any(get_origin(member) is list for member in members):
        return invalid("Invalid array", name)
    return invalid("Invalid object", name)
