from collections.abc import Iterator

import pytest

from metering.periods import cycles
from metering.rollups import trust
from tests.events.log import (  # noqa: F401 (fixtures)
    clickhouse_events,
    events_database,
    log,
    postgres_events,
    store_kind,
)
from tests.metering.parcels import parcels  # noqa: F401 (fixture)


@pytest.fixture(autouse=True)
def _forget_what_is_known() -> Iterator[None]:
    """What a process remembers of cycles, and of rollups, outlives a rollback."""
    cycles.forget()
    trust.forget()
    yield
    cycles.forget()
    trust.forget()
