"""20,000 interleaved reads and writes over 20 workspaces: no row of another one, none misplaced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

from tests.tenants.isolation import bouncer

pytestmark = pytest.mark.thorough

OPERATIONS = 20_000
needs_pgbouncer = pytest.mark.skipif(bouncer.PROGRAM is None, reason=bouncer.MISSING)


def outcome_of(*arguments: str, url: str | None = None) -> dict[str, Any]:
    environ = {**os.environ, **({"DATABASE_URL": url} if url else {})}
    done = subprocess.run(
        [sys.executable, "-m", "tests.tenants.isolation.experiment", *arguments],
        cwd=settings.BASE_DIR,
        env=environ,
        capture_output=True,
        text=True,
        timeout=1_200,
    )
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcome


def assert_kept_apart(outcome: dict[str, Any]) -> None:
    assert outcome["wrong"] == 0, outcome
    assert outcome["schemas"] == [], outcome
    assert outcome["errors"] == {}, outcome
    assert sum(outcome["done"].values()) >= OPERATIONS
    assert min(outcome["done"][how] for how in ("thread", "transaction", "task", "request")) > 50


def test_threads_tasks_and_requests_over_djangos_pool_see_their_own_rows_only(django_db_setup):
    assert_kept_apart(outcome_of())


@needs_pgbouncer
def test_so_do_they_through_pgbouncer_in_session_mode(django_db_setup, tmp_path):
    """Also when it does not clean what a session leaves behind for the next client."""
    url = os.environ["DATABASE_URL"]
    with bouncer.running(url, mode="session", folder=tmp_path, server_reset_query="") as behind:
        assert_kept_apart(outcome_of("--no-pool", url=behind))


@needs_pgbouncer
def test_through_pgbouncer_in_transaction_mode_they_do_not(django_db_setup, tmp_path):
    """Why such a pooler is refused at the start (tenants.pooler), and that this would notice one."""
    url = os.environ["DATABASE_URL"]
    with bouncer.running(url, mode="transaction", folder=tmp_path, default_pool_size=2) as behind:
        outcome = outcome_of("--operations", "400", url=behind)
    assert outcome["wrong"] > 0 or outcome["schemas"], outcome
