"""A batch torn into its events where it cannot be read as a whole: one that is no JSON costs no other.

Some SDKs write a bare NaN, which a strict reader refuses with the whole body; a text may be no UTF-8, a
value nested ten thousand times. So the brackets outside of texts are counted, and nothing else is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_BATCH = b'"batch"'
_THEN_A_LIST = re.compile(rb"\s*:\s*(?=\[)")


@dataclass(frozen=True)
class Torn:
    """The body without its events, and each of them as it stands in it."""

    around: bytes
    events: list[bytes]


def torn(body: bytes) -> Torn | None:
    """None where there is no list named "batch" in an object, or the brackets do not fit."""
    depth, start, begun, events = 0, -1, -1, list[bytes]()
    key_at, end = -1, -1
    for found in _TOKEN.finditer(body):
        token = found[0]
        if token[:1] == b'"':
            if (
                depth == 1
                and start < 0
                and token == _BATCH
                and _THEN_A_LIST.match(body, found.end())
            ):
                key_at = found.end()
            continue
        if token in (b"{", b"["):
            depth += 1
            if depth == 2 and token == b"[" and key_at >= 0 and start < 0:
                start = begun = found.end()
            continue
        inside = depth == 2 and start >= 0 > end
        if inside and token in (b",", b"]"):
            if piece := body[begun : found.start()].strip():
                events.append(piece)
            begun = found.end()
        if token != b",":
            if inside and token == b"]":
                end = found.start()
            depth -= 1
            if depth < 0:
                return None
    if depth or end < 0:
        return None
    return Torn(body[:start] + body[end:], events)
