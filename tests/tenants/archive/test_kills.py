"""kill -9 of a worker, and the loss of the database, at every named step of export, import and purge.

Each piece of work is interrupted at one step after the other, and each time begun again: nothing
half-made is ever reachable, and in the end it is done exactly once.
"""

from __future__ import annotations

import io
import os
import re
import select
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from events import steps
from tenants.archive import exports, imports
from tenants.life import deletion, purge
from tenants.models import Domain, Export, Import, PurgeReceipt, Tenant
from tests.events.log import (  # noqa: F401 (fixtures)
    events_database,
    log,
    postgres_events,
    store_kind,
)
from tests.tenants.archive import world

pytestmark = pytest.mark.thorough

EXPORT = ["export.snapshot", "export.written", "export.stored", "export.ready"]
IMPORT = ["import.verified", "import.claimed", "import.files", "import.rows", "import.written"]
PURGE = ["purge.begun", "purge.one-file", "purge.files", "purge.events", "purge.rows"]
PATIENCE = 60.0
_NOT_YET = re.compile("no turn|couldn't get a connection")


def interrupted(work: Callable[[], object], *, at: str, by: str) -> None:
    """Do `work` in a process of its own until it stands at a step; then take it, or its database, away.

    A server that has just lost a worker may still hold its lock: then the next one has no turn yet;
    and a busy one may need more than five seconds to take another connection.
    """
    until = time.monotonic() + 60
    while _NOT_YET.search(said := _interrupted(work, at, by)):
        assert time.monotonic() < until, said
        time.sleep(0.2)
    assert said.startswith(f"{steps.STANDS} {at}"), f"it never came to {at}: {said}"


def _interrupted(work: Callable[[], object], at: str, by: str) -> str:
    for each in connections.all(initialized_only=True):
        each.close()
        each.close_pool()  # type: ignore[attr-defined]  # threads do not survive a fork
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _be_interrupted(work, at, os.fdopen(writing, "w"), patience=0.3 if by == "database" else 60)
    os.close(writing)
    try:
        said = _read_line(reading)
        if by == "database" and said.startswith(steps.STANDS):
            _take_connections_away()
        elif by != "database":
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return said
    finally:
        os.close(reading)


def _be_interrupted(work: Callable[[], object], at: str, out: Any, *, patience: float) -> None:
    try:
        sys.stderr = out
        steps._STOP_AT = at

        def stand(name: str) -> None:
            out.write(f"{steps.STANDS} {name}\n")
            out.flush()
            time.sleep(patience)

        steps._wait_to_be_killed = stand
        done = work()
        out.write("no turn\n" if done is None else f"done: {done!r}\n")
        out.flush()
    except Exception as error:
        out.write(f"died: {error!r}\n".replace("\n", " ") + "\n")
        out.flush()
    finally:
        os._exit(0)


def _read_line(reading: int) -> str:
    until, said = time.monotonic() + PATIENCE, b""
    while not said.endswith(b"\n") and time.monotonic() < until:
        if select.select([reading], [], [], 1.0)[0]:
            more = os.read(reading, 1)
            if not more:
                break
            said += more
    return said.decode()


def _take_connections_away() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND pid <> pg_backend_pid()"
        )


def finished(work: Callable[[], Any]) -> Any:
    """The server takes a moment to notice that the holder of a lock is gone."""
    until = time.monotonic() + 20
    while (done := work()) is None:
        assert time.monotonic() < until, "it is never done"
        time.sleep(0.1)
    return done


@pytest.fixture(params=["kill -9", "database"])
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_an_export_interrupted_at_every_step_is_made_once(umbrella, owner, by):
    wanted = exports.ask(umbrella, by=owner, with_events=False)
    for step in EXPORT:
        interrupted(lambda: exports.make(wanted.pk), at=step, by=by)
        assert Export.objects.get(pk=wanted.pk).state in {Export.State.WAITING, Export.State.READY}
        if Export.objects.get(pk=wanted.pk).state == Export.State.READY:
            break  # it was the last step, and the loss came after the commit
    if Export.objects.get(pk=wanted.pk).state == Export.State.WAITING:
        finished(lambda: exports.make(wanted.pk))
    made = Export.objects.get(pk=wanted.pk)
    content = exports.storage().open(made.stored_as).read()
    assert (made.state, len(content)) == (Export.State.READY, made.size)
    assert finished(lambda: imports.run(imports.bring(io.BytesIO(content), owner=owner).pk)).tenant


def test_an_import_interrupted_at_every_step_makes_one_workspace(umbrella, owner, by):
    archive = world.archive_of(umbrella)
    wanted = imports.bring(io.BytesIO(archive), owner=owner)
    before, files, hosts = set(Tenant.objects.all()), world.folders(), Domain.objects.count()
    for step in IMPORT:
        interrupted(lambda: imports.run(wanted.pk), at=step, by=by)
        assert set(Tenant.objects.all()) == before, f"half a workspace after {step}"
        assert Domain.objects.count() == hosts
    done = finished(lambda: imports.run(wanted.pk))
    assert done.state == Import.State.DONE
    assert set(Tenant.objects.all()) - before == {done.tenant}
    assert world.stored(done.tenant) == world.stored(umbrella)
    left = {
        name for name in world.folders() - files if not name.startswith(done.tenant.schema_name)
    }
    assert left == set(), "what the killed ones had written is removed"


def test_an_import_interrupted_after_its_commit_is_not_done_again(umbrella, owner, by):
    wanted = imports.bring(io.BytesIO(world.archive_of(umbrella)), owner=owner)
    before = set(Tenant.objects.all())
    interrupted(lambda: imports.run(wanted.pk), at="import.committed", by=by)
    [made] = set(Tenant.objects.all()) - before
    imports.run(wanted.pk)
    imports.tend()
    wanted.refresh_from_db()
    assert (wanted.state, wanted.tenant) == (Import.State.DONE, made)
    assert set(Tenant.objects.all()) - before == {made}
    assert world.stored(made) == world.stored(umbrella)


def test_a_purge_interrupted_at_every_step_ends_with_one_receipt(umbrella, owner, by, log):  # noqa: F811
    log.settle()
    deletion.delete(umbrella, by=owner)
    later = timezone.now() + timedelta(days=40)
    schema = umbrella.schema_name
    for step in PURGE:
        interrupted(lambda: purge.purge(umbrella, now=later), at=step, by=by)
        assert not Domain.objects.filter(tenant=umbrella).exists(), "nobody gets in"
        assert Tenant.objects.filter(pk=umbrella.pk).exists(), "it is not forgotten half-way"
    receipt = finished(lambda: purge.purge(umbrella, now=later))
    assert PurgeReceipt.objects.get(tenant=umbrella).hash == purge.digest(receipt.body)
    assert receipt.body["removed"]["files"] == 3, "counted before the first one went"
    assert not any(name.startswith(schema) for name in world.folders())
    assert log.query(f"SELECT count(*) FROM event WHERE tenant = '{schema}'") == [(0,)]  # noqa: S608
    assert purge.due(now=later) == []


@pytest.mark.parametrize(("step", "letters"), [("purge.finished", 1), ("purge.mailed", 0)])
def test_the_last_mail_leaves_once_wherever_a_crash_comes(
    umbrella, owner, log, mailoutbox, step, letters  # noqa: F811
):  # fmt: skip
    deletion.delete(umbrella, by=owner)
    later = timezone.now() + timedelta(days=40)
    interrupted(lambda: purge.purge(umbrella, now=later), at=step, by="kill -9")
    mailoutbox.clear()
    for _ in range(2):
        purge.purge_due(now=later)
        assert [letter.to for letter in mailoutbox] == [[owner.email]] * letters
    assert PurgeReceipt.objects.filter(tenant=umbrella).exclude(hash="").count() == 1
