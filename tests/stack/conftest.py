"""One running stack for the tests that need every process: walk, browser, faults."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from plg_site.devstack.programs import without_services
from plg_site.devstack.stack import Stack
from plg_site.walk.walker import Walk


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Every process on free ports, with fresh state; stopped and removed at the end."""
    environ = without_services(os.environ)
    # A run signs up more often in a minute than one address may.
    environ |= {"SIGNUP_RATE_LIMIT": "1000/m/ip", "LOGIN_RATE_LIMIT": "1000/m/ip"}
    with Stack(environ=environ).start() as running:
        yield running


@pytest.fixture
def new_walk(stack: Stack) -> Callable[[], Walk]:
    """A walk of a new person against the running stack."""
    from plg_site import demo

    def make() -> Walk:
        return Walk(
            site=stack.site_url,
            target=f"{stack.site_url}/blog/",
            editor=(demo.PEOPLE["editor"][0], demo.PASSWORD),
            outsider=(demo.PEOPLE["other owner"][0], demo.PASSWORD),
        )

    return make
