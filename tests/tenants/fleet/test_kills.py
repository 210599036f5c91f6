"""kill -9 at each named step of a migration: every workspace is whole, and a re-run ends it."""

from __future__ import annotations

import json
import os

import pytest

from tests.tenants.fleet import later
from tests.tenants.fleet.kill_work import STEPS, is_whole, state_of
from tests.tenants.fleet.later import ADD_MARK, ADD_NOTE
from tests.tenants.standing import at_steps

pytestmark = pytest.mark.thorough

ENV = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
EACH = 3  # workspaces: a canary, a first wave, a second one


def test_a_killed_run_leaves_every_workspace_whole_and_the_next_one_ends(make_fleet, tmp_path):
    fleet = make_fleet(EACH * len(STEPS))
    package = later.write(tmp_path, add_note=ADD_NOTE, add_mark=ADD_MARK)
    work = []
    for number, step in enumerate(STEPS):
        slugs = [tenant.slug for tenant in fleet.tenants[number * EACH : (number + 1) * EACH]]
        work.append((step, "migrate", json.dumps([package, str(tmp_path), slugs])))
    with later.running(package, tmp_path):
        with at_steps(work, env=ENV):
            assert all(map(is_whole, fleet.slugs))
        before = {slug: state_of(slug)[0] for slug in fleet.slugs}
        assert True in before.values()
        assert False in before.values()
        fleet.migrate("--retries", "8")  # the server may still be ending what the dead had begun
        assert all(map(is_whole, fleet.slugs))
        assert all(state_of(slug)[0] for slug in fleet.slugs)
