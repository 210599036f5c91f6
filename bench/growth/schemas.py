"""What each workspace's schema adds: relations, catalogue, disk, a backend's memory; and how long vacuum
takes for one of them, and a base backup for all.

Each is measured over the first tenth of the schemas, and over all of them: as long as it is no more,
a plan for a hundred times as many may multiply. The backup is held against a copy of its files.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench import project
from bench.figures import Figure
from bench.growth import server
from bench.sizes import Size
from plg_site.devstack import postgres
from plg_site.devstack.stack import Stack

MANY, SAMPLE = 500, 20
FLAT = 1.2
_RELATIONS = "SELECT count(*) FROM pg_class"
_CATALOGUE = """
    SELECT sum(pg_total_relation_size(oid)) FROM pg_class
    WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'
"""
_DISK = "SELECT pg_database_size(current_database())"
_ALL = "SELECT sum(pg_database_size(oid)) FROM pg_database"
_MEMORY = "SELECT sum(total_bytes) FROM pg_backend_memory_contexts"
_TABLES = r"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname LIKE 'w\_%' ORDER BY 1
"""
# Name, unit, and what of a reading it is, by schema.
_SAID = {
    "relations": ("relations, TOAST included", "relations", 1.0),
    "catalogue": ("system catalogue", "kB", 1024.0),
    "disk": ("disk of an empty workspace, catalogue included", "kB", 1024.0),
    "memory": ("memory of a backend that has visited it", "kB", 1024.0),
}


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("growth", stack=stack, tables=True, fresh=True)
    many = size.of(MANY, at_least=20)
    with server.connect(stack, stack.env["DATABASE_URL"]) as link:
        readings = [_read(stack, link)]
        for more in (many // 10, many - many // 10):
            _add(more)
            readings.append(_read(stack, link))
        size_of_all = server.number(link, _ALL)
    none, few, all_of_them = readings
    each = [_figure(key, none, few, all_of_them, first=many // 10, many=many) for key in _SAID]
    return [
        *each,
        Figure(
            name=f"VACUUM (ANALYZE) of a workspace, among {many:,}",
            value=all_of_them["vacuum"], unit="ms", reference=f"ms among {many // 10:,}",
            reference_value=few["vacuum"], bar=FLAT, better="less",
            note=f"100,000, one after the other: {all_of_them['vacuum'] / 36:,.0f} hours",
        ),
        _backup(stack, size_of_all, f"{many:,} workspaces"),
    ]  # fmt: skip


def _figure(
    key: str, none: dict[str, float], few: dict[str, float], all_of_them: dict[str, float],
    *, first: int, many: int,
) -> Figure:  # fmt: skip
    title, unit, per = _SAID[key]
    each = (all_of_them[key] - none[key]) / many / per
    early = (few[key] - none[key]) / first / per
    return Figure(
        name=f"{title}, for each of {many:,} workspaces",
        value=each,
        unit=unit,
        reference=f"{unit} with {first:,}",
        reference_value=early,
        bar=FLAT,
        better="less",
        note=f"100,000: {each * 100_000:,.0f} {unit}",
    )


def _add(count: int) -> None:
    from tenants import pool
    from tenants.pool import schemas, templates

    template, replay = templates.listed()[0], schemas.script()
    for _ in range(count):
        pool.add(template, replay=replay)


def _read(stack: Stack, link: psycopg.Connection[Any]) -> dict[str, float]:
    tables = link.execute(_TABLES).fetchall()
    link.execute("CHECKPOINT")
    return {
        "relations": server.number(link, _RELATIONS),
        "catalogue": server.number(link, _CATALOGUE),
        "disk": server.number(link, _DISK),
        "memory": _memory(stack, tables),
        "vacuum": _vacuum(link, tables),
    }


def _memory(stack: Stack, tables: list[tuple[str, str]]) -> float:
    """Of a backend that has asked every table once, as the pages of all workspaces would."""
    with server.connect(stack, stack.env["DATABASE_URL"]) as link:
        for schema, table in tables:
            link.execute(sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(schema, table)))
        return server.number(link, _MEMORY)


def _vacuum(link: psycopg.Connection[Any], tables: list[tuple[str, str]]) -> float:
    """Milliseconds for the tables of one workspace, the middle of some."""
    schemas = sorted({schema for schema, _ in tables})[:SAMPLE]
    names = {
        schema: [sql.Identifier(*each) for each in tables if each[0] == schema]
        for schema in schemas
    }
    vacuum = sql.SQL("VACUUM (ANALYZE) {}")
    took = [
        _seconds(lambda: link.execute(vacuum.format(sql.SQL(", ").join(names[schema]))))  # noqa: B023
        for schema in schemas
    ]
    return statistics.median(took) * 1000


def _backup(stack: Stack, size: float, of: str) -> Figure:
    """As deploy/backup/base.sh makes it, without its checks; and the same files once more, by copying."""
    folder = Path(tempfile.mkdtemp(prefix="plg-growth-", dir="/var/tmp"))
    where = psycopg.conninfo.conninfo_to_dict(stack.env["DATABASE_URL"])
    command = [
        str(Path(postgres.binaries_folder()) / "pg_basebackup"), "--pgdata", str(folder / "base"),
        "--host", str(where["host"]), "--port", str(where["port"]), "--username", "postgres",
        "--checkpoint", "fast", "--no-sync",
    ]  # fmt: skip
    env = os.environ | {"PGPASSWORD": stack.state.secret("postgres_admin_password")}
    try:
        made = _seconds(lambda: subprocess.run(command, check=True, env=env, capture_output=True))  # noqa: S603
        copied = _seconds(lambda: shutil.copytree(folder / "base", folder / "copy"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Figure(
        name=f"base backup of {of}, {size / 2**20:,.0f} MiB",
        value=made, unit="s", reference="s to copy its files", reference_value=copied,
        bar=4, better="less", note=f"{size / 2**20 / made:,.0f} MiB/s",
    )  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
