"""What is between us and the database is found out by experiment, with a real PgBouncer where there
is one and with a small pooler of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from plg_site.devstack import ports
from tenants import pooler
from tenants.pooler import Mode
from tests.tenants.small_pooler import SmallPooler

# Give another one, newer than that of the system, as PGBOUNCER.
PGBOUNCER = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer")
needs_pgbouncer = pytest.mark.skipif(not PGBOUNCER, reason="pgbouncer is not installed")
Start = Callable[..., dict[str, object]]


def through(port: int) -> dict[str, object]:
    return {**settings.DATABASES["default"], "HOST": "127.0.0.1", "PORT": str(port)}


@pytest.fixture
def pgbouncer(tmp_path: Path) -> Iterator[Start]:
    """`pgbouncer(pool_mode="session")`: the database as seen through it."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**options: str) -> dict[str, object]:
        port = ports.find_free()
        database = settings.DATABASES["default"]
        (tmp_path / "users").write_text(f'"{database["USER"]}" "{database["PASSWORD"]}"\n')
        chosen = {
            "listen_addr": "127.0.0.1",
            "listen_port": port,
            "unix_socket_dir": "",
            "auth_type": "plain",
            "auth_file": tmp_path / "users",
            "stats_users": database["USER"],
            **options,
        }
        text = "\n".join(f"{name} = {value}" for name, value in chosen.items())
        where = f"* = host={database['HOST']} port={database['PORT']}"
        (tmp_path / "ini").write_text(f"[databases]\n{where}\n[pgbouncer]\n{text}\n")
        for path in (tmp_path, *tmp_path.parents[:1], *tmp_path.iterdir()):
            path.chmod(0o755)  # as root, it runs as somebody else
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = [PGBOUNCER or "", "-q", *user, str(tmp_path / "ini")]
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        _wait_for(port)
        return through(port)

    yield start
    for process in started:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        if ports.answers(port):
            return
        time.sleep(0.02)
    raise TimeoutError(port)


def version() -> tuple[int, ...]:
    said = subprocess.run([PGBOUNCER or "", "--version"], capture_output=True, text=True).stdout
    return tuple(map(int, said.split()[1].split(".")))


def test_without_a_pooler_each_client_has_a_connection_of_its_own(committed):
    found = pooler.examine()
    assert (found.mode, found.wrong, found.refusal) == (Mode.OWN_CONNECTIONS, 0, "")


@needs_pgbouncer
def test_pgbouncer_in_transaction_mode_is_refused(committed, pgbouncer):
    found = pooler.examine(pgbouncer(pool_mode="transaction", default_pool_size="2"))
    assert found.mode is Mode.MIXES
    assert found.wrong
    assert "Set its pool_mode to session" in found.refusal


@needs_pgbouncer
def test_pgbouncer_in_transaction_mode_with_a_single_connection_is_refused(committed, pgbouncer):
    database = pgbouncer(pool_mode="transaction", default_pool_size="1")
    assert pooler.examine(database).mode is Mode.MIXES


@needs_pgbouncer
def test_pgbouncer_in_session_mode_is_accepted(committed, pgbouncer):
    found = pooler.examine(pgbouncer(pool_mode="session"))
    assert (found.mode, found.refusal) == (Mode.OWN_CONNECTIONS, "")


@needs_pgbouncer
def test_a_session_pooler_without_free_connections_is_no_verdict(committed, pgbouncer, monkeypatch):
    monkeypatch.setattr(pooler, "_PATIENCE", 0.5)
    database = pgbouncer(pool_mode="session", default_pool_size="1")
    began = time.monotonic()
    with pytest.raises(psycopg.Error):
        pooler.examine(database)
    assert time.monotonic() - began < 5


@needs_pgbouncer
@pytest.mark.skipif(
    not PGBOUNCER or version() < pooler.PGBOUNCER_NEEDED, reason="needs PgBouncer >= 1.25.1"
)
def test_pgbouncer_that_follows_search_path_is_accepted(committed, pgbouncer):
    options = {"pool_mode": "transaction", "track_extra_parameters": "search_path"}
    found = pooler.examine(pgbouncer(**options, default_pool_size="2"))
    assert (found.mode, found.refusal) == (Mode.FOLLOWS, "")
    assert found.pgbouncer == version()


@needs_pgbouncer
def test_the_version_of_pgbouncer_is_asked_for(committed, pgbouncer):
    assert pooler.pgbouncer_version(pgbouncer(pool_mode="session")) == version()


@pytest.mark.parametrize("follows", [False, True])
def test_a_pooler_is_judged_by_what_it_does(committed, follows):
    database = settings.DATABASES["default"]
    with SmallPooler(database["HOST"], int(database["PORT"]), follows=follows) as small:
        found = pooler.examine(through(small.port))
    assert found.mode is (Mode.FOLLOWS if follows else Mode.MIXES)


@pytest.mark.parametrize(
    ("has", "refused"), [((1, 24, 1), True), ((1, 25, 0), True), ((1, 25, 1), False), ((), False)]
)
def test_a_follower_must_be_new_enough(has, refused):
    found = pooler.Found(Mode.FOLLOWS, asked=21, wrong=0, pgbouncer=has)
    assert bool(found.refusal) is refused


def test_a_database_that_is_away_does_not_keep_the_web_from_starting(monkeypatch):
    monkeypatch.setitem(settings.DATABASES, "default", through(1))
    pooler.refuse_to_mix()


def test_the_web_does_not_start_behind_a_pooler_that_mixes(committed):
    database = settings.DATABASES["default"]
    with SmallPooler(database["HOST"], int(database["PORT"]), follows=False) as small:
        url = f"postgres://any:one@127.0.0.1:{small.port}/{database['NAME']}"
        ended = subprocess.run(
            [sys.executable, "-m", "gunicorn", "plg_site.wsgi", "-c", "deploy/gunicorn.conf.py"],
            env={
                **os.environ,
                "DATABASE_URL": url,
                "WEB_BIND": f"127.0.0.1:{ports.find_free()}",
                "WEB_WORKERS": "1",
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.returncode != 0
    assert "mixes up workspaces" in ended.stdout + ended.stderr


def test_a_worker_does_not_start_behind_a_pooler_that_mixes(committed, monkeypatch):
    from plg_site.celery import refuse_a_pooler_that_mixes as at_the_start_of_a_worker

    database = settings.DATABASES["default"]
    with SmallPooler(database["HOST"], int(database["PORT"]), follows=False) as small:
        monkeypatch.setitem(settings.DATABASES, "default", through(small.port))
        with pytest.raises(SystemExit, match="mixes up workspaces"):
            at_the_start_of_a_worker()
