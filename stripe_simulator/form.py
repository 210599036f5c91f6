"""Stripe's request encoding: `items[0][price]=x`, `expand[]=y` to nested dictionaries.

A list stays a dictionary keyed by position: only the parameter's type says which of the two
`metadata[0]=a` means (validation.py decides).
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from stripe_simulator.errors import StripeError

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_MAX_DEPTH = 12


def decode(encoded: str) -> dict[str, Any]:
    """Decode a query string or form body. Raises StripeError for a malformed key."""
    decoded: dict[str, Any] = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        _insert(decoded, _segments(key), value)
    return decoded


def _segments(key: str) -> list[str]:
    match = _KEY.fullmatch(key)
    if match is None:
        raise StripeError(f"Invalid parameter name: {key}", param=key)
    segments = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(segments) > _MAX_DEPTH:
        raise StripeError(f"Parameter is nested too deeply: {key}", param=key)
    return segments


def _insert(target: dict[str, Any], segments: list[str], value: str) -> None:
    for position, segment in enumerate(segments[:-1]):
        following = segments[position + 1 :]
        child = target.setdefault(segment or _element(target, following), {})
        if not isinstance(child, dict):
            raise StripeError("Invalid object", param=segments[0])
        target = child
    target[segments[-1] or str(len(target))] = value


def _element(target: dict[str, Any], following: list[str]) -> str:
    """The position that `a[][b]` means: the last element, or a new one once it has its `b`."""
    if not target:
        return "0"
    last = str(len(target) - 1)
    taken = isinstance(target.get(last), dict) and following[0] in target[last]
    return str(len(target)) if taken else last
