from collections.abc import Iterator

import pytest

from metering import cycles
from tests.events.log import (  # noqa: F401 (fixtures)
    clickhouse_events,
    events_database,
    log,
    postgres_events,
    store_kind,
)
from tests.metering.parcels import parcels  # noqa: F401 (fixture)


@pytest.fixture(autouse=True)
def _forget_cycles() -> Iterator[None]:
    """What a process remembers of cycles outlives a rollback."""
    cycles.forget()
    yield
    cycles.forget()
