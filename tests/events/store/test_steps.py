"""Numbered SQL files: each is applied once, and what was applied is known."""

from __future__ import annotations

from uuid import uuid4

import pytest

from events.errors import StepEdited
from events.store import migrations
from events.store.clickhouse import schema
from tests.events.log import both_stores


def tell(log, statement):
    with log.store.connection() as connection:
        (connection.command if log.store.kind == "clickhouse" else connection.execute)(statement)


@pytest.fixture
def steps(log, monkeypatch, tmp_path):
    """A store's own folder, with one step that is applied. Its name is new: the ClickHouse engine
    drops an insert that it has seen, also where the row was deleted since."""
    folder = tmp_path / "sql"
    folder.mkdir()
    step = folder / f"0001_shelf_{uuid4().hex}.sql"
    ending = " ENGINE = MergeTree ORDER BY id" if log.store.kind == "clickhouse" else ""
    step.write_text(f"CREATE TABLE IF NOT EXISTS shelf (id integer){ending}")
    monkeypatch.setattr(migrations, "_OWN", folder)
    monkeypatch.setattr(schema, "_OWN", folder)
    log.store.migrate()
    yield step
    tell(log, "DROP TABLE shelf")
    suffix = " SETTINGS mutations_sync = 2" if log.store.kind == "clickhouse" else ""
    where = "ALTER TABLE store_migration DELETE" if suffix else "DELETE FROM store_migration"
    tell(log, f"{where} WHERE name = 'events/{step.name}'{suffix}")


@both_stores
def test_a_step_is_applied_once(log, steps):
    assert log.store.migrate() == []


@both_stores
def test_a_step_that_was_edited_after_it_was_applied_is_refused_by_its_name(log, steps):
    steps.write_text(steps.read_text().replace("(id integer)", "(id integer, name text)"))
    with pytest.raises(StepEdited, match=f"events/{steps.name} was applied here"):
        log.store.migrate()


@both_stores
def test_of_a_step_that_was_applied_before_hashes_were_kept_the_present_text_counts(log, steps):
    if log.store.kind == "clickhouse":
        how = "ALTER TABLE store_migration UPDATE hash = '' WHERE true SETTINGS mutations_sync = 2"
    else:
        how = "UPDATE store_migration SET hash = NULL"
    tell(log, how)
    assert log.store.migrate() == []
    steps.write_text(steps.read_text() + " ")
    with pytest.raises(StepEdited):
        log.store.migrate()
