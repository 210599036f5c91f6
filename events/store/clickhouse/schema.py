"""Numbered SQL files for ClickHouse: one text for a single server and for a cluster."""

from __future__ import annotations

from pathlib import Path
from string import Template
from uuid import uuid4

from clickhouse_connect.driver.client import Client

from events.store import projections
from events.store.migrations import Step, check, digest

_OWN = Path(__file__).parent.parent / "sql_clickhouse"
_KEPT = 10_000  # tokens of the last inserts of a table, by which a repeat is dropped
_LOG = """
CREATE TABLE IF NOT EXISTS store_migration $on_cluster (
    name String, applied_at DateTime('UTC') DEFAULT now()
) ENGINE = ${replicated}MergeTree ORDER BY name SETTINGS $durable;
ALTER TABLE store_migration $on_cluster ADD COLUMN IF NOT EXISTS hash String
"""


def on_cluster(cluster: str) -> str:
    """The clause that makes a statement one of all servers; empty for a single server."""
    return f"ON CLUSTER `{cluster}`" if cluster else ""


def render(text: str, *, cluster: str) -> list[str]:
    """The statements of a file. `cluster` is the name of a cluster of replicas, or empty.

    A single server writes through to the disk before it answers; replicas answer for each other
    (see clickhouse.py, `insert_quorum`). Replicated tables take their path from the server's
    default_replica_path.
    """
    values = {
        "on_cluster": on_cluster(cluster),
        "replicated": "Replicated" if cluster else "",
        "durable": f"replicated_deduplication_window = {_KEPT}"
        if cluster
        else f"non_replicated_deduplication_window = {_KEPT},"
        " fsync_after_insert = 1, fsync_part_directory = 1",
    }
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    statements = Template(code).substitute(values).split(";\n")
    return [statement.strip() for statement in statements if statement.strip()]


def apply_all(client: Client, *, cluster: str) -> list[str]:
    """Apply what is missing; returns the names. Each statement may be repeated, so many may start.

    Raises StepEdited.
    """
    for statement in render(_LOG, cluster=cluster):
        client.command(statement)
    # A name may have several rows, of several starts; the hash is in the last of them, or in all.
    rows = client.query("SELECT name, max(hash) FROM store_migration GROUP BY name").result_rows
    known: dict[str, str] = {row[0]: row[1] for row in rows}
    check(known, files())
    missing = [(name, path) for name, path in files() if name not in known]
    for name, path in files():
        if known.get(name):
            continue
        for statement in render(path.read_text(), cluster=cluster) if name not in known else ():
            client.command(statement)
        client.insert(
            "store_migration",
            [[name, digest(path)]],
            column_names=["name", "hash"],
            # The server drops a row that it has seen, also when it is gone by now.
            settings={"insert_deduplication_token": uuid4().hex},
        )
    return [name for name, _ in missing]


def files() -> list[Step]:
    """The store's own files first, then those of the projections."""
    listed = [(each.name, each.sql("clickhouse")) for each in projections.registered()]
    return [
        (f"{owner}/{path.name}", path)
        for owner, folder in [("events", _OWN), *listed]
        for path in sorted(folder.glob("*.sql"))
    ]
