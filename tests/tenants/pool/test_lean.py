"""Tables of a workspace without a second one for texts that are never long."""

from __future__ import annotations

import pytest
from django.db import connection

from tenants.pool import schemas, templates
from tenants.pool.lean import lean

TABLE = """CREATE TABLE w.one (
    id uuid NOT NULL,
    name character varying({length}) DEFAULT ''::character varying NOT NULL,
    "at" timestamp with time zone NOT NULL{more}
    CONSTRAINT short CHECK (((name)::text <> ''::text))
);
CREATE INDEX i ON w.one USING btree (name varchar_pattern_ops);
"""


def of(length: int = 255, more: str = ",") -> str:
    return TABLE.format(length=length, more=more)


def test_short_texts_stay_in_the_row_and_nothing_else_changes():
    made = lean(of())
    assert (
        "name character varying(255) STORAGE PLAIN DEFAULT ''::character varying NOT NULL" in made
    )
    assert made.replace(" STORAGE PLAIN", "") == of()


@pytest.mark.parametrize(
    "table",
    [of(2048), of(more=",\n    note text,"), of(more=",\n    tags character varying(9)[],"),
     of(more=",\n    much numeric(30,2),"), of(more=",\n    said jsonb,")],
)  # fmt: skip
def test_a_table_that_may_have_long_rows_is_left_alone(table):
    assert lean(table) == table


@pytest.mark.django_db
def test_a_workspace_has_one_for_links_alone_and_takes_the_longest_names():
    name = schemas.new_name()
    schemas.make(name, template=templates.EMPTY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace"
            " AND reltoastrelid <> 0 ORDER BY 1",
            [name],
        )
        assert cursor.fetchall() == [("product_link",)]
        cursor.execute(
            f'INSERT INTO "{name}".product_file (id, name, size, content_type, sha256, storage_key,'  # noqa: S608
            " created_at, is_sample) VALUES (gen_random_uuid(), %s, 1, %s, %s, %s, now(), false)",
            ["\U0001f600" * 255, "\U0001f600" * 120, "\U0001f600" * 64, "\U0001f600" * 100],
        )
