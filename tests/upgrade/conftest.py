"""Older commits as they were, on databases that the present code then takes over."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench import against
from bench.against import Code, NoHistory
from plg_site.devstack.state import State

SCRIPTS = Path(__file__).parent / "scripts"


@pytest.fixture(scope="session")
def commit() -> Callable[[str], Code]:
    """A commit, ready to run. Where this clone does not have it, the test is skipped and says so."""

    def checked_out(name: str) -> Code:
        try:
            return against.checked_out(name)
        except NoHistory as error:
            pytest.skip(str(error))

    return checked_out


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The state of one installation: databases, uploads, secrets. Gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="plg-upgrade-"))
    yield path
    State(path).remove()
