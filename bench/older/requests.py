"""A click and a sign-up, beside the same of commit 5ec79f5: both as deployed, asked by one client.

Both installations run at once, each with databases, Redis and processes of its own, and are asked in
turns. Connections are kept. Who signs up loads the form first, as a browser does, then posts it.
"""

from __future__ import annotations

import http.client
import statistics
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag

from bench import against
from bench.against import NoHistory, Side
from bench.figures import Figure
from bench.serving.clients import Target, requests_per_second, wanting
from bench.sizes import TINY, Size
from plg_site.devstack.progress import step
from plg_site.devstack.stack import Stack
from plg_site.devstack.state import State
from plg_site.walk.browser import Browser

COMMIT = "5ec79f5"
BAR = 1.05
TURNS, SECONDS = 9, 4  # for each side: loads of clicks, and how long each is
PEOPLE = 12  # sign up in each turn
READS_FOR = 2.5  # seconds from the form to its sending: people type
_TARGET = "https://example.com/sale"
_ENVIRON = {
    "DEBUG": "0",
    "WATCH_FILES": "0",
    # All come from this machine.
    "SIGNUP_RATE_LIMIT": "100000/m/ip",
    "LOGIN_RATE_LIMIT": "100000/m/ip",
}


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    try:
        older = against.checked_out(COMMIT)
    except NoHistory as error:
        if size is not TINY:
            raise
        return [_skipped("a click on a short link", error), _skipped("a sign-up", error)]
    with ExitStack() as running:
        sides = [
            _Measured.of(running.enter_context(_running(code, TURNS)))
            for code in (older, against.PRESENT)
        ]
        turns = size.of(TURNS, at_least=1)
        for side in sides:  # warm
            side.click_ms(seconds=1)
            side.sign_up_ms(people=2)
        clicks = _in_turns(sides, turns, lambda side: side.click_ms(seconds=size.of(SECONDS, at_least=1)))
        people = size.of(PEOPLE, at_least=2)
        sign_ups = _in_turns(sides, turns, lambda side: side.sign_up_ms(people=people))
    return [
        _figure("a click on a short link", clicks, void=wanting()),
        _figure("a sign-up, its form and its sending", sign_ups),
    ]
