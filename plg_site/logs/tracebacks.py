"""A traceback as data: types, words and places, without the values of variables."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer

FRAMES = 30  # of each exception of a chain; the outermost and the innermost are kept

_renderer = ExceptionRenderer(
    ExceptionDictTransformer(show_locals=False, max_frames=FRAMES, use_rich=False)
)
_KEPT = ("filename", "lineno", "name")


def as_data(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog's processor: `exc_info` becomes `exception`, a list with the latest first."""
    rendered = _renderer(logger, method, line)
    for each in rendered.get("exception", ()):
        for empty in ("syntax_error", "is_cause", "is_group", "exceptions", "exc_notes"):
            if not each.get(empty):
                each.pop(empty, None)
        each["frames"] = [{key: frame[key] for key in _KEPT} for frame in each["frames"]]
    return rendered
