"""A whole set of services: what it keeps, and how it refuses to start."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from plg_site.devstack import ports
from plg_site.devstack.options import ROOT
from plg_site.devstack.ports import PortTaken
from plg_site.devstack.stack import Stack
from plg_site.devstack.state import StateNotUsable
from tests.processes import is_alive

Environ = dict[str, str]

SUPERVISOR = """
    import sys, time
    from pathlib import Path
    from plg_site.devstack.stack import Stack
    stack = Stack(Path(sys.argv[1])).start(services_only=True)
    print(stack.process("postgres").pid, stack.process("redis").pid, stack.env["DATABASE_URL"])
    sys.stdout.flush()
    time.sleep(60)
"""


def write_row(stack: Stack) -> None:
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('committed')")


def read_rows(url: str) -> list[tuple[str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT word FROM kept").fetchall()


def until(holds: Callable[[], bool], *, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_killed_postgres_comes_back_with_every_committed_row(services: Stack) -> None:
    write_row(services)
    before = services.process("postgres").pid

    services.kill("postgres")
    services.wait_until_ready("postgres")

    assert services.process("postgres").pid != before
    assert read_rows(services.env["DATABASE_URL"]) == [("committed",)]
    assert "postgres  ended (killed by SIGKILL)" in services.state.log_path.read_text()


def test_a_killed_redis_comes_back_with_what_it_was_told(services: Stack) -> None:
    redis.Redis.from_url(services.env["REDIS_URL"]).set("word", "kept")
    time.sleep(1.1)  # appendfsync everysec

    services.kill("redis")
    services.wait_until_ready("redis")

    assert redis.Redis.from_url(services.env["REDIS_URL"]).get("word") == b"kept"


def test_a_service_can_be_kept_down_and_brought_back(services: Stack) -> None:
    services.kill("redis", stay_down=True)
    time.sleep(0.8)  # longer than the first pause

    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(services.env["REDIS_URL"]).ping()

    services.restart("redis")
    assert redis.Redis.from_url(services.env["REDIS_URL"]).ping()


def test_the_services_ask_for_their_password(services: Stack) -> None:
    secret = services.state.secret("postgres_password")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(services.env["DATABASE_URL"].replace(secret, "guess"))
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=int(services.env["REDIS_URL"].rsplit(":", 1)[1].split("/")[0])).ping()


def test_secrets_are_readable_by_their_owner_only(services: Stack) -> None:
    assert (services.state.path / "secrets").stat().st_mode & 0o777 == 0o600
    assert (services.state.path / "redis" / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_both_databases_sort_and_compare_by_code_point_in_utf8(services: Stack) -> None:
    ask = """SELECT datname, pg_encoding_to_char(encoding), datlocale FROM pg_database
             WHERE datname LIKE 'plg%' ORDER BY datname"""
    with psycopg.connect(services.env["DATABASE_URL"]) as connection:
        assert connection.execute(ask).fetchall() == [
            ("plg", "UTF8", "C.UTF-8"),
            ("plg_events", "UTF8", "C.UTF-8"),
        ]


def test_a_second_stack_runs_beside_the_first(
    services: Stack, state_folder: Path, bare_environ: Environ
) -> None:
    with Stack(state_folder, environ=bare_environ, throw_away=True).start(
        services_only=True
    ) as two:
        assert two.env["DATABASE_URL"] != services.env["DATABASE_URL"]
        assert two.env["SECRET_KEY"] != services.env["SECRET_KEY"]
        for stack in (services, two):
            psycopg.connect(stack.env["EVENTS_DATABASE_URL"]).close()


def test_a_folder_in_use_is_refused_in_words(services: Stack, bare_environ: Environ) -> None:
    with pytest.raises(StateNotUsable, match=r"in use by another stack .*--state DIR --port N"):
        Stack(services.state.path, environ=bare_environ).start(services_only=True)


def test_given_services_are_used_and_none_is_started(
    services: Stack, state_folder: Path, bare_environ: Environ
) -> None:
    given = {name: services.env[name] for name in services.services}

    with Stack(state_folder, environ={**bare_environ, **given}).start(services_only=True) as stack:
        assert {name: stack.env[name] for name in given} == given
        assert not (state_folder / "postgres").exists()


def test_a_port_in_use_is_refused_with_another_to_choose(
    state_folder: Path, bare_environ: Environ
) -> None:
    port = ports.find_free(neighbours=2)
    with socket.create_server((ports.LOOPBACK, port)), pytest.raises(PortTaken) as refusal:
        Stack(state_folder, port=port, environ=bare_environ).start(services_only=True)

    assert f"{port} is in use by another program" in str(refusal.value)
    assert "bin/dev --port" in str(refusal.value)


def test_a_killed_supervisor_takes_its_services_along_and_the_next_start_loses_nothing(
    state_folder: Path, bare_environ: Environ
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SUPERVISOR), str(state_folder)],
        env={**bare_environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout
        postgres, valkey, url = supervisor.stdout.readline().split()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('committed')")
        supervisor.kill()

    assert until(lambda: not is_alive(int(postgres)) and not is_alive(int(valkey)))

    stack = Stack(state_folder, environ=bare_environ, throw_away=True)
    with stack.start(services_only=True):
        assert stack.env["DATABASE_URL"] == url, "the port is remembered"
        assert read_rows(url) == [("committed",)]


def test_the_next_start_waits_for_a_postmaster_that_is_still_shutting_down(
    state_folder: Path, bare_environ: Environ
) -> None:
    first = Stack(state_folder, environ=bare_environ).start(services_only=True)
    write_row(first)
    postmaster = first.process("postgres").pid
    assert postmaster
    # As after kill -9 of the supervisor: its locks are gone, the postmaster is not yet.
    first.supervisor._stopping.set()
    first.state.close()
    os.kill(postmaster, signal.SIGINT)
    os.kill(first.process("redis").pid or 0, signal.SIGTERM)

    with Stack(state_folder, environ=bare_environ).start(services_only=True) as second:
        assert read_rows(second.env["DATABASE_URL"]) == [("committed",)]
    first.supervisor.stop()
    second.state.remove()


def test_a_stale_pid_file_with_a_pid_that_now_belongs_to_another_does_not_matter(
    state_folder: Path, bare_environ: Environ
) -> None:
    with Stack(state_folder, environ=bare_environ).start(services_only=True) as first:
        data = (state_folder / "postgres").resolve()
        pid_file = (data / "postmaster.pid").read_text()
        old = str(first.process("postgres").pid)
    # A process of this test has the pid now, as far as the file knows.
    (data / "postmaster.pid").write_text(pid_file.replace(old, str(os.getpid()), 1))

    stack = Stack(state_folder, environ=bare_environ, throw_away=True)
    with stack.start(services_only=True):
        psycopg.connect(stack.env["DATABASE_URL"]).close()
