"""A pooler of seventy lines: all clients share one connection to PostgreSQL, transaction by
transaction. It lets everybody in and speaks no TLS."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

import psycopg
from django.conf import settings

# https://www.postgresql.org/docs/current/protocol-message-formats.html
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
WELCOME = b"R" + struct.pack("!ii", 8, 0) + b"K" + struct.pack("!iii", 12, 0, 0)
READY = b"Z" + struct.pack("!i", 5) + b"I"


class SmallPooler:
    """`follows`: it gives the connection the `search_path` of whoever has it."""

    def __init__(self, host: str, port: int, *, follows: bool) -> None:
        database = settings.DATABASES["default"]
        self._libpq = psycopg.connect(
            host=host,
            port=port,
            dbname=database["NAME"],
            user=database["USER"],
            password=database["PASSWORD"],
            autocommit=True,
        )
        self._server = socket.socket(fileno=self._libpq.fileno())
        self._server.setblocking(True)
        self._follows = follows
        self._path = ""  # of the one connection
        self._turn = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._listener.close()
        self._server.detach()
        self._libpq.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        path = ""  # of this client
        with client, contextlib.suppress(OSError, EOFError):
            self._welcome(client)
            while True:
                asked = self._until(client, b"QSX")  # a query, Sync, or Terminate
                if asked[-1][0] == b"X":
                    return
                with self._turn:
                    if self._follows and path and path != self._path:
                        text = f"SET search_path = {path}".encode() + b"\0"
                        self._ask([(b"Q", text)])
                    answer = self._ask(asked)
                    path = self._path or path
                client.sendall(b"".join(map(_packed, answer)))

    def _ask(self, messages: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """What PostgreSQL answers; it reports every change of the path (since 18)."""
        self._server.sendall(b"".join(map(_packed, messages)))
        answer = self._until(self._server, b"Z")
        for kind, body in answer:
            if kind == b"S" and body.startswith(b"search_path\0"):
                self._path = body.split(b"\0")[1].decode()
        return answer

    def _until(self, line: socket.socket, kinds: bytes) -> list[tuple[bytes, bytes]]:
        messages: list[tuple[bytes, bytes]] = []
        while not messages or messages[-1][0] not in kinds:
            kind = _exactly(line, 1)
            (length,) = struct.unpack("!i", _exactly(line, 4))
            messages.append((kind, _exactly(line, length - 4)))
        return messages

    @staticmethod
    def _welcome(client: socket.socket) -> None:
        while True:
            length, code = struct.unpack("!ii", _exactly(client, 8))
            _exactly(client, length - 8)
            if code not in (SSL_REQUEST, GSS_REQUEST):
                client.sendall(WELCOME + READY)
                return
            client.sendall(b"N")


def _packed(message: tuple[bytes, bytes]) -> bytes:
    kind, body = message
    return kind + struct.pack("!i", len(body) + 4) + body


def _exactly(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        if not (more := line.recv(count - len(data))):
            raise EOFError
        data += more
    return data
