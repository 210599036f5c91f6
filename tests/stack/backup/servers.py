"""The PostgreSQL of a stack, its backups, and servers that are restored from them beside it."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from plg_site.devstack import ports, programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.postgres import Postgres
from plg_site.devstack.stack import Stack

SCRIPTS = ROOT / "deploy" / "backup"
PATIENCE = 120.0  # seconds; only a hang takes as long
_FRESH_REDIS = "9"  # a database of the same server that nobody has written to


def wait_until(true: Callable[[], object], *, what: str, within: float = PATIENCE) -> None:
    give_up_at = time.monotonic() + within
    while not true():
        assert time.monotonic() < give_up_at, f"waited {within:.0f} s: {what}"
        time.sleep(0.05)


def _port(command: Sequence[str]) -> int:
    return next(int(word.split("=")[1]) for word in command if word.startswith("--port="))


class Servers:
    """`living` is the stack's; `folder` is where backups lie, and what is restored."""

    def __init__(self, stack: Stack) -> None:
        program = stack.process("postgres").program
        self.stack, self.user = stack, program.user
        self.living = Postgres(
            binaries=Path(program.command[0]).parent,
            data=Path(program.command[2]),
            port=_port(program.command),
            user=program.user,
            owner_password=stack.state.secret("postgres_password"),
            admin_password=stack.state.secret("postgres_admin_password"),
            small=False,
        )
        # Not below a private folder: where root runs this, the server is another user's.
        self.folder = Path(tempfile.mkdtemp(prefix="plg-backups-", dir="/var/tmp"))
        self.backups = self.folder / "backups"
        self.backups.mkdir()
        self._hand_over()
        self._restored = 0

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def script(self, name: str, *words: str, fine: bool = True, **variables: str) -> str:
        """Run one of deploy/backup, as the user of the server or, for files, as ours; what it said."""
        user = None if name.endswith("files.sh") else self.user or None
        done = subprocess.run(
            ["/bin/sh", str(self._reachable(name)), *words],
            env={**variables, **self._env()}, user=user, cwd="/",
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert (done.returncode == 0) is fine, f"{name}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    @contextmanager
    def receiving(self, place: str) -> Iterator[subprocess.Popen[bytes]]:
        """wal.sh, as a process that runs beside."""
        with subprocess.Popen(
            ["/bin/sh", str(self._reachable("wal.sh")), place],
            env=self._env(), user=self.user or None, cwd="/",
        ) as process:  # fmt: skip
            try:
                wait_until(lambda: self.slot() is not None, what="the slot is in use")
                yield process
            finally:
                process.terminate()
                process.wait(timeout=60)

    def slot(self) -> str | None:
        """Until where WAL is on the disk of who receives it; None: nobody does."""
        row = self.ask(
            "SELECT restart_lsn::text FROM pg_replication_slots"
            " WHERE slot_name = 'plg_backup' AND active AND restart_lsn IS NOT NULL"
        )
        return str(row[0]) if row else None

    def ask(self, words: str, values: Sequence[str] = (), *, server: Postgres | None = None) -> Any:
        with self.connect(server=server) as link:
            return link.execute(words, values or None).fetchone()

    def connect(
        self, *, server: Postgres | None = None, database: str = "plg"
    ) -> psycopg.Connection[Any]:
        server = server or self.living
        return psycopg.connect(
            host=ports.LOOPBACK, port=server.port, user="postgres", dbname=database,
            password=server.admin_password, autocommit=True,
        )  # fmt: skip

    @contextmanager
    def restored(self, place: str, moment: str = "") -> Iterator[Postgres]:
        """A server of what `place` was at that moment, on a port of its own."""
        self._restored += 1
        data = self.folder / f"restored-{self._restored}"
        self.script("restore.sh", place, str(data), *([moment] if moment else []))
        server = dataclasses.replace(self.living, data=data, port=ports.find_free())
        program = dataclasses.replace(
            server.program(),
            name=data.name,
            ready=lambda: server._psql("SELECT 1 / (NOT pg_is_in_recovery())::int").returncode == 0,
            ready_within=PATIENCE,
        )
        supervisor = self.stack.supervisor
        supervisor.start(program)
        try:
            supervisor.wait_until_ready(program.name, within=PATIENCE)
            yield server
        finally:
            supervisor.kill(program.name, stay_down=True)

    def env(self, server: Postgres | None = None, *, state: Path | None = None) -> dict[str, str]:
        """The project's variables; with a restored server: on it, with a Redis that knows nothing."""
        env = dict(self.stack.env)
        if server is not None:
            was, now = f":{self.living.port}/", f":{server.port}/"
            for name in ("DATABASE_URL", "EVENTS_DATABASE_URL"):
                env[name] = env[name].replace(was, now)
            env["REDIS_URL"] = env["REDIS_URL"].rsplit("/", 1)[0] + f"/{_FRESH_REDIS}"
        if state is not None:
            env["STATE_DIR"] = str(state)
        return env

    def run(self, script: str, *words: str, env: Mapping[str, str] | None = None) -> Any:
        """One of the scripts beside this file; what it prints last, read as JSON."""
        path = Path(__file__).with_name("scripts") / script
        said = self._checked([sys.executable, str(path), *words], env)
        return json.loads(said.splitlines()[-1])

    def manage(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        return self._checked(programs.manage(*words), env)

    def _checked(self, command: list[str], env: Mapping[str, str] | None) -> str:
        env = {**(env or self.env()), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{command[1:]}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def _env(self) -> dict[str, str]:
        return {
            "PATH": f"{self.living.binaries}:{os.environ['PATH']}",
            "LC_ALL": "C", "PGHOST": ports.LOOPBACK, "PGPORT": str(self.living.port),
            "PGUSER": "postgres", "PGPASSWORD": self.living.admin_password,
            "BACKUP_FOLDER": str(self.backups),
        }  # fmt: skip

    def _reachable(self, name: str) -> Path:
        """The scripts, where every user may read them."""
        copy = self.folder / "scripts"
        if not copy.exists():
            shutil.copytree(SCRIPTS, copy)
            copy.chmod(0o755)
            for script in copy.iterdir():
                script.chmod(0o755)
        return copy / name

    def _hand_over(self) -> None:
        if self.user:
            shutil.chown(self.folder, self.user)
            shutil.chown(self.backups, self.user)
