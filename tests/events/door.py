"""A door before a real server: closing it is what an outage looks like to its clients."""

from __future__ import annotations

import contextlib
import socket
import threading


class Door:
    """Forwards a port of its own to `host:port` while it is open; refuses and cuts while closed.

    While it is stuck it takes connections and carries nothing, as a server does that is stopped.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener: socket.socket | None = None
        self._sockets: list[socket.socket] = []
        self._moves = threading.Event()
        self._moves.set()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.open()

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def stick(self) -> None:
        self._moves.clear()

    def move(self) -> None:
        self._moves.set()

    def close(self) -> None:
        if self._listener:
            self._shut(self._listener)
            self._listener = None
        for each in self._sockets:
            self._shut(each)
        self._sockets.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:  # nobody is behind the door at this moment
                    client.close()
                    continue
                self._sockets += [client, server]
                if self._listener is not listener:  # closed while we were connecting
                    self._shut(client)
                    self._shut(server)
                    return
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._moves.wait()
                target.sendall(data)
        self._shut(source)
        self._shut(target)

    @staticmethod
    def _shut(each: socket.socket) -> None:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
