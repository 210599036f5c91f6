"""Rows go out and come in as PostgreSQL writes them, whatever an adopter's tables hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tenants.archive import tables

_TABLE = """
    CREATE SCHEMA "{0}";
    CREATE TABLE "{0}".note (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        old_id serial,
        said jsonb NOT NULL,
        odd json,
        amount numeric(40, 20),
        exact double precision,
        at timestamptz,
        span tstzrange,
        days interval,
        raw bytea,
        words text[],
        long bigint,
        twice bigint GENERATED ALWAYS AS (long * 2) STORED
    )
"""
_ROWS = """
    INSERT INTO "w_from".note
        (said, odd, amount, exact, at, span, days, raw, words, long)
    VALUES
        ('null', '{"a":
1}', 0.12345678901234567890, 0.1, 'infinity', '[2026-01-01,2026-02-01)', '3 months 2 days',
         '\\x00ff', ARRAY['a"b', NULL, E'tab\\t \\\\ line\\n', 'ü'], 4611686018427387903),
        ('[1e30, "\\n"]', NULL, NULL, 'NaN', now(), NULL, NULL, NULL, '{}', NULL)
"""


@pytest.fixture
def cursor(db: None) -> Iterator[Any]:
    with connection.cursor() as cursor:
        for schema in ("w_from", "w_to"):
            cursor.execute(_TABLE.format(schema))
        cursor.execute(_ROWS)
        yield cursor


def moved(cursor: Any) -> None:
    columns = tables.of(cursor, "w_from")["note"]
    lines = list(tables.lines(cursor, "w_from", "note", list(columns), {}))
    assert len(lines) == 2
    assert all(b"\n" not in line for line in lines)
    tables.insert(cursor, "w_to", "note", list(columns.values()), lines)
    tables.settle_sequences(cursor, "w_to")


def test_every_type_survives(cursor):
    moved(cursor)
    rows = []
    for schema in ("w_from", "w_to"):
        cursor.execute(f'SELECT to_jsonb(note)::text FROM "{schema}".note ORDER BY id')  # noqa: S608
        rows.append(cursor.fetchall())
    assert rows[0] == rows[1]
    assert '"said": null' in rows[1][0][0], "JSON's null, in a column that takes no other"


def test_numbers_that_are_given_out_go_on(cursor):
    moved(cursor)
    cursor.execute("""INSERT INTO "w_to".note (said) VALUES ('{}') RETURNING id, old_id""")
    assert cursor.fetchone() == (3, 3)


def test_an_empty_table_begins_with_one(cursor):
    tables.settle_sequences(cursor, "w_to")
    cursor.execute("""INSERT INTO "w_to".note (said) VALUES ('{}') RETURNING id""")
    assert cursor.fetchone() == (1,)


def test_djangos_own_bookkeeping_is_no_table_of_the_workspace(acme):
    with connection.cursor() as cursor:
        assert set(tables.of(cursor, acme.schema_name)) == {"product_file", "product_link"}
