#!/usr/bin/env bash
# Django 5.2.19: a schema editor sends what it has put off (foreign keys, indexes) when its block ends. Where one of these
# statements fails, the error comes out of the block, and its transaction is neither rolled back nor left: the
# connection stays in an atomic block that nobody ends. Who catches the error and goes on (to try a migration again,
# as after a lock timeout) writes into that transaction: a row saved afterwards "successfully" is gone at the end of
# the process. An error of a statement that was not put off rolls back and leaves, as one would expect.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check Django==5.2.19
cat >"$folder/editor.py" <<'PYTHON'
import sys

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}}
)
django.setup()

from django.db import DatabaseError, connection, models


def make(table, index):
    class Meta:
        app_label, db_table = "shop", table
        indexes = [models.Index(fields=["name"], name=index)]

    attributes = {"__module__": "shop", "Meta": Meta, "name": models.CharField(max_length=9)}
    return type(table.title(), (models.Model,), attributes)


def tried(model, word):
    try:
        with connection.schema_editor() as editor:
            editor.create_model(model)
    except DatabaseError as error:
        print(f"{word}: {error}; in an atomic block afterwards: {connection.in_atomic_block}")
    return connection.in_atomic_block


Book = make("book", "by_name")
with connection.schema_editor() as editor:
    editor.create_model(Book)
not_put_off = tried(make("book", "other"), "CREATE TABLE failed")
put_off = tried(make("shelf", "by_name"), "CREATE INDEX failed")
Book.objects.create(name="saved")
print("rows seen by the one that wrote:", Book.objects.count())
sys.exit(0 if (not_put_off, put_off) == (False, True) else 1)
PYTHON
"$folder/venv/bin/python" "$folder/editor.py" "$folder/db.sqlite3"
rows=$(python3 -c "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM book').fetchone())" "$folder/db.sqlite3")
echo "rows in the file afterwards: $rows"
[ "$rows" = 0 ]
echo "as described"
