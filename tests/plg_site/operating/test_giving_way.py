"""A change of shared tables under traffic: requests go on, and the change comes through."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import psycopg
import pytest
from django.core.management import CommandError
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.migrations import (
    AlterUniqueTogether,
    CreateModel,
    Migration,
    RunPython,
    RunSQL,
)
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from events.errors import StoreUnavailable
from plg_site.operating import giving_way
from plg_site.operating.tables_first import tables_first, tables_of


@pytest.fixture
def two_tables(committed) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE way_first (id int); CREATE TABLE way_second (id int)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE way_first; DROP TABLE way_second")


@contextmanager
def somebody_else() -> Iterator[psycopg.Connection]:
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    other.inc_thread_sharing()
    other.ensure_connection()
    try:
        yield other.connection
    finally:
        other.close()


def a_request(using: psycopg.Connection, *, thinks: float = 0.0) -> None:
    """Uses the tables in the other order than the change."""
    with using.transaction():
        using.execute("INSERT INTO way_second VALUES (1)")
        time.sleep(thinks)
        using.execute("INSERT INTO way_first VALUES (1)")


def change() -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE way_first ADD COLUMN later text")
        cursor.execute("ALTER TABLE way_second ADD COLUMN later text")
    return "changed"


def test_who_waits_for_each_other_is_parted_by_the_change_giving_way(two_tables):
    failed, said, stop = [], [], threading.Event()

    def people() -> None:
        with somebody_else() as using:
            while not stop.is_set():
                try:
                    a_request(using, thinks=0.1)
                except psycopg.Error as error:
                    failed.append(repr(error))
                stop.wait(0.4)

    threads = [threading.Thread(target=people) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert giving_way.until_free(change, say=said.append) == "changed"
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert failed == []
    assert said in ([], ["tables are in use; it gives way and comes again"])


class AddLater(Migration):
    """Computes between its two tables, as Django's do, only longer."""

    operations: ClassVar = [
        RunSQL("ALTER TABLE way_first ADD COLUMN later text"),
        RunPython(lambda apps, editor: time.sleep(0.9)),
        RunSQL(
            'CREATE TABLE "way_third" ("id" int REFERENCES "way_second" ("id")); DROP TABLE way_third'
        ),
    ]


def test_a_migration_takes_its_tables_at_once_from_people_who_always_have_one(two_tables):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE way_second ADD UNIQUE (id)")
    failed, stop = [], threading.Event()

    def people(number: int) -> None:
        with somebody_else() as using:
            while not stop.is_set():
                number += 2
                try:
                    with using.transaction():
                        using.execute("INSERT INTO way_second VALUES (%s)", [number])
                        time.sleep(0.15)
                        using.execute("INSERT INTO way_first VALUES (1)")
                except psycopg.Error as error:
                    failed.append(repr(error))
                stop.wait(0.05)

    threads = [threading.Thread(target=people, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    migration = AddLater("later_way", "tenants")
    try:
        with tables_first():
            MigrationExecutor(connection).apply_migration(ProjectState(), migration)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
        MigrationRecorder(connection).record_unapplied("tenants", "later_way")
    assert failed == []


def test_the_tables_of_a_migration_are_read_from_its_sql(db):
    loader = MigrationLoader(connection)
    key = ("billing", "0005_catalogue_and_state")
    found = tables_of(loader.graph.nodes[key], loader.project_state(key, at_end=False))
    assert found["billing_account"] == "ACCESS EXCLUSIVE"
    assert found["identity_user"] == found["tenants_tenant"] == "SHARE ROW EXCLUSIVE"


class LooksItsNameUp(Migration):
    """Django finds the name of what it removes in the database, where a rehearsal has made nothing."""

    operations: ClassVar = [
        RunSQL(
            "CREATE TABLE tenants_way (id int PRIMARY KEY, a int, b int, UNIQUE (a, b))",
            state_operations=[
                CreateModel(
                    "Way",
                    [("id", models.IntegerField(primary_key=True)), ("a", models.IntegerField()),
                     ("b", models.IntegerField())],
                    {"unique_together": {("a", "b")}},
                )
            ],
        ),
        AlterUniqueTogether("Way", set()),
    ]  # fmt: skip


def test_a_migration_that_cannot_be_rehearsed_runs_all_the_same(committed):
    migration = LooksItsNameUp("way_rehearsed", "tenants")
    assert tables_of(migration, ProjectState()) == {}
    try:
        with tables_first():
            MigrationExecutor(connection).apply_migration(ProjectState(), migration)
    finally:
        MigrationRecorder(connection).record_unapplied("tenants", "way_rehearsed")
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE tenants_way")


def test_a_slow_change_never_waits_so_late_that_who_waits_for_it_would_be_ended(two_tables):
    failed, is_in, has_first = [], threading.Event(), threading.Event()

    def somebody() -> None:
        with somebody_else() as using:
            try:
                with using.transaction():
                    using.execute("INSERT INTO way_second VALUES (1)")
                    is_in.set()
                    has_first.wait(30)
                    using.execute(
                        "INSERT INTO way_first VALUES (1)"
                    )  # looks for a circle in a second
            except psycopg.Error as error:
                failed.append(repr(error))

    def slow_change() -> str:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE way_first ADD COLUMN later text")
            has_first.set()
            time.sleep(0.9)
            cursor.execute("ALTER TABLE way_second ADD COLUMN later text")
        return "changed"

    thread = threading.Thread(target=somebody)
    thread.start()
    assert is_in.wait(30)
    assert giving_way.until_free(slow_change) == "changed"
    thread.join(30)
    assert failed == []


def test_a_foreign_key_at_the_end_of_a_migration_comes_again_too(two_tables):
    """Django leaves its connection in a transaction there."""
    tries = []

    def with_a_key() -> str:
        tries.append(1)
        with connection.schema_editor(atomic=True) as editor:
            editor.execute("ALTER TABLE way_first ADD COLUMN later text")
            editor.deferred_sql.append("ALTER TABLE way_second ADD COLUMN later text")
        return "changed"

    with somebody_else() as somebody:
        somebody.execute("BEGIN; INSERT INTO way_second VALUES (1)")
        threading.Timer(0.7, somebody.execute, args=["COMMIT"]).start()
        assert giving_way.until_free(with_a_key) == "changed"
    assert len(tries) > 1
    assert not connection.in_atomic_block


def test_a_table_that_stays_in_use_is_said_in_words_and_nothing_is_half_changed(two_tables):
    with somebody_else() as somebody:
        somebody.execute("BEGIN; INSERT INTO way_second VALUES (1)")  # and does not end
        with pytest.raises(
            CommandError, match="in use at each of 2 tries; nothing is half changed"
        ):
            giving_way.until_free(change, within=0.5)
        somebody.execute("ROLLBACK")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.columns"
            " WHERE table_name = 'way_first' AND column_name = 'later'"
        )
        assert cursor.fetchone() == (0,)
    assert giving_way.until_free(change) == "changed"


def test_what_else_goes_wrong_is_raised_at_once():
    tries = []

    def broken() -> None:
        tries.append(1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        giving_way.until_free(broken)
    assert tries == [1]


def test_a_store_that_found_its_table_in_use_counts_too():
    error = StoreUnavailable("canceling statement due to lock timeout")
    error.__cause__ = psycopg.errors.LockNotAvailable("canceling statement due to lock timeout")
    assert giving_way.passes(error)
    assert not giving_way.passes(StoreUnavailable("away"))
