"""The tables that the code in this folder reads and writes, beside those that are there.

Tables that are otherwise, or that nobody here knows, were made by another version: what stands in
them, or is missing from them, no fingerprint of a definition would tell.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def expected_shape(kind: str) -> frozenset[str]:
    """What `<kind>_shape.py` must say of this kind of store."""
    lines = Path(__file__).with_name(f"shape_{kind}.txt").read_text().splitlines()
    return frozenset(line for line in lines if line)


def deviations(kind: str, found: set[str]) -> list[str]:
    """In words, what is otherwise than expected; a table that is left over holds what nobody reads."""
    wanted = expected_shape(kind)
    missing, more = sorted(wanted - found), sorted(found - wanted)
    left_over = sorted({_table(line) for line in more} - {_table(line) for line in wanted})
    wrong = [line for line in more if _table(line) not in left_over]
    return [
        *(f"{table} is left over from another version" for table in left_over),
        *(f"{line} is missing" for line in missing),
        *(f"{line} is not expected" for line in wrong),
    ]


def _table(line: str) -> str:
    return line.split(" ")[0].split(".")[0].split("(")[0]
