"""PostgreSQL is killed while exports, imports and purges stand at each of their steps."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from plg_site.devstack.stack import Stack
from tests.tenants.archive.kill_work import STEPS
from tests.tenants.standing import ROOT, at_steps

pytestmark = [pytest.mark.stack, pytest.mark.thorough]


def run(stack: Stack, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tenants.archive.kill_work", *arguments],
        env=stack.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_after_postgresql_was_killed_nothing_half_made_is_there_and_all_of_it_ends(stack: Stack):
    for name in ("beat", "worker"):  # they would take the work up meanwhile
        stack.kill(name, stay_down=True)
    try:
        furnished = run(stack, "furnish")
        work = [
            (step, kind, key)
            for kind, steps in STEPS.items()
            for step, key in zip(steps, furnished[kind], strict=True)
        ]
        with at_steps(work, env=stack.env):
            stack.kill("postgres")
            stack.wait_until_ready("postgres")
        said = run(stack, "finish", json.dumps(furnished))
    finally:
        for name in ("worker", "beat"):
            stack.restart(name)
    assert said == {
        "before": [0, []],
        "exports": [True] * len(STEPS["export"]),
        "imports": [True] * len(STEPS["bring"]),
        "workspaces": len(STEPS["bring"]),
        "purged": [len(STEPS["purge"]), 0],
        "files": [],
    }
