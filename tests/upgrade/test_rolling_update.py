"""From the release before to this one, with a fleet of workspaces and under light traffic: `prepare`
while all processes are of the older code, then one after the other is replaced.

This release has, in addition, new columns in the tables of all workspaces and in a shared one.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from bench import against
from plg_site.devstack import ports
from plg_site.operating import versions
from tests.plg_site import proxies
from tests.stack import light_traffic
from tests.stack.light_traffic import Traffic
from tests.stack.survival.load import Workspace
from tests.upgrade import two_releases
from tests.upgrade.conftest import SCRIPTS
from tests.upgrade.two_releases import Release

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

LEAST = 500  # requests, of which so many sign-ups:
SIGN_UPS = 10
PATIENCE = 300.0


@dataclass
class Seen:
    """What was said, and what came of the requests meanwhile."""

    workspaces: int = 0
    prepared: str = ""
    walked: str = ""
    afterwards: str = ""
    answered: dict[str, int] = field(default_factory=dict)  # by part of the update
    signed_up: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)


@pytest.fixture(
    scope="module",
    params=[20, pytest.param(200, marks=pytest.mark.endurance)],
    ids="{} workspaces".format,
)
def seen(request, commit, tmp_path_factory) -> Iterator[Seen]:
    older = commit(tomllib.loads(versions.FILE.read_text())["before"])
    with two_releases.services() as stack:
        then = Release(stack, older)
        now = Release(stack, against.PRESENT).with_new_tables(tmp_path_factory.mktemp("later"))
        yield updated(then, now, workspaces=request.param, folder=tmp_path_factory.mktemp("proxy"))


def updated(then: Release, now: Release, *, workspaces: int, folder) -> Seen:
    """One update, from the first process of the older release to the last of this one."""
    seen, stack = Seen(), then.stack
    webs = {"web": stack.addresses.port, "web-right": ports.find_free()}
    then.manage("prepare", "--demo")
    seen.workspaces = int(then.run(SCRIPTS / "fleet.py", str(workspaces)).split()[-1])
    for name, port in webs.items():
        then.put(then.web(name, port))
    for program in then.behind():
        then.put(program)
    workspace = Workspace(stack, **json.loads(then.run(SCRIPTS / "link.py").splitlines()[-1]))
    site = stack.addresses.domain
    with (
        proxies.caddy(folder, list(webs.values()), site=site) as port,
        light_traffic.light(workspace, port) as traffic,
    ):
        _go_on(traffic, 60)
        seen.prepared = now.manage("prepare")
        _note(seen, traffic, "before and during prepare")
        seen.walked = then.manage("walk", "--site", stack.site_url)
        _note(seen, traffic, "older code on new tables")
        for name, port in webs.items():
            now.put(now.web(name, port))
            _go_on(traffic, 40)
        for program in now.behind():
            now.put(program)
        _go_on(traffic, max(60, LEAST - traffic.answered))
        _note(seen, traffic, "one after the other is replaced")
        seen.failed = traffic.failed
    seen.afterwards = now.manage("migrate_tenants")
    seen.columns = json.loads(now.run(SCRIPTS / "columns.py").splitlines()[-1])
    return seen


def _go_on(traffic: Traffic, count: int) -> None:
    light_traffic.until_answered(traffic, traffic.answered + count, within=PATIENCE)


def _note(seen: Seen, traffic: Traffic, part: str) -> None:
    seen.answered[part] = traffic.answered - sum(seen.answered.values())
    seen.signed_up[part] = traffic.sign_ups - sum(seen.signed_up.values())


def test_no_request_fails(seen: Seen, capsys):
    with capsys.disabled():
        print(f"\n  {seen.workspaces} workspaces: {seen.answered}, sign-ups {seen.signed_up}")
    assert seen.failed == []
    assert sum(seen.answered.values()) >= LEAST
    assert all(seen.answered.values())
    assert sum(seen.signed_up.values()) >= SIGN_UPS


def test_the_walk_of_the_older_release_passes_on_the_new_tables(seen: Seen):
    assert "✗" not in seen.walked
    assert "walked" in seen.walked


def test_all_workspaces_have_the_new_tables_also_those_that_older_code_made(seen: Seen):
    assert f"{seen.workspaces} migrated" in seen.prepared or "migrated in" in seen.prepared
    assert "failed" not in seen.prepared + seen.afterwards
    assert seen.columns["without"] == 0
    assert seen.columns["with"] > seen.workspaces
    assert seen.columns["shared"] == 1
