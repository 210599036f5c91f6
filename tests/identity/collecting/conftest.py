from __future__ import annotations

from collections.abc import Iterator

import pytest
from uuid_utils.compat import uuid7

from identity.models import EventName, Source
from tests.events.log import (  # noqa: F401 (fixtures)
    clickhouse_events,
    events_database,
    log,
    postgres_events,
    store_kind,
)
from tests.identity.collecting.collector import Collector

A_MINUTE = 300  # events of one address, where its key is a website's


@pytest.fixture(scope="module")
def process(django_db_setup, tmp_path_factory) -> Iterator[Collector]:
    """One collector for the tests of a module, behind a proxy that it knows."""
    running = Collector(
        stream=f"test-{uuid7().hex}",
        spool=tmp_path_factory.mktemp("spool"),
        COLLECT_BY_ADDRESS=f"{A_MINUTE}/m",
        TRUSTED_PROXIES="127.0.0.1",
    ).start()
    yield running
    running.stop()


@pytest.fixture
def collector(process, log, committed, settings) -> Iterator[Collector]:  # noqa: F811
    """A running collector over an empty log."""
    settings.EVENTS_STREAM, settings.EVENTS_SPOOL_DIR = process.stream, process.spool
    yield process
    Source.objects.all().delete()
    EventName.objects.all().delete()
