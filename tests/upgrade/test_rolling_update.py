"""From the release before to this one, with a fleet of workspaces and under light traffic: `prepare`
while all processes are of the older code, the older code's walk on the new tables, and then one
process after the other is replaced (where this takes its time: in endurance).

This release has, in addition, new columns in the tables of all workspaces and in a shared one.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
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

PATIENCE = 300.0
_NEW_COLUMN = """
    SELECT count(c.column_name), count(*) - count(c.column_name) FROM tenants_tenant t
    LEFT JOIN information_schema.columns c ON c.table_schema = t.schema_name
    AND c.table_name = 'product_link' AND c.column_name = 'note'
    WHERE t.status = 'active'
"""
_IN_SHARED = """
    SELECT count(*) FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = 'tenants_tenant' AND column_name = 'remark'
"""


@dataclass(frozen=True)
class Size:
    workspaces: int
    least: int  # requests in all
    sign_ups: int
    replaces: bool = False  # also the processes, behind Caddy


@dataclass
class Seen:
    """What was said, and what came of the requests meanwhile."""

    size: Size
    prepared: str = ""
    walked: str = ""
    answered: dict[str, int] = field(default_factory=dict)  # by part of the update
    signed_up: int = 0
    failed: list[str] = field(default_factory=list)
    behind: tuple[int, int] = (0, 0)  # workspaces with the new column, and without, at the end
    shared: int = 0


@pytest.fixture(
    scope="module",
    params=[
        Size(workspaces=20, least=60, sign_ups=3),
        pytest.param(
            Size(workspaces=200, least=500, sign_ups=10, replaces=True),
            marks=pytest.mark.endurance,
        ),
    ],
    ids=lambda size: f"{size.workspaces} workspaces",
)
def seen(request, commit, tmp_path_factory) -> Iterator[Seen]:
    older = commit(tomllib.loads(versions.FILE.read_text())["before"])
    hashed = {} if request.param.replaces else {"WATCH_FILES": "1"}
    with two_releases.services() as stack:
        then = Release(stack, older, **hashed)
        now = Release(stack, against.PRESENT, **hashed)
        now = now.with_new_tables(tmp_path_factory.mktemp("later"))
        found = Seen(request.param)
        update(then, now, found, folder=tmp_path_factory.mktemp("proxy"))
        yield found


def update(then: Release, now: Release, seen: Seen, *, folder: Path) -> None:
    """From the first process of the older release to the last of this one."""
    stack, size = then.stack, seen.size
    webs = {"web": stack.addresses.port}
    if size.replaces:
        webs["web-right"] = ports.find_free()
    then.manage("prepare", "--demo")
    link = then.run(SCRIPTS / "fleet.py", str(size.workspaces)).splitlines()[-1]
    for program in (*(then.web(*web) for web in webs.items()), *then.behind()):
        then.put(program)
    with _door(then, list(webs.values()), folder) as port:
        with light_traffic.light(Workspace(stack, **json.loads(link)), port) as traffic:
            _go_on(traffic, 20)
            seen.prepared = now.manage("prepare")
            _note(seen, traffic, "until all tables are new")
            seen.walked = then.manage("walk", "--site", stack.site_url)
            _note(seen, traffic, "older code on new tables")
            if size.replaces:
                _replace(now, webs, traffic)
            _go_on(traffic, max(20, size.least - traffic.answered))
            _note(seen, traffic, "afterwards")
        seen.failed, seen.signed_up = traffic.failed, traffic.sign_ups
        if seen.failed:
            seen.failed += two_releases.tracebacks(stack)
    if size.replaces:
        now.manage("migrate_tenants")  # what older processes have made since
    with psycopg.connect(stack.env["DATABASE_URL"]) as link_to:
        seen.behind = link_to.execute(_NEW_COLUMN).fetchone() or (0, 0)
        [seen.shared] = link_to.execute(_IN_SHARED).fetchone() or (0,)


@contextmanager
def _door(then: Release, webs: list[int], folder: Path) -> Iterator[int]:
    if len(webs) == 1:
        yield webs[0]
        return
    with proxies.caddy(folder, webs, site=then.stack.addresses.domain) as port:
        yield port


def _replace(now: Release, webs: dict[str, int], traffic: Traffic) -> None:
    for name, port in webs.items():
        now.put(now.web(name, port))
        _go_on(traffic, 40)
    for program in now.behind():
        now.put(program)


def _go_on(traffic: Traffic, count: int) -> None:
    light_traffic.until_answered(traffic, traffic.answered + count, within=PATIENCE)


def _note(seen: Seen, traffic: Traffic, part: str) -> None:
    seen.answered[part] = traffic.answered - sum(seen.answered.values())


def test_no_request_fails(seen: Seen, capsys):
    with capsys.disabled():
        print(f"\n  {seen.size.workspaces} workspaces: answered {seen.answered},", end=" ")
        print(f"{seen.signed_up} sign-ups, {len(seen.failed)} failed")
    assert seen.failed == []
    assert sum(seen.answered.values()) >= seen.size.least
    assert all(seen.answered.values())
    assert seen.signed_up >= seen.size.sign_ups


def test_the_walk_of_the_older_release_passes_on_the_new_tables(seen: Seen):
    assert re.search(r"^walked \d+ steps", seen.walked, re.MULTILINE), seen.walked
    assert "✗" not in seen.walked


def test_prepare_brings_the_new_columns_to_all_that_were_there(seen: Seen):
    [migrated] = re.findall(r"(\d+) migrated in", seen.prepared)
    assert int(migrated) >= seen.size.workspaces
    assert seen.behind[0] >= seen.size.workspaces
    assert seen.shared == 1
    if seen.size.replaces:
        assert seen.behind[1] == 0, "what older processes made meanwhile was brought along"
