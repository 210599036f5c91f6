"""Later versions of an app's tables, written for one test: a package of its migrations and some more."""

from __future__ import annotations

import importlib
import itertools
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.test import override_settings

from tenants.pool import fingerprints

_count = itertools.count()
ADD_NOTE = """
    operations = [
        migrations.AddField("link", "note", models.CharField(max_length=80, db_default="")),
        migrations.AddIndex("link", models.Index(fields=["note"], name="links_by_note")),
    ]
"""
ADD_MARK = """
    operations = [migrations.AddField("link", "mark", models.IntegerField(default=7))]
"""
ADD_REMARK = """
    operations = [
        migrations.AddField("tenant", "remark", models.CharField(max_length=80, db_default="")),
    ]
"""
FILL_NOTE = """
    def fill(apps, editor):
        apps.get_model("product", "Link").objects.filter(note="").update(note="filled")

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
"""
DROP_INDEX = """
    operations = [migrations.RemoveIndex("link", "links_by_note")]
"""
DROP_TITLE = """
    operations = [migrations.RemoveField("link", "title")]
"""


def write(folder: Path, *, app: str = "product", **bodies: str) -> str:
    """A package with the app's own migrations and these after them; returns its name.

    `write(tmp, add_note=ADD_NOTE)` makes `0002_add_note` and so on, each after the one before.
    """
    name = f"later_{next(_count)}"
    package = folder / name
    package.mkdir()
    (package / "__init__.py").write_text("")
    real = sorted(Path(app, "migrations").glob("0*.py"))
    for path in real:
        (package / path.name).write_text(path.read_text())
    before = real[-1].stem
    for number, (title, body) in enumerate(bodies.items(), int(before[:4]) + 1):
        text = f"""
            from django.contrib.postgres.operations import AddIndexConcurrently
            from django.db import migrations, models


            class Migration(migrations.Migration):
                dependencies = [("{app}", "{before}")]
            """
        before = f"{number:04}_{title}"
        (package / f"{before}.py").write_text(textwrap.dedent(text) + body)
    return name


@contextmanager
def running(name: str, folder: Path) -> Iterator[None]:
    """This process runs the code whose migrations are in that package."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    _forget()
    try:
        with override_settings(MIGRATION_MODULES={"product": name}):
            yield
    finally:
        sys.path.remove(str(folder))
        _forget()


def _forget() -> None:
    fingerprints.of_migrations.cache_clear()
    fingerprints.of_template.cache_clear()
