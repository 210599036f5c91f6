"""How stored objects look in an answer: what is embedded, what `expand[]` adds, what is private.

Objects are stored flat. A resource registers a presenter for what is always embedded (a
subscription's items) and an inclusion for what appears only when expanded (an invoice's
payments). Attributes that begin with an underscore never leave the simulator.
"""

from collections.abc import Callable, Iterable
from typing import Any

from stripe_simulator.errors import StripeError
from stripe_simulator.shapes import Json
from stripe_simulator.store import State

Presenter = Callable[[State, Json], Json]
Inclusion = Callable[[State, Json], Any]

_PRESENTERS: dict[str, Presenter] = {}
_INCLUSIONS: dict[str, Inclusion] = {}
_MAX_EXPANSION_DEPTH = 4


def presenter(kind: str) -> Callable[[Presenter], Presenter]:
    def register(function: Presenter) -> Presenter:
        _PRESENTERS[kind] = function
        return function

    return register


def inclusion(place: str) -> Callable[[Inclusion], Inclusion]:
    """Register what expanding adds at a place: "invoice.payments" is an invoice's `payments`."""

    def register(function: Inclusion) -> Inclusion:
        _INCLUSIONS[place] = function
        return function

    return register


def present(state: State, stored: Json) -> Json:
    """The object as an API answer or an event shows it, unexpanded."""
    kind = stored.get("object", "")
    embeds = kind in _PRESENTERS and not (stored.get("_presented") or stored.get("deleted"))
    embedded = _PRESENTERS[kind](state, stored) if embeds else stored
    return {key: value for key, value in embedded.items() if not key.startswith("_")}


def expand(state: State, answer: Json, paths: Iterable[str]) -> Json:
    """Expand each dotted path in place. Raises StripeError for what cannot be expanded."""
    for path in paths:
        segments = path.split(".")
        if len(segments) > _MAX_EXPANSION_DEPTH + (segments[0] == "data"):
            raise StripeError(
                f"You cannot expand more than {_MAX_EXPANSION_DEPTH} levels of a property. "
                f"Property: {path}",
                param="expand",
            )
        _expand(state, answer, segments, path)
    return answer


def _expand(state: State, target: Json, segments: list[str], path: str, inside: str = "") -> None:
    """Expand one attribute; `inside` names the attribute of an object that `target` stands in."""
    name, rest = segments[0], segments[1:]
    place = inside + name if inside else f"{target.get('object', '')}.{name}"
    include = _INCLUSIONS.get(place)
    if include is not None and target.get(name) is None:
        target[name] = include(state, target)
    if name not in target:
        raise _cannot_expand(path)
    target[name] = _expanded(state, target[name], rest, path, f"{place}.")


def _expanded(state: State, value: Any, rest: list[str], path: str, inside: str) -> Any:
    if isinstance(value, list):
        return [_expanded(state, element, rest, path, inside) for element in value]
    if isinstance(value, str):
        stored = state.find(value)
        if stored is None:
            raise _cannot_expand(path)
        value = present(state, stored)
    if isinstance(value, int | float):
        raise _cannot_expand(path)
    if rest and isinstance(value, dict):
        _expand(state, value, rest, path, "" if "object" in value else inside)
    return value


def _cannot_expand(path: str) -> StripeError:
    return StripeError(f"This property cannot be expanded ({path}).", param="expand")
