"""A mail server on loopback that does what a test tells it to: takes, dawdles, refuses, or goes away."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    rcpt = "250 ok"
    hangs_up_at = ""  # a command, or "body": the letter was taken, and there is no answer
    gathers: threading.Barrier | None = None  # no mail is taken before so many are here
    seconds = 0.0  # that it takes for a letter
    mails: list[str]
    in_hand = most_at_once = 0

    def dawdle(self) -> None:
        self.in_hand += 1
        self.most_at_once = max(self.most_at_once, self.in_hand)
        time.sleep(self.seconds)
        self.in_hand -= 1

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    server: Server

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self) -> None:
        self.say("220 loopback")
        for line in self.rfile:
            command = line.decode().strip().upper()[:4]
            if command == self.server.hangs_up_at:
                return
            if command == "QUIT":
                return self.say("221 bye")
            if command == "DATA":
                if not self._take():
                    return None
            else:
                self.say(self.server.rcpt if command == "RCPT" else "250 ok")
        return None

    def _take(self) -> bool:
        self.say("354 go on")
        lines: list[str] = []
        for line in self.rfile:
            if line == b".\r\n":
                self.server.dawdle()
                self.server.mails.append("".join(lines))
                if self.server.hangs_up_at == "body":
                    return False
                if gathers := self.server.gathers:
                    gathers.wait(timeout=20)
                self.say("250 taken")
                return True
            lines.append(line.decode())
        return False


@contextmanager
def running() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), _Talk) as server:
        server.mails = []
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
