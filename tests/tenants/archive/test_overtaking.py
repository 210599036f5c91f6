"""Two workers at one import, because the first only seems dead: its commit is still under way, or the
lock that gave it its turn was lost while it works on. Whichever workspace stays has all of its files.
"""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections

from events import steps
from tenants.archive import imports
from tenants.models import Import, Tenant
from tests.tenants.archive import world

pytestmark = pytest.mark.thorough

PATIENCE = 60.0
GATE = 7204_500  # an advisory lock at which a commit waits
_GATED_COMMIT = f"""
    CREATE TABLE gated (number int);
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON gated DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
"""
AT_GATE = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
_HAS_TURN = """
    SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(%s, 7204)
"""


def until(true: Callable[[], object], what: str) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up_at, what
        time.sleep(0.05)


def ask(statement: str, *parameters: object) -> list[tuple]:  # type: ignore[type-arg]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def another_worker(wanted: Import, *, at: str, does: Callable[[], None]) -> Iterator[int]:
    """A process that runs the import and, at this step, `does` something; then it goes on."""
    for each in connections.all(initialized_only=True):
        each.close()
        each.close_pool()  # type: ignore[attr-defined]  # threads do not survive a fork
    pid = os.fork()
    if pid == 0:
        try:
            steps._STOP_AT, steps._wait_to_be_killed = at, lambda name: does()
            imports.run(wanted.pk)
        finally:
            os._exit(0)
    try:
        yield pid
    finally:
        for number in (signal.SIGKILL, signal.SIGCONT):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
        os.waitpid(pid, 0)


@pytest.fixture
def gate() -> Iterator[Callable[[], None]]:
    """Closed: a commit of what was put into `gated` waits. Call it to open it."""
    ask(_GATED_COMMIT)
    holder = connections.create_connection("default")
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
    try:
        yield holder.close
    finally:
        holder.close()
        until(lambda: not ask(AT_GATE, GATE), "it stays closed")
        ask("DROP TABLE gated CASCADE; DROP FUNCTION wait_at_gate()")


def commit_at_the_gate() -> None:
    ask("SET CONSTRAINTS at_commit DEFERRED; INSERT INTO gated VALUES (1)")


def test_a_commit_that_outlives_its_worker_keeps_its_files(
    umbrella, owner, gate, monkeypatch
):  # fmt: skip
    monkeypatch.setattr(imports, "_ABOUT_TO_COMMIT", "200ms")
    wanted = imports.bring(io.BytesIO(world.archive_of(umbrella)), owner=owner)
    with another_worker(wanted, at="import.written", does=commit_at_the_gate) as pid:
        until(lambda: ask(f"{AT_GATE} AND NOT granted", GATE), "no commit waits")
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert imports.run(wanted.pk) is None, "it cannot know yet"
    gate()
    until(lambda: Import.objects.get(pk=wanted.pk).state != Import.State.WAITING, "no commit")
    imports.tend()
    wanted.refresh_from_db()
    assert wanted.state == Import.State.DONE
    assert world.stored(wanted.tenant) == world.stored(umbrella)


def test_who_lost_its_turn_does_not_finish_what_another_has_begun_anew(
    umbrella, owner, monkeypatch
):  # fmt: skip
    wanted = imports.bring(io.BytesIO(world.archive_of(umbrella)), owner=owner)
    before, files = set(Tenant.objects.all()), world.folders()
    stop = lambda: os.kill(os.getpid(), signal.SIGSTOP)  # noqa: E731
    with another_worker(wanted, at="import.files", does=stop) as pid:
        os.waitpid(pid, os.WUNTRACED)
        ended = ask(_HAS_TURN.replace("pid FROM", "pg_terminate_backend(pid) FROM"),
                    f"import {wanted.pk}")  # fmt: skip
        assert ended == [(True,)]
        until(lambda: not ask(_HAS_TURN, f"import {wanted.pk}"), "the lock is held")

        def go_on(name: str) -> None:  # the files of the first have just been removed
            os.kill(pid, signal.SIGCONT)
            os.waitpid(pid, 0)

        monkeypatch.setattr(steps, "_STOP_AT", "import.verified")
        monkeypatch.setattr(steps, "_wait_to_be_killed", go_on)
        imports.run(wanted.pk)
    wanted.refresh_from_db()
    assert wanted.state == Import.State.DONE
    assert set(Tenant.objects.all()) - before == {wanted.tenant}
    assert world.stored(wanted.tenant) == world.stored(umbrella)
    others = {
        name for name in world.folders() - files if not name.startswith(wanted.tenant.schema_name)
    }
    assert others == set()
