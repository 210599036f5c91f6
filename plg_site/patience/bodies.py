"""How much of a request has come: what its head says, and where its last chunk ends."""

from __future__ import annotations

import re
from typing import NamedTuple

from plg_site.web import content_length

SMALL = 64 * 1024  # bytes of a body that are gathered without a thread
BEGUN = 16 * 1024  # so much of a large one has come before a thread is given to it
_LENGTH = b"\r\ncontent-length:"
_CHUNKED = b"\r\ntransfer-encoding:"
_EXPECTS = b"\r\nexpect:"  # the client waits for a word before it sends the body
_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}[ \t]*(?:;[^\r\n]*)?")
_LONGEST_LINE = 4096  # of a chunk


class Coming(NamedTuple):
    """`is_whole`: nothing more is to come. `is_large`: a thread has to read the rest. Neither: wait.

    `walked` is where the next question about the same body may begin.
    """

    is_whole: bool = False
    is_large: bool = False
    walked: int = 0


class Unclear(Exception):
    """The head says a length that is none, or two."""


def look(received: bytearray, *, head: bytes, walked: int) -> Coming:
    """What has come of the body behind a head (small letters, with its last line end).

    Raises Unclear.
    """
    start = len(head) + 2
    has = len(received) - start
    length = _length(head)
    if _CHUNKED in head:
        return _of_chunks(received, walked or start, has=has)
    if has >= length:
        return Coming(is_whole=True)
    if _EXPECTS in head:
        return Coming(is_large=True)
    return Coming(is_large=length > SMALL and has >= BEGUN)


def _length(head: bytes) -> int:
    first = head.find(_LENGTH)
    if first < 0:
        return 0
    said = head[first + len(_LENGTH) : head.index(b"\r\n", first + 2)]
    length = content_length.read(said.decode("latin-1"))
    if length is None or head.find(_LENGTH, first + 1) > 0:
        raise Unclear
    return length


def _of_chunks(received: bytearray, at: int, *, has: int) -> Coming:
    """RFC 9112, 7.1. What is no chunk counts as whole: gunicorn reads it, and refuses it at once."""
    while True:
        end = received.find(b"\r\n", at, at + _LONGEST_LINE)
        if end < 0:
            is_over = len(received) - at >= _LONGEST_LINE
            return Coming(is_whole=is_over, is_large=not is_over and has > SMALL, walked=at)
        line = bytes(received[at:end])
        if not _SIZE.fullmatch(line):
            return Coming(is_whole=True)
        size = int(line.partition(b";")[0], 16)
        if size == 0:
            done = received.startswith(b"\r\n", end + 2) or received.find(b"\r\n\r\n", end) >= 0
            return Coming(is_whole=done, is_large=not done and has > SMALL, walked=at)
        following = end + 2 + size + 2
        if following > len(received):
            return Coming(is_large=has > SMALL, walked=at)
        if received[following - 2 : following] != b"\r\n":
            return Coming(is_whole=True)
        at = following
