"""Clocks: those of this machine, of the database, of Redis and of the world outside agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

import httpx
import redis
from django.conf import settings
from django.db import connection

from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Clocks"
NOTICED, BAD = 2.0, 30.0  # seconds; Stripe's signatures are refused beyond 300
_PATIENCE = 5.0  # seconds


def look() -> Iterator[Finding]:
    for name, ask in (
        ("the database", _database),
        ("Redis", _redis),
        (f"the web server of {settings.STRIPE_API_HOST}", _outside),
    ):
        try:
            yield _judge(name, ask)
        except (httpx.HTTPError, redis.RedisError, KeyError, ValueError) as error:
            yield warning(f"{name} did not tell its time ({error})", "Look at the network.")


def _judge(name: str, ask: Callable[[], tuple[float, float]]) -> Finding:
    """`ask` gives its time and how exact that is, both in seconds."""
    before = time.time()
    theirs, exact = ask()
    after = time.time()
    # Somewhere in between it was read: what is sure is only what lies outside.
    ahead = max(theirs - after, before - theirs - exact, 0.0)
    facts = {"of": name, "seconds": round(ahead, 3)}
    if ahead < NOTICED:
        return fine(f"this machine and {name} agree", **facts)
    make = problem if ahead >= BAD else warning
    return make(
        f"this machine and {name} are {ahead:,.0f} s apart",
        "Let chrony or systemd-timesyncd set both clocks; periods, links and signatures depend on it.",
        **facts,
    )


def _database() -> tuple[float, float]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0]), 0.0


def _redis() -> tuple[float, float]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=_PATIENCE)
    try:
        seconds, micro = client.time()
    finally:
        client.close()
    return seconds + micro / 1e6, 0.0


def _outside() -> tuple[float, float]:
    """The Date header (RFC 9110, 6.6.1), in whole seconds."""
    answer = httpx.head(settings.STRIPE_API_HOST, timeout=_PATIENCE, follow_redirects=False)
    return parsedate_to_datetime(answer.headers["Date"]).timestamp(), 1.0
