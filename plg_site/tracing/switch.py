"""Whether traces are drawn, known without importing what draws them."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

DRAWN = "plg.span"  # in the WSGI environment, from the beginning of a request to its end
_PACKAGES = ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_drawing = "plg_site.tracing.drawing"
_is_on = False


def available() -> bool:
    """Whether what requirements-tracing.txt names is installed."""
    try:
        return all(find_spec(name) is not None for name in _PACKAGES)
    except ModuleNotFoundError:
        return False


def turn_on() -> None:
    """Load what draws, once: no thread and no connection is made before the first span of a process."""
    global _is_on
    from events import tracing

    drawing = import_module(_drawing)
    import_module("plg_site.tracing.queries").listen()
    tracing.register(carried=drawing.carried, stored=drawing.stored)
    _is_on = True


def draws() -> ModuleType | None:
    """`plg_site.tracing.drawing`, where traces are drawn."""
    return sys.modules[_drawing] if _is_on else None


def close() -> None:
    """Send what this process has drawn, within seconds, before it ends."""
    if _is_on:
        import_module("plg_site.tracing.sending").close()
