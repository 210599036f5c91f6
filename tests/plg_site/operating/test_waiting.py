"""What starts beside `prepare` waits until tables and workspaces are of this code."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder

from plg_site.devstack import ports
from plg_site.devstack.options import ROOT
from tenants import fleet


def wait(timeout: float = 0.0) -> str:
    said = io.StringIO()
    call_command("wait_until_prepared", timeout=timeout, stdout=said)
    return said.getvalue()


def test_where_all_is_prepared_nobody_waits(db, acme):
    assert wait() == "prepared\n"


def test_it_waits_for_the_shared_tables_of_this_code(db):
    MigrationRecorder.Migration.objects.filter(app="tenants").order_by("-id").first().delete()
    with pytest.raises(CommandError, match="1 migrations of the shared tables"):
        wait()


def test_it_waits_for_workspaces_of_another_version(db, acme):
    fleet.fleet().filter(pk=acme.pk).update(fingerprint="before")
    with pytest.raises(CommandError, match="1 workspaces are of another version"):
        wait()


@pytest.mark.thorough
def test_a_database_that_does_not_answer_is_waited_for_in_words():
    away = f"postgres://nobody@127.0.0.1:{ports.find_free()}/none"
    done = subprocess.run(
        [sys.executable, "manage.py", "wait_until_prepared", "--timeout", "3"], cwd=ROOT,
        env={**os.environ, "DATABASE_URL": away, "DATABASE_WAIT": "1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "waits: the database does not answer" in done.stdout
    assert "Not prepared within 3 s" in done.stderr
    assert "Traceback" not in done.stderr
