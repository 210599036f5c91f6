import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from plg_site.devstack.stack import Stack

# What the test command sets for the tests of the application, and a stack of its own must not get.
NOT_INHERITED = ("DATABASE_URL", "EVENTS_DATABASE_URL", "REDIS_URL", "STRIPE_", "STATE_DIR")


@pytest.fixture(scope="session")
def bare_environ() -> dict[str, str]:
    """This process's variables, as a newcomer's shell has them."""
    return {k: v for k, v in os.environ.items() if not k.startswith(NOT_INHERITED)}


@pytest.fixture
def state_folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture(scope="module")
def services(
    tmp_path_factory: pytest.TempPathFactory, bare_environ: dict[str, str]
) -> Iterator[Stack]:
    """PostgreSQL and Redis, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("services")
    stack = Stack(folder, environ=bare_environ, throw_away=True)
    with stack.start(services_only=True):
        yield stack
