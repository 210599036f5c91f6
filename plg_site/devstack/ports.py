"""Ports on loopback: which are free, and what answers on them."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range that kernels hand out for outgoing connections (Linux: 32768 and up).
CANDIDATES = range(20_000, 32_000)


class PortTaken(Exception):
    """A port that was asked for by number is in use by another program."""


def is_free(port: int, *, host: str = LOOPBACK) -> bool:
    """True when a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: skip TIME_WAIT
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def find_free(*, avoid: set[int] = frozenset(), neighbours: int = 0) -> int:  # type: ignore[assignment]
    """A free port, with that many free ones right after it."""
    for _ in range(1_000):
        port = random.choice(CANDIDATES)  # noqa: S311
        wanted = range(port, port + neighbours + 1)
        if avoid.isdisjoint(wanted) and all(map(is_free, wanted)):
            return port
    raise PortTaken("No free port was found on loopback.")


def answers(port: int) -> bool:
    """True when something accepts connections there."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def answers_http(port: int, *, host: str, path: str) -> bool:
    """True when an HTTP server there answers this path with 200."""
    asked = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5) as connection:
            connection.sendall(asked.encode())
            with connection.makefile("rb") as answer:
                first = answer.readline(200).split()
                answer.read()  # who stops reading early looks like somebody who broke off
    except OSError:
        return False
    return first[1:2] == [b"200"]
