"""During an update processes of the older release work on the new tables: no step breaks them
unless it is declared, with the reason why they do not meet it (plg_site/contracts.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from plg_site import landed
from tenants.fleet import hazards

DECLARED = landed.ROOT / "plg_site" / "contracts.toml"
LINK = [
    ("id", models.BigAutoField(primary_key=True)),
    ("code", models.CharField(max_length=40)),
    ("note", models.CharField(max_length=40, null=True)),
    ("size", models.IntegerField()),
    ("kind", models.CharField(max_length=9, db_default="x")),
]


def found() -> Iterator[tuple[str, str]]:
    """The steps that break older code, each with its hazards in words."""
    here = {
        config.label for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(landed.ROOT) and ".venv" not in Path(config.path).parts
    }  # fmt: skip
    loader = MigrationLoader(None)
    state = ProjectState(real_apps=loader.unmigrated_apps)
    for key in loader.graph._generate_plan(loader.graph.leaf_nodes(), True):
        migration = loader.graph.nodes[key]
        if key[0] in here and (said := hazards.of(migration, before=state)):
            yield ".".join(key), "; ".join(said)
        migration.mutate_state(state, preserve=False)
    for path in landed.steps():
        if path.endswith(".sql") and (said := hazards.of_sql((landed.ROOT / path).read_text())):
            yield path, "; ".join(said)


def test_no_step_breaks_older_code_unless_it_says_why_nobody_meets_it():
    declared, breaks = tomllib.loads(DECLARED.read_text())["steps"], dict(found())
    assert all(declared.values()), "each says why"
    assert {name: said for name, said in breaks.items() if name not in declared} == {}
    assert [name for name in declared if name not in breaks] == [], "declared, and harmless"


def step(*operations: object) -> migrations.Migration:
    made = migrations.Migration("0002_change", "shop")
    made.operations = list(operations)  # type: ignore[arg-type]
    return made


def before() -> ProjectState:
    state = ProjectState()
    state.add_model(ModelState("shop", "Link", LINK))
    return state


def altered(name: str, field: models.Field) -> migrations.AlterField:
    return migrations.AlterField("link", name, field)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("link", "note"),
        migrations.RenameField("link", "note", "remark"),
        migrations.RenameModel("Link", "Way"),
        migrations.DeleteModel("Link"),
        migrations.AlterModelTable("Link", "ways"),
        migrations.AddField("link", "mark", models.IntegerField(default=7)),
        migrations.AddConstraint("link", models.UniqueConstraint("code", name="one_code")),
        migrations.AlterUniqueTogether("link", {("code", "note")}),
        altered("note", models.CharField(max_length=40, default="")),
        altered("code", models.CharField(max_length=20)),
        altered("code", models.CharField(max_length=40, unique=True)),
        altered("code", models.CharField(max_length=40, db_column="short")),
        altered("size", models.CharField(max_length=40)),
        altered("kind", models.CharField(max_length=9)),
        migrations.RunSQL("ALTER TABLE shop_link DROP COLUMN note"),
        migrations.RunSQL([("ALTER TABLE shop_link\n  ALTER COLUMN code SET NOT NULL", None)]),
        migrations.SeparateDatabaseAndState([migrations.RemoveField("link", "note")]),
    ],
    ids=lambda each: f"{type(each).__name__} {getattr(each, 'name', '')}",
)
def test_what_takes_away_or_asks_for_more_is_found(operation):
    assert len(hazards.of(step(operation), before=before())) == 1


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddField("link", "mark", models.IntegerField(null=True))],
        [migrations.AddField("link", "mark", models.IntegerField(db_default=7))],
        [altered("code", models.CharField(max_length=80, help_text="longer"))],
        [altered("size", models.IntegerField(null=True))],
        [migrations.AddIndex("link", models.Index(fields=["code"], name="by_code"))],
        [migrations.RemoveIndex("link", "by_note")],
        [migrations.AlterUniqueTogether("link", set())],
        [migrations.RunSQL("ALTER TABLE shop_link ADD COLUMN mark int NOT NULL DEFAULT 7")],
        [migrations.RunSQL("-- DROP TABLE is for later\nCREATE TABLE more (id int NOT NULL)")],
        [migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("link", "note")])],
        [migrations.CreateModel("Way", [("id", models.BigAutoField(primary_key=True))]),
         migrations.AddField("way", "code", models.CharField(max_length=9, default=""))],
    ],
    ids=lambda each: f"{type(each[0]).__name__} {getattr(each[0], 'name', '')}",
)  # fmt: skip
def test_what_only_adds_is_not(operations):
    assert hazards.of(step(*operations), before=before()) == []
