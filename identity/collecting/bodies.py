"""The bytes of a body: decompressed by what they are, whatever the headers say of them."""

from __future__ import annotations

import zlib

MAX_SENT = 10 * 1024 * 1024  # bytes on the wire; 15 events of some hundred kB come in one batch
MAX_BODY = 20 * 1024 * 1024  # bytes after decompression
_GZIP = b"\x1f\x8b"


class TooLarge(ValueError):
    """The body is larger than it may be."""


class Unreadable(ValueError):
    """It is no body of ours. Says why."""


def plain(sent: bytes, *, encoding: str = "") -> bytes:
    """The bytes that were meant. Raises TooLarge, Unreadable.

    What begins like gzip is gzip, with or without its header; a body that a proxy has decompressed and
    left the header on is plain.
    """
    encoding = encoding.strip().lower()
    if sent.startswith(_GZIP):
        return _inflated(sent, zlib.MAX_WBITS | 16)
    if encoding == "deflate" and not sent.lstrip().startswith(b"{"):
        return _inflated(sent, zlib.MAX_WBITS if sent[:1] == b"\x78" else -zlib.MAX_WBITS)
    if len(sent) > MAX_BODY:
        raise TooLarge(f"The body is larger than {MAX_BODY} bytes.")
    return sent


def _inflated(sent: bytes, wbits: int) -> bytes:
    """At most one byte more than is allowed, however much a small body would grow to."""
    reader = zlib.decompressobj(wbits=wbits)
    try:
        found = reader.decompress(sent, MAX_BODY + 1)
    except zlib.error:
        raise Unreadable("The body is not gzip.") from None
    if len(found) > MAX_BODY:
        raise TooLarge(f"The body has more than {MAX_BODY} bytes after decompression.")
    if not reader.eof:
        raise Unreadable("The compressed body ends too early.")
    return found
