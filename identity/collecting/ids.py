"""Whose a call is, as it says, and by which id the store keeps its event once."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from uuid_utils.compat import uuid7

from identity.collecting import cleaning
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
    if not said.isascii() or "\0" in said:
        said = cleaning.text(said)
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
    if message[:10] == "node-next-":
        begins = _clock(message[10:24]) or said[:12]
    elif message[:9] == "ajs-next-":
        begins = _clock(message[9:23]) or said[:12]
    else:
        begins = said[:12]
    return f"{begins}8{said[13:16]}{_VARIANT[said[16]]}{said[17:32]}"


def encoded(text: str) -> bytes:
    """Any text as bytes, also one that is no valid Unicode."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")


def _clock(said: str) -> str:
    """The ms since 1970 with which the ids of Segment's SDKs begin, in hex; "" for something else."""
    if len(said) == 14 and said[13] == "-" and said.isascii() and said[:13].isdigit():
        return f"{int(said[:13]):012x}"
    return ""


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
