"""The classes of Stripe's SDK behind dj-stripe's models, imported when they are used.

A model of dj-stripe names its class (`stripe_class = stripe.Charge`), and the SDK, which imports each
when it is named, then builds 45 modules of typed classes: a sixth of the start of every process, 15 MB,
of which most processes use none. Here a model gets a stand-in that becomes the class at the first
question to it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import stripe


class Late(type):
    """The type of stand-ins: what is asked of one is asked of the class."""

    _find: Callable[[], Any]

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._find(), name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._find()(*args, **kwargs)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls._find())

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls._find())


def stand_in(name: str, find: Callable[[], Any]) -> Any:
    """A class of this name that `find` gives when it is needed."""
    # Django asks everything that may be called in a model for this, when the model is made.
    return Late(name, (), {"_find": staticmethod(find), "alters_data": False})


@contextmanager
def classes_come_late() -> Iterator[None]:
    """Meanwhile `stripe.Charge` is a stand-in, and so is `stripe.issuing.Card`."""
    changed: list[tuple[ModuleType, Callable[[str], Any]]] = []

    def late(module: ModuleType) -> ModuleType:
        given: Callable[[str], Any] = module.__dict__["__getattr__"]

        def get(name: str) -> Any:
            if name not in module.__dict__.get("_import_map", {}):
                return given(name)
            _, is_module = module._import_map[name]
            if is_module:
                found = given(name)
                known = any(found is each for each, _ in changed)
                return found if known or "__getattr__" not in found.__dict__ else late(found)
            return stand_in(name, lambda: given(name)) if _is_resource(name) else given(name)

        changed.append((module, given))
        module.__dict__["__getattr__"] = get
        return module

    late(stripe)
    for name, module in list(sys.modules.items()):  # those that somebody has asked for before
        if name.startswith("stripe.") and {"_import_map", "__getattr__"} <= module.__dict__.keys():
            late(module)
    try:
        yield
    finally:
        for module, given in changed:
            module.__dict__["__getattr__"] = given


_OTHERS = ("Error", "Object", "Resource", "Service", "Services")  # to catch, or to inherit from


def _is_resource(name: str) -> bool:
    return name[0].isupper() and not name.endswith(_OTHERS)
