"""Clients of an HTTP server on loopback: as fast as it answers, or at a steady rate.

As fast as possible is wrk's work: written in Python, the client would take more of the machine than
the server. wrk is installed where it may be (`tool`); else a process of Python stands in, and whoever
measures with it says that the figure is void (`wanting`).
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from bench.serving.http import BrokenAnswer, Connection
from plg_site.devstack import apt

_T = TypeVar("_T")
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


@cache
def tool() -> str | None:
    """Where wrk is; installed first where that is possible. None: it is not to be had."""
    if not shutil.which("wrk"):
        apt.install("wrk", lambda words: print(f"  … {words}", flush=True))
    return shutil.which("wrk")


def wanting() -> str:
    """Why rates that were measured here do not count; empty when they do."""
    if tool() is None:
        return "wrk is not installed (apt-get install wrk): its stand-in in Python is the limit"
    return ""


def requests_per_second(target: Target, *, seconds: float) -> float:
    """How many requests it answers over CONNECTIONS connections. Raises WrongAnswer."""
    once(target)
    if (wrk := tool()) is None:
        return by_python(target, seconds=seconds)
    url = f"http://127.0.0.1:{target.port}{target.path}"
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"]
    command += ["-H", f"Host: {target.host}", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    once(target)  # wrk tells errors from the rest, not one status from another
    return rate_of(said)


def rate_of(said: str) -> float:
    """What wrk has measured. Raises WrongAnswer when not every request was answered well."""
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None or "Non-2xx or 3xx" in said or "Socket errors" in said:
        raise WrongAnswer(said)
    return float(found[1])


def once(target: Target) -> None:
    """One request. Raises WrongAnswer."""
    with Connection(target.port) as connection:
        _ask(connection, target)


def latencies(target: Target, *, rate: float, seconds: float) -> list[float]:
    """Seconds from when each request was due to its whole answer, at so many requests a second.

    A request that had to wait because all connections were busy has waited, too. Raises WrongAnswer.
    """
    number = itertools.count()
    began, total = time.monotonic() + 0.1, int(rate * seconds)

    def client() -> list[float]:
        mine: list[float] = []
        with Connection(target.port) as connection:
            while (turn := next(number)) < total:
                due = began + turn / rate
                time.sleep(max(0.0, due - time.monotonic()))
                _ask(connection, target)
                mine.append(time.monotonic() - due)
        return mine

    taken = [each for mine in _all(client) for each in mine]
    if len(taken) != total:
        raise WrongAnswer(f"{len(taken)} of {total} requests were answered.")
    return taken


def by_python(target: Target, *, seconds: float) -> float:
    """Requests a second, asked by a process of Python. Raises WrongAnswer."""
    arguments = [str(target.port), target.path, target.host, str(target.status), str(seconds)]
    command = [sys.executable, "-m", "bench.serving.clients", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    if done.returncode != 0:
        raise WrongAnswer(done.stderr[-2000:])
    return float(done.stdout)


def _all(client: Callable[[], _T]) -> list[_T]:
    """What each of CONNECTIONS clients gives. Raises what the first of them raises that fails."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        started = [pool.submit(client) for _ in range(CONNECTIONS)]
    return [each.result() for each in started]


def _ask(connection: Connection, target: Target) -> None:
    try:
        status, head = connection.ask(target.request)
    except (BrokenAnswer, OSError, ValueError) as error:
        raise WrongAnswer(f"{target.path}: {error!r}") from error
    if status != target.status:
        raise WrongAnswer(head[:200].decode(errors="replace"))


def _main(port: str, path: str, host: str, status: str, seconds: str) -> None:
    target, until = Target(int(port), path, host, int(status)), time.monotonic() + float(seconds)

    def client() -> int:
        done = 0
        with Connection(target.port) as connection:
            while time.monotonic() < until:
                _ask(connection, target)
                done += 1
        return done

    print(sum(_all(client)) / float(seconds))


if __name__ == "__main__":
    _main(*sys.argv[1:])
