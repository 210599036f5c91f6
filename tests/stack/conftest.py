"""One running stack for the tests that need every process: walk, browser, faults, survival."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plg_site.devstack import ports, postgres
from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.stack import Stack
from plg_site.devstack.state import State
from plg_site.walk.walker import Walk
from tests.events.door import Door
from tests.stack.chromium import chromium, tab  # noqa: F401 (fixtures)


@pytest.fixture(scope="session")
def state() -> State:
    """A folder for the stack; it knows its ports and passwords before anything runs."""
    return State(Path(tempfile.mkdtemp(prefix="plg-")))


@pytest.fixture(scope="session")
def store_door(state: State) -> Iterator[Door]:
    """The stack's only way to the events database: closing it leaves the primary one alone."""
    door = Door(ports.LOOPBACK, state.port("postgres"))
    yield door
    door.close()


@pytest.fixture(scope="session")
def stack(state: State, store_door: Door) -> Iterator[Stack]:
    """Every process on free ports, with fresh state; stopped and removed at the end."""
    # First what an outer stack made up: the door's address, given below, must not count as such.
    environ = without_services(without_made_up(os.environ))
    who = f"{postgres.OWNER}:{state.secret('postgres_password')}"
    where = f"{ports.LOOPBACK}:{store_door.port}/{postgres.DATABASES[1]}"
    # A run signs up faster, and more often in a minute, than the people of one address do.
    environ |= {
        "SIGNUPS_BY_ADDRESS": "1000/m",
        "SIGNUP_FORM_SECONDS": "0",
        "SIGNUPS_BY_LINK": "1/h",
        "DATABASE_WAIT": "60",  # what is slow on a busy machine is not lost
    }
    environ["EVENTS_DATABASE_URL"] = f"postgres://{who}@{where}"
    with Stack(state.path, throw_away=True, apart=True, environ=environ).start() as running:
        yield running


@pytest.fixture
def new_walk(stack: Stack) -> Callable[[], Walk]:
    """A walk of a new person against the running stack."""
    from plg_site.development import demo

    def make() -> Walk:
        return Walk(
            site=stack.site_url,
            target=f"{stack.site_url}/blog/",
            editor=(demo.PEOPLE["editor"][0], demo.PASSWORD),
            outsider=(demo.PEOPLE["other owner"][0], demo.PASSWORD),
        )

    return make
