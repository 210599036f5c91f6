"""The path of a connection is right whatever happened to it, and is set only when it differs.

Each disturbance is tried on a server that tells its path (PostgreSQL 18) and, by not listening to
it, as on an older one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import schema_context

from tenants import schema
from tenants.database import search_path


@pytest.fixture(params=["a server that tells", "a server that does not"])
def server(request, monkeypatch, committed) -> Iterator[None]:
    if request.param == "a server that does not":
        monkeypatch.setattr(search_path, "_reported", lambda raw: None)
    connection.close()
    yield
    connection.set_schema_to_public()


@pytest.fixture
def schemas(server) -> Iterator[tuple[str, str]]:
    """Two schemas with a table `whose` that says which one it is in."""
    names = ("w_path_a", "w_path_b")
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")
            cursor.execute(f"CREATE TABLE {name}.whose AS SELECT '{name}'::text AS name")
    yield names
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP SCHEMA {name} CASCADE")


def whose() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM whose")
        return cursor.fetchone()[0]


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def in_a_transaction(*statements: str) -> None:
    with transaction.atomic():
        for statement in statements:
            run(statement)


def roll_back_what_entered(other: str) -> None:
    with transaction.atomic(), schema_context(other):
        whose()
        transaction.set_rollback(True)


def roll_back_a_savepoint_that_entered(other: str) -> None:
    with transaction.atomic():
        sid = transaction.savepoint()
        with schema_context(other):
            whose()
        transaction.savepoint_rollback(sid)
        whose()


def fail_without_telling_django(other: str) -> None:
    """PostgreSQL answers this COMMIT with a rollback, and Django is told of no error."""
    with transaction.atomic():
        with schema_context(other):
            whose()
        whose()
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")


def enter_in_a_failed_transaction(other: str) -> None:
    with transaction.atomic():
        with pytest.raises(DatabaseError):
            run("SELECT 1/0")
        with schema_context(other), pytest.raises(DatabaseError):
            whose()
        transaction.set_rollback(True)


def read_rows_while_another_schema_is_entered(other: str) -> None:
    with connection.chunked_cursor() as rows:
        rows.execute("SELECT generate_series(1, 10)")
        with schema_context(other):
            whose()
        rows.fetchall()


DISTURBANCES: dict[str, Callable[[str], None]] = {
    "nothing": lambda other: None,
    "another schema": lambda other: schema_context(other)(whose)(),
    "raw SET": lambda other: run(f"SET search_path = {other}"),
    "raw SET in lines": lambda other: run(f"/* so */ set\n\tSEARCH_PATH to {other}"),
    "raw SET SCHEMA": lambda other: run(f"SET SCHEMA '{other}'"),
    "set_config": lambda other: run(f"SELECT set_config('search_path', '{other}', false)"),
    "SET LOCAL": lambda other: in_a_transaction(f"SET LOCAL search_path = {other}"),
    "RESET": lambda other: run("RESET search_path"),
    "RESET ALL": lambda other: run("RESET ALL"),
    "DISCARD ALL": lambda other: run("DISCARD ALL"),
    "raw ROLLBACK": lambda other: in_pieces(f"BEGIN; SET search_path = {other}", "ROLLBACK"),
    "raw SET, then ROLLBACK": lambda other: in_pieces(
        "BEGIN", f"SET search_path = {other}", "ABORT"
    ),
    "rollback": roll_back_what_entered,
    "rollback to a savepoint": roll_back_a_savepoint_that_entered,
    "COMMIT that is none": fail_without_telling_django,
    "entered in a failed transaction": enter_in_a_failed_transaction,
    "a cursor of the server": read_rows_while_another_schema_is_entered,
    "lost connection": lambda other: lose(),
    "back to the pool": lambda other: connection.close(),
}


def in_pieces(*statements: str) -> None:
    for statement in statements:
        run(statement)


def lose() -> None:
    with pytest.raises(DatabaseError):
        run("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close_if_unusable_or_obsolete()


@pytest.mark.parametrize("disturb", DISTURBANCES.values(), ids=DISTURBANCES)
def test_the_path_is_right_after(schemas, disturb):
    mine, other = schemas
    for in_between in (lambda: None, whose):
        connection.set_schema(mine)
        in_between()
        disturb(other)
        assert whose() == mine
        schema.leave()
        with pytest.raises(DatabaseError):
            whose()


def test_a_cursor_that_is_kept_speaks_in_the_schema_that_is_entered(schemas):
    mine, other = schemas
    connection.set_schema(mine)
    with connection.cursor() as kept:
        kept.execute("SELECT name FROM whose")
        connection.set_schema(other)
        kept.execute("SELECT name FROM whose")
        assert kept.fetchone()[0] == other
        connection.set_schema(mine)
        assert whose() == mine
        kept.execute("SELECT name FROM whose")
        assert kept.fetchone()[0] == mine


def test_a_path_that_a_cursor_sets_is_its_own(schemas):
    mine, other = schemas
    connection.set_schema(mine)
    with connection.cursor() as own:
        own.execute(f"SET search_path = {other}")
        own.execute("SELECT name FROM whose")
        assert own.fetchone()[0] == other
        assert whose() == mine
        own.execute("SELECT name FROM whose")
        assert own.fetchone()[0] == mine


def test_what_a_connection_was_used_for_by_another_thread_does_not_matter(schemas):
    mine, other = schemas
    connection.set_schema(mine)
    whose()
    connection.close()

    def elsewhere() -> None:
        connection.set_schema(other)
        assert whose() == other
        connection.close()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert whose() == mine


def test_the_path_is_set_when_it_differs_and_only_then(schemas):
    mine, other = schemas
    connection.set_schema(mine)
    whose()
    with CaptureQueriesContext(connection) as asked:
        for _ in range(3):
            whose()
            schema.leave()
            connection.set_schema(mine)  # as at the end of one request and the start of the next
        with transaction.atomic():
            whose()
    assert not [query["sql"] for query in asked if "search_path" in query["sql"]]
    with CaptureQueriesContext(connection) as asked:
        connection.set_schema(other)
        whose()
        whose()
    assert ["search_path" in query["sql"] for query in asked] == [True, False, False]


def test_a_connection_from_the_pool_comes_in_the_right_path_with_the_check_that_it_lives(schemas):
    mine, other = schemas
    for name in (mine, other, mine, mine):
        connection.close()
        connection.set_schema(name)
        connection.ensure_connection()
        with CaptureQueriesContext(connection) as asked:
            assert whose() == name
        assert len(asked) == 1
        # Even what speaks to psycopg directly is in the schema that was entered before.
        raw = connection.connection.execute("SELECT name FROM whose").fetchone()
        assert raw[0] == name


def test_content_types_stay_known_from_one_workspace_to_the_next(
    schemas, django_assert_num_queries
):
    from django.contrib.contenttypes.models import ContentType

    from identity.models import User

    ContentType.objects.get_for_model(User)
    with django_assert_num_queries(0):
        connection.set_schema(schemas[0])
        ContentType.objects.get_for_model(User)
