"""Clients of an HTTP server on loopback: as fast as it answers, or at a steady rate.

As fast as possible is wrk's work where it is installed. Else a process of Python does it, which
takes more of the machine from the server: ratios of two servers remain, rates are lower.
"""

from __future__ import annotations

import itertools
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

CONNECTIONS = 64  # more than the server has threads: none of them waits for work


class WrongAnswer(RuntimeError):
    """The server answered something else than was expected: its speed means nothing."""


@dataclass(frozen=True)
class Target:
    """What is asked for, and the status that the answer must have."""

    port: int
    path: str = "/"
    host: str = "localhost"
    status: int = 200

    @property
    def request(self) -> bytes:
        return f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()


def requests_per_second(target: Target, *, seconds: float) -> float:
    """How many requests it answers over CONNECTIONS connections. Raises WrongAnswer."""
    once(target)
    wrk = shutil.which("wrk")
    if wrk is None:
        return _by_python(target, seconds)
    url = f"http://127.0.0.1:{target.port}{target.path}"
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"]
    command += ["-H", f"Host: {target.host}", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None or "Non-2xx or 3xx" in said or "Socket errors" in said:
        raise WrongAnswer(said)
    return float(found[1])


def once(target: Target) -> None:
    """One request. Raises WrongAnswer."""
    with _connect(target) as connection:
        _ask(connection, target)


def latencies(target: Target, *, rate: float, seconds: float) -> list[float]:
    """Seconds from when each request was due to its whole answer, at so many requests a second.

    A request that had to wait because all connections were busy has waited, too.
    """
    number, taken, lock = itertools.count(), [], threading.Lock()
    began, total = time.monotonic() + 0.1, int(rate * seconds)

    def client() -> None:
        mine: list[float] = []
        with _connect(target) as connection:
            while (turn := next(number)) < total:
                due = began + turn / rate
                time.sleep(max(0.0, due - time.monotonic()))
                _ask(connection, target)
                mine.append(time.monotonic() - due)
        with lock:
            taken.extend(mine)

    threads = [threading.Thread(target=client) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(taken) != total:
        raise WrongAnswer(f"{len(taken)} of {total} requests were answered.")
    return taken


def _connect(target: Target) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", target.port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _ask(connection: socket.socket, target: Target) -> None:
    connection.sendall(target.request)
    answer = connection.recv(65536)
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    # Every answer that is measured here is empty: its head is all of it.
    if int(answer[9:12]) != target.status:
        raise WrongAnswer(answer[:200].decode(errors="replace"))


def _by_python(target: Target, seconds: float) -> float:
    arguments = [str(target.port), target.path, target.host, str(target.status), str(seconds)]
    command = [sys.executable, "-m", "bench.serving.clients", *arguments]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)  # noqa: S603


def _main(port: str, path: str, host: str, status: str, seconds: str) -> None:
    target, until, done = Target(int(port), path, host, int(status)), 0.0, itertools.count()

    def client() -> None:
        with _connect(target) as connection:
            while time.monotonic() < until:
                _ask(connection, target)
                next(done)

    until = time.monotonic() + float(seconds)
    threads = [threading.Thread(target=client) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(next(done) / float(seconds))


if __name__ == "__main__":
    _main(*sys.argv[1:])
