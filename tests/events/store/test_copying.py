"""A history moves from one kind of store to the other, whole, and is counted there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from events.store import make_store, projections
from tests.events.log import an_event, both_stores

NOW = datetime.now(UTC)


@both_stores
def test_a_history_is_copied_once_however_often_and_counted(
    postgres_events, clickhouse_events, log, store_kind
):
    url = {"postgres": clickhouse_events, "clickhouse": postgres_events}[store_kind]
    other = make_store(url)
    other.migrate()
    tenant = f"w_{store_kind}_copy"  # the other log may have events of other tests
    history = [
        an_event(time=NOW - timedelta(days=days, hours=days), tenant=tenant, floor=days)
        for days in (0, 1, 1, 90)
    ]
    with projections.none():  # they count for the store in use
        other.append(history)
    call_command("copy_events", source=url)
    call_command("copy_events", source=url)
    assert log.store.find(tenant=tenant) == other.find(tenant=tenant)
    query = f"SELECT sum(count) FROM rollup_day WHERE tenant = '{tenant}'"  # noqa: S608
    assert log.query(query) == [(4,)]
    other.close()


def test_the_store_in_use_is_not_copied_into_itself(log, events_database):
    with pytest.raises(CommandError):
        call_command("copy_events", source=events_database)
