"""A mail server on loopback that takes its time, and knows when it took each mail and for whom."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32


@dataclass(frozen=True)
class Taken:
    """A mail: when it was there (Unix time, s), for whom, and its subject."""

    at: float
    to: str
    subject: str


@dataclass
class MailServer:
    """Says `250` to each mail `takes` seconds after it has come, on each connection one after the other."""

    takes: float
    port: int = 0
    taken: list[Taken] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())
            await writer.drain()

        to = ""
        try:
            await say("220 loopback")
            while line := await reader.readline():
                command = line[:4].upper()
                if command == b"QUIT":
                    await say("221 bye")
                    return
                if command == b"RCPT":
                    to = line.partition(b"<")[2].partition(b">")[0].decode()
                if command == b"DATA":
                    await say("354 go on")
                    came = time.time()
                    body = await reader.readuntil(b"\r\n.\r\n")
                    self.taken.append(Taken(came, to, _subject(body)))
                    await asyncio.sleep(self.takes)
                await say("250 ok")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # who hangs up has nothing more to say
        finally:
            writer.close()


@contextmanager
def running(*, takes: float) -> Iterator[MailServer]:
    """One that answers while the block runs."""
    server = MailServer(takes)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="mail-server", daemon=True)
    thread.start()
    starting = asyncio.start_server(server.talk, "127.0.0.1", 0, limit=10_000_000)
    listening = asyncio.run_coroutine_threadsafe(starting, loop).result()
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(listening.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def _subject(mail: bytes) -> str:
    said = message_from_bytes(mail, policy=compat32)["Subject"]
    return str(make_header(decode_header(said))) if said else ""
