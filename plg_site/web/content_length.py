"""What a request says of the length of its body, read in one way by the web server and by the pages."""

from __future__ import annotations

LARGEST = 10**15 - 1  # bytes; more than anybody sends, and a number that every reader can hold


def read(said: str) -> int | None:
    """Bytes; LARGEST for all that is more. None for what is no length (RFC 9110, 8.6)."""
    said = said.strip(" \t")
    if not (said.isascii() and said.isdecimal()):
        return None
    digits = said.lstrip("0") or "0"
    return int(digits) if len(digits) <= len(str(LARGEST)) else LARGEST
