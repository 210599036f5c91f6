"""Loads of POSTs: as fast as they are answered (wrk), or at a steady rate over kept connections."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from bench.collector import EVENTS
from bench.serving.clients import WrongAnswer, rate_of, tool
from bench.serving.http import Connection

_T = TypeVar("_T")
CONNECTIONS = 32  # as many senders, each with one request on its way
_PLACE = "SEQUENCE"  # what each request has another number for: its events are new ones

_SCRIPT = """
local template = io.open("{body}"):read("*a")
local number = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "{content_type}"
wrk.headers["Authorization"] = "{authorization}"
function request()
  number = number + 1
  return wrk.format(nil, "{path}", nil, (template:gsub("SEQUENCE", "{run}" .. number)))
end
"""


@dataclass(frozen=True)
class Post:
    """What is sent: the JSON of a body with SEQUENCE where it has to differ from request to request."""

    port: int
    path: str
    authorization: str
    body: str
    host: str = "localhost"
    content_type: str = "application/json"

    def request(self, number: int, run: str) -> bytes:
        body = self.body.replace(_PLACE, f"{run}{number}").encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: {self.content_type}\r\n"
            f"Authorization: {self.authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def batch(events: int = EVENTS) -> str:
    """A batch as @segment/analytics-node sends it."""
    said = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    stamp = int(time.time() * 1000)
    calls = [
        {
            "timestamp": said,
            "properties": {"plan": "pro", "seats": 3, "total": 19.5, "currency": "EUR"},
            "event": "Order Completed",
            "type": "track",
            "userId": f"user-{number}",
            "integrations": {},
            "context": {"library": {"name": "@segment/analytics-node", "version": "3.1.0"}},
            "messageId": f"node-next-{stamp}-{number:04d}-{_PLACE}",
            "_metadata": {"nodeVersion": "20.20.2", "jsRuntime": "node"},
        }
        for number in range(events)
    ]
    return json.dumps({"batch": calls, "sentAt": said}, separators=(",", ":"))


def requests_per_second(post: Post, *, seconds: float) -> float:
    """How many are answered with success, over CONNECTIONS kept connections. Raises WrongAnswer."""
    run = uuid4().hex[:8]
    with Connection(post.port) as connection:
        _ask(connection, post.request(0, run))
    if (wrk := tool()) is None:
        return _by_threads(post, seconds=seconds, run=run)
    with tempfile.TemporaryDirectory() as folder:
        body, script = Path(folder, "body"), Path(folder, "post.lua")
        body.write_text(post.body)
        script.write_text(
            _SCRIPT.format(body=body, content_type=post.content_type, path=post.path, run=run,
                           authorization=post.authorization)
        )  # fmt: skip
        command = [
            wrk,
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{max(1, round(seconds))}s",
            "-s",
            str(script),
        ]
        command += ["-H", f"Host: {post.host}", f"http://127.0.0.1:{post.port}"]
        return rate_of(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603


def latencies(
    post: Post, *, rate: float, seconds: float, connections: int = CONNECTIONS
) -> list[float]:
    """Seconds from when each was due to its whole answer, each connection at its share of the rate.

    Raises WrongAnswer.
    """
    run, each_in = uuid4().hex[:8], connections / rate
    many = max(1, round(rate * seconds / connections))
    began = time.monotonic() + 0.2

    def client(place: int) -> list[float]:
        mine = []
        with Connection(post.port) as connection:
            for number in range(many):
                request = post.request(number * connections + place, run)
                due = began + (number + place / connections) * each_in
                time.sleep(max(0.0, due - time.monotonic()))
                _ask(connection, request)
                mine.append(time.monotonic() - due)
        return mine

    return [each for mine in _all(client, connections) for each in mine]


def _by_threads(post: Post, *, seconds: float, run: str) -> float:
    until = time.monotonic() + seconds
    lock, numbers = threading.Lock(), iter(range(1, 10_000_000))

    def client(place: int) -> int:
        done = 0
        with Connection(post.port) as connection:
            while time.monotonic() < until:
                with lock:
                    number = next(numbers)
                _ask(connection, post.request(number, run))
                done += 1
        return done

    return sum(_all(client, CONNECTIONS)) / seconds


def _all(client: Callable[[int], _T], connections: int) -> list[_T]:
    with ThreadPoolExecutor(connections) as pool:
        started = [pool.submit(client, place) for place in range(connections)]
    return [each.result() for each in started]


def _ask(connection: Connection, request: bytes) -> None:
    status, head = connection.ask(request)
    if not 200 <= status < 300:
        raise WrongAnswer(head[:300].decode(errors="replace"))
