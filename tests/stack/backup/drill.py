"""The drill of docs/backups.md from end to end: write, back up, write, destroy, restore."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import sql

from plg_site.devstack.postgres import Postgres
from plg_site.devstack.stack import Stack
from tests.stack.backup import checksums
from tests.stack.backup.servers import Servers, wait_until

DATABASES = ("plg", "plg_events")
_BEATS = "CREATE TABLE beats (number int, at timestamptz DEFAULT clock_timestamp())"


@dataclass
class Seen:
    """What was there at the moment, and what was found afterwards."""

    moment: str = ""
    schema: str = ""
    there: dict[str, dict[str, str]] = field(default_factory=dict)  # database: schema: checksum
    found: dict[str, dict[str, str]] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    damaged: dict[str, Any] = field(default_factory=dict)
    restored: dict[str, Any] = field(default_factory=dict)
    again: dict[str, Any] = field(default_factory=dict)
    brought_back: dict[str, Any] = field(default_factory=dict)
    import_says: str = ""
    statements: str = ""
    tended: dict[str, str] = field(default_factory=dict)  # what the scripts said
    reports: str = ""
    received: int = 0  # the last beat that was received before the server was lost
    last_written: float = 0.0  # epoch seconds, by the server's clock
    last_found: float = 0.0
    last_number: int = 0


@contextmanager
def played(stack: Stack, *, schemas: int) -> Iterator[Seen]:
    """The whole of it, on a stack of services alone; its server is lost in the end."""
    servers, seen = Servers(stack), Seen()
    try:
        seen.schema = servers.run("furnish.py", str(schemas))
        with servers.receiving("main"):
            _back_up(servers, seen)
            _use_and_destroy(servers, seen)
            with servers.restored("main", seen.moment) as beside:
                _look(servers, beside, seen)
            _write_until_it_is_lost(servers, seen)
        with servers.restored("main") as later:
            _look_at_beats(servers, later, seen)
        yield seen
    finally:
        servers.close()


def _back_up(servers: Servers, seen: Seen) -> None:
    seen.tended["base"] = servers.script("base.sh", "main")
    seen.tended["files"] = servers.script("files.sh", "files", str(_uploads(servers)))
    size = seen.tended["base"].split(": ")[1].split(" ")[0]
    servers.manage("backup_report", "base", "main", "--bytes", size)


def _use_and_destroy(servers: Servers, seen: Seen) -> None:
    parcels = servers.run("go_on.py")
    seen.again["parcels"] = json.dumps(parcels)
    seen.said = servers.run("say.py", "meadow")
    for database in DATABASES:
        with servers.connect(database=database) as link:
            seen.there[database] = checksums.of(link)
    (seen.moment,) = servers.ask(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    )
    with servers.connect() as link:  # what somebody does in the wrong window
        doomed = link.execute("SELECT schema_name FROM tenants_poolschema LIMIT 3").fetchall()
        for (schema,) in doomed:
            link.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        link.execute(
            sql.SQL("DELETE FROM {}").format(sql.Identifier(seen.schema, "product_link"))
        )
    with servers.connect(database="plg_events") as link:
        link.execute("TRUNCATE metering_hour CASCADE") if _has(link, "metering_hour") else None
    shutil.rmtree(_uploads(servers) / seen.schema)
    seen.tended["files again"] = servers.script("files.sh", "files", str(_uploads(servers)))
    seen.damaged = {"links": servers.ask(f'SELECT count(*) FROM "{seen.schema}".product_link')[0]}


def _look(servers: Servers, beside: Postgres, seen: Seen) -> None:
    for database in DATABASES:
        with servers.connect(server=beside, database=database) as link:
            seen.found[database] = checksums.of(link)
    state = servers.folder / "state"
    servers.script("restore-files.sh", "files", str(state / "uploads"))
    env = servers.env(beside, state=state)
    seen.statements = servers.manage("verify_statements", env=env)
    parcels = seen.again.pop("parcels")
    seen.again = servers.run("again.py", parcels, env=env)
    seen.restored = servers.run("say.py", "meadow", env=env)
    archive = servers.folder / "meadow.zip"
    servers.manage("export_workspace", "meadow", str(archive), env=env)
    seen.import_says = servers.manage(
        "import_workspace", str(archive), "--owner", "mia@meadow.example", "--slug", "meadow-back",
        "--with-members", "--beyond-plan",
    )  # fmt: skip
    servers.manage("consume_events", "--once")
    seen.brought_back = servers.run("say.py", "meadow-back")
    servers.manage("backup_report", "restored", "main")
    seen.reports = servers.manage("backup_report")


def _write_until_it_is_lost(servers: Servers, seen: Seen) -> None:
    """Commits follow each other; the server and its disk are gone in the midst of it."""
    seen.tended["verify"] = servers.script("verify.sh", "main")
    seen.tended["list"] = servers.script("list.sh", "main")
    with servers.connect() as link:
        link.execute(_BEATS)
        for number in range(1, 41):
            link.execute("INSERT INTO beats VALUES (%s)", [number])
            if number == 20:
                _wait_until_received(servers)
                seen.received = number
        last = link.execute("SELECT extract(epoch FROM max(at)) FROM beats").fetchone()
        seen.last_written = float(last[0]) if last else 0.0
    servers.stack.kill("postgres", stay_down=True)
    shutil.rmtree(servers.living.data)


def _wait_until_received(servers: Servers) -> None:
    """Until what is committed is on the disk of who receives it; a minute is what may be lost."""
    (written,) = servers.ask("SELECT pg_current_wal_flush_lsn()::text")
    wait_until(
        lambda: servers.ask(
            "SELECT 1 FROM pg_stat_replication WHERE application_name = 'pg_receivewal'"
            f" AND flush_lsn >= '{written}'"
        ),
        what="WAL is received",
        within=60,
    )


def _look_at_beats(servers: Servers, later: Postgres, seen: Seen) -> None:
    row = servers.ask("SELECT max(number), extract(epoch FROM max(at)) FROM beats", server=later)
    seen.last_number, seen.last_found = int(row[0]), float(row[1])


def _uploads(servers: Servers) -> Path:
    return servers.stack.state.path / "uploads"


def _has(link: Any, table: str) -> bool:
    return link.execute("SELECT to_regclass(%s)", [table]).fetchone()[0] is not None
