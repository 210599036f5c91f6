import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from plg_site.devstack.programs import without_made_up
from plg_site.devstack.stack import Stack


@pytest.fixture(scope="session")
def bare_environ() -> dict[str, str]:
    """This process's variables, as a newcomer's shell has them."""
    return without_made_up(os.environ)


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
