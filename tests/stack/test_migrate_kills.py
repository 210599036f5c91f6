"""PostgreSQL is killed while migrations of the fleet stand at each named step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from plg_site.devstack.stack import Stack
from tests.tenants.fleet import later
from tests.tenants.fleet.kill_work import STEPS
from tests.tenants.fleet.later import ADD_MARK, ADD_NOTE
from tests.tenants.standing import ROOT, at_steps

EACH = 3

pytestmark = [pytest.mark.stack, pytest.mark.thorough]


def run(stack: Stack, *arguments: str) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tenants.fleet.kill_work", *arguments],
        env=stack.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_after_postgresql_was_killed_every_workspace_is_whole_and_a_re_run_ends(
    stack: Stack, tmp_path: Path
):
    package = later.write(tmp_path, add_note=ADD_NOTE, add_mark=ADD_MARK)
    place = (package, str(tmp_path))
    slugs = run(stack, str(EACH * len(STEPS)), *place)["slugs"]
    work = [
        (step, "migrate", json.dumps([*place, slugs[number * EACH : (number + 1) * EACH]]))
        for number, step in enumerate(STEPS)
    ]
    with at_steps(work, env=stack.env):
        stack.kill("postgres")
        stack.wait_until_ready("postgres")
    said = run(stack, "finish", *place)
    assert sorted(said["slugs"]) == sorted(slugs)
    assert (said["broken"], said["left"]) == ([], [])
