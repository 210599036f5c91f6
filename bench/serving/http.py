"""Answers of an HTTP/1.1 server, read whole from a connection that is kept (RFC 9112).

Not a browser's client: as little work as possible, so that a load leaves the machine to the server.
"""

from __future__ import annotations

import socket

_END_OF_HEAD = b"\r\n\r\n"
_WITHOUT_BODY = {204, 304}


class BrokenAnswer(Exception):
    """What came is no answer, or not all of one."""


class Connection:
    """A connection to a port on loopback. Raises OSError, BrokenAnswer."""

    def __init__(self, port: int, *, timeout: float = 30.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._here = b""  # what has come and belongs to no answer yet

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request, which is no HEAD; status and head of the answer, whose body has been read."""
        if self._here:
            raise BrokenAnswer(f"More came than the last answer: {self._here[:200]!r}")
        self._socket.sendall(request)
        head = self._until(_END_OF_HEAD)
        status = _status(head)
        self._read_body(status, head.lower())
        return status, head

    def _read_body(self, status: int, head: bytes) -> None:
        if status < 200 or status in _WITHOUT_BODY:
            return
        if "chunked" in _header(head, b"transfer-encoding"):
            while size := int(self._until(b"\r\n").split(b";")[0], 16):
                self._take(size + 2)
            while self._until(b"\r\n") != b"\r\n":
                pass  # trailers
        elif length := _header(head, b"content-length"):
            self._take(int(length))
        else:
            raise BrokenAnswer(
                f"An answer without a length ends with its connection: {head[:200]!r}"
            )

    def _until(self, mark: bytes) -> bytes:
        start = 0
        while (found := self._here.find(mark, start)) < 0:
            start = max(0, len(self._here) - len(mark))
            self._receive()
        end = found + len(mark)
        part, self._here = self._here[:end], self._here[end:]
        return part

    def _take(self, size: int) -> None:
        while len(self._here) < size:
            self._receive()
        self._here = self._here[size:]

    def _receive(self) -> None:
        came = self._socket.recv(65536)
        if not came:
            raise BrokenAnswer(
                f"The server closed in the middle of an answer: {self._here[:200]!r}"
            )
        self._here += came


def _status(head: bytes) -> int:
    if not head.startswith(b"HTTP/1.") or not head[9:12].isdigit():
        raise BrokenAnswer(f"No answer begins like this: {head[:200]!r}")
    return int(head[9:12])


def _header(head: bytes, name: bytes) -> str:
    """A header of a head in small letters; empty when there is none."""
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.split(b"\r\n", 1)[0].strip().decode("latin-1") if found else ""
