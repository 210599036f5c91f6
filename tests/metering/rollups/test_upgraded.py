"""An installation that was made at commit b045b05 goes on with this code, on the same databases."""

from __future__ import annotations

import pytest

from metering import Limit
from metering.asking import usage
from metering.quotas import quota
from metering.quotas.quota import QuotaExceeded
from plg_site.operating import preparation
from tests.events.log import an_event
from tests.metering.tail import TAIL

ROLLUPS = ("rollup_minute", "rollup_hour", "rollup_day")


@pytest.fixture
def made_then(log, acme):
    """Three links, which wait in the tail: nothing of them is in the rollups."""
    log.store.append(
        [an_event("Link Count Changed", tenant=acme.schema_name, change=1) for _ in range(3)]
    )
    with log.store.connection() as connection:
        for table in ROLLUPS:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
        connection.execute(TAIL)
        connection.execute("DELETE FROM store_migration WHERE name LIKE 'metering/0003%'")
    yield
    with log.store.connection() as connection:
        connection.execute("DROP TABLE IF EXISTS rollup_tail, rollup_tail_state")


def test_what_waited_in_the_tail_is_counted_when_prepare_is_through(made_then, acme):
    preparation.event_store()
    assert usage.current(acme, "links") == 3


def test_a_limit_counts_what_waited_in_the_tail_before_anything_is_prepared(made_then, acme):
    quota.set_limits(acme, {"links": Limit(3)})
    with pytest.raises(QuotaExceeded):
        quota.consume(acme, "links")
