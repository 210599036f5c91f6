from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity.models import User
from tenants.models import Tenant
from tests.object_store.fixtures import (  # noqa: F401
    in_bucket,
    object_store,
    shared_bucket,
    storage_kind,
)
from tests.tenants.archive import world


@pytest.fixture
def owner(committed: None) -> Iterator[User]:
    """Somebody who owns nothing yet; what they make is removed after the test."""
    with world.nothing_left():
        yield world.a_person("olga")


@pytest.fixture
def umbrella(owner: User) -> Tenant:
    return world.a_workspace(owner)
