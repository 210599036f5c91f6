"""Whose a call is, as it says, and by which id the store keeps its event once."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any

from uuid_utils.compat import uuid7

from identity.collecting.naming import WrongCall

LONGEST = 200  # characters of an id


def text(said: Any, what: str) -> str:
    """An id of the caller's, "" for none; a number is as good as a text. Raises WrongCall."""
    if type(said) is not str:
        if said is None:
            return ""
        if isinstance(said, bool) or not isinstance(said, int | float):
            raise WrongCall("wrong_id", f"{what} must be a text.")
        said = str(said)
    said = said.strip()
    if len(said) > LONGEST:
        raise WrongCall("wrong_id", f"{what} has more than {LONGEST} characters.")
    return said


def message_id(said: Any) -> str:
    """Any text, "" for none; a number is as good as one. Raises WrongCall."""
    if type(said) is str:
        return said
    if said is None:
        return ""
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise WrongCall("wrong_message_id", "messageId must be a text.")
    return str(said)


def event_id(source: bytes, message: str) -> str:
    """32 hex digits, the same for each repetition of (source, messageId), however late: the store keeps one.

    A UUIDv8 (RFC 9562, 5.8) of a SHA-256, never one of our own. Where the messageId says when it was
    made, that leads, which keeps the index warm. Without a messageId nobody can tell a repetition.
    """
    if not message:
        return uuid7().hex
    said = sha256(source + encoded(message)).hexdigest()
    begins = _clock(message[:24]) if message[4:10] == "-next-" or message[3:9] == "-next-" else ""
    return f"{begins or said[:12]}8{said[13:16]}{_VARIANT[said[16]]}{said[17:32]}"


def encoded(text: str) -> bytes:
    """Any text as bytes, also one that is no valid Unicode."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")


@lru_cache(maxsize=1_000)  # those of one batch were made in a few ms
def _clock(begins: str) -> str:
    """The ms since 1970 with which the ids of Segment's SDKs begin, in hex; "" for something else."""
    word, _, rest = begins.partition("-next-")
    digits, dash, _ = rest.partition("-")
    if word in ("node", "ajs") and dash and len(digits) == 13 and digits.isascii():
        return f"{int(digits):012x}" if digits.isdigit() else ""
    return ""


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
