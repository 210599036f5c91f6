"""The drill of docs/backups.md from end to end: write, back up, write, destroy, restore."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import sql

from plg_site.devstack import programs
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
    seen.tended["base"] = servers.script("base.sh", "main", BACKUP_REPORT="echo told of")
    seen.tended["files"] = servers.script("files.sh", "files", str(_uploads(servers)))


def _use_and_destroy(servers: Servers, seen: Seen) -> None:
    used = servers.run("go_on.py")
    seen.again["parcels"], seen.tended["wal"] = json.dumps(used["parcels"]), used["wal"]
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
        link.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(seen.schema, "product_link")))
    with servers.connect(database="plg_events") as link:
        link.execute("TRUNCATE event, event_key CASCADE")
    shutil.rmtree(_uploads(servers) / seen.schema)
    tell = shlex.join(programs.manage("backup_report"))
    servers.script(
        "files.sh", "files", str(_uploads(servers)), **{**servers.env(), "BACKUP_REPORT": tell}
    )
    with servers.connect() as link:
        left = link.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(seen.schema, "product_link"))
        ).fetchone()
    seen.damaged = {"links": left[0] if left else None}


def _look(servers: Servers, beside: Postgres, seen: Seen) -> None:
    for database in DATABASES:
        with servers.connect(server=beside, database=database) as link:
            seen.found[database] = checksums.of(link)
    state = servers.folder / "state"
    servers.script("restore-files.sh", "files", str(state / "uploads"))
    env = servers.env(beside, state=state)
    seen.again = servers.run("again.py", seen.again["parcels"], env=env)
    seen.restored = servers.run("say.py", "meadow", env=env)
    archive = servers.folder / "meadow.zip"
    servers.manage("export_workspace", "meadow", str(archive), env=env)
    servers.manage(
        "import_workspace", str(archive), "--owner", "mia@meadow.example", "--slug", "meadow-back",
        "--with-members", "--beyond-plan",
    )  # fmt: skip
    seen.brought_back = servers.run("say.py", "meadow-back")
    seen.reports = servers.manage("backup_report")


def _write_until_it_is_lost(servers: Servers, seen: Seen) -> None:
    """Commits follow each other; the server and its disk are gone in the midst of it."""
    _check(servers, seen)
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


def _check(servers: Servers, seen: Seen) -> None:
    """What is whole is said to be; a damaged file and a gap in the WAL are found."""
    wal = servers.backups / "main" / "wal"
    for _ in range(3):
        servers.ask("SELECT pg_logical_emit_message(true, 'drill', 'so that there is something')")
        servers.ask("SELECT pg_switch_wal()")
    _wait_until_received(servers)
    whole = sorted(path for path in wal.iterdir() if len(path.name) == 24)
    seen.tended["verify"] = servers.script("verify.sh", "main")
    aside = whole[-2].rename(wal / "aside")
    seen.tended["gap"] = servers.script("verify.sh", "main", fine=False)
    aside.rename(whole[-2])
    (base,) = (servers.backups / "main" / "base").iterdir()
    said = (base / "PG_VERSION").read_text()
    (base / "PG_VERSION").write_text("17\n")
    seen.tended["damage"] = servers.script("verify.sh", "main", fine=False)
    (base / "PG_VERSION").write_text(said)


def _wait_until_received(servers: Servers) -> None:
    """Until what is committed is on the disk of who receives it; a minute is what may be lost."""
    (written,) = servers.ask("SELECT pg_current_wal_flush_lsn()::text")
    wait_until(
        lambda: servers.ask(
            "SELECT 1 FROM pg_stat_replication WHERE application_name = 'pg_receivewal'"
            " AND flush_lsn >= %s::pg_lsn",
            [written],
        ),
        what="WAL is received",
        within=60,
    )


def _look_at_beats(servers: Servers, later: Postgres, seen: Seen) -> None:
    row = servers.ask("SELECT max(number), extract(epoch FROM max(at)) FROM beats", server=later)
    seen.last_number, seen.last_found = int(row[0]), float(row[1])


def _uploads(servers: Servers) -> Path:
    return servers.stack.state.path / "uploads"
