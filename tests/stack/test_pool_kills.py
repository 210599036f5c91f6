"""kill -9 of PostgreSQL and of the web process while people sign up and schemas are made: what was not
committed is not there."""

from __future__ import annotations

import html
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

import psycopg
import pytest

from events.steps import STANDS
from plg_site.devstack import ports, programs
from plg_site.devstack.stack import Stack
from tests.stack.survival.load import PATIENCE
from tests.tenants.pool_work import form_of
from tests.tenants.standing import ROOT, at_steps

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

CLAIM = ("claim.schema-taken", "claim.tenant-made", "claim.owner-made")
REFILL = ("refill.schema-made", "refill.furnished", "refill.listed")
_STRAYS = """
    SELECT nspname FROM pg_namespace WHERE nspname LIKE 'w\\_%' AND nspname NOT IN (
        SELECT schema_name FROM tenants_poolschema UNION SELECT schema_name FROM tenants_tenant)
"""
_TWICE = """
    SELECT schema_name FROM (
        SELECT schema_name FROM tenants_poolschema UNION ALL SELECT schema_name FROM tenants_tenant
    ) AS known GROUP BY 1 HAVING count(*) > 1
"""
_MISSING = """
    SELECT schema_name FROM (
        SELECT schema_name FROM tenants_poolschema
        UNION SELECT schema_name FROM tenants_tenant WHERE status = 'active'
    ) AS known WHERE schema_name NOT IN (SELECT nspname FROM pg_namespace)
"""

_ENDED = """
    SELECT to_regnamespace(%s) IS NOT NULL, to_regnamespace(schema_name) IS NOT NULL,
           status = 'active'
    FROM tenants_tenant WHERE schema_name = %s
"""


def ask(stack: Stack, query: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(stack.env["DATABASE_URL"]) as database:
        return database.execute(query, values or None).fetchall()


def test_postgres_killed_at_every_step_leaves_nothing_half_made(stack):
    tag = f"pg-{secrets.token_hex(3)}"
    slugs = [f"{tag}-{number}" for number in range(len(CLAIM))]
    work = [
        *((step, "sign_up", slug) for step, slug in zip(CLAIM, slugs, strict=True)),
        *((step, "add_to_the_pool", "") for step in REFILL),
    ]
    with at_steps(work, env=stack.env):
        stack.kill("postgres")
        stack.wait_until_ready("postgres")
        assert ask(stack, "SELECT slug FROM tenants_tenant WHERE slug = ANY(%s)", slugs) == []
        assert ask(stack, "SELECT 1 FROM identity_user WHERE email LIKE %s", f"%{tag}%") == []
    for query in (_STRAYS, _TWICE, _MISSING):
        assert ask(stack, query) == []
    stack.wait_until_ready("web")
    all_get_in(stack, slugs)


def test_the_web_process_killed_at_every_step_of_a_sign_up_leaves_nothing_half_made(stack):
    tag = f"web-{secrets.token_hex(3)}"
    slugs = [f"{tag}-{number}" for number in range(len(CLAIM))]
    with web_processes_that_stop(stack, CLAIM) as on_ports, ThreadPoolExecutor() as people:
        clicks = [people.submit(sign_up, stack, *who) for who in zip(slugs, on_ports, strict=True)]
        until = time.monotonic() + PATIENCE
        while not all(stands(stack, step) for step in CLAIM):
            assert time.monotonic() < until, [click for click in clicks if click.done()]
            time.sleep(0.1)
        for step in CLAIM:
            kill_with_what_it_forked(stack, web_at(step))
        for click in clicks:
            assert isinstance(click.exception(timeout=PATIENCE), ConnectionResetError)
    assert ask(stack, "SELECT slug FROM tenants_tenant WHERE slug = ANY(%s)", slugs) == []
    assert ask(stack, "SELECT 1 FROM identity_user WHERE email LIKE %s", f"%{tag}%") == []
    all_get_in(stack, slugs)


def test_postgres_killed_at_the_end_of_a_refill_leaves_both_to_the_next_one(stack):
    for name in ("beat", "worker"):  # they would do it meanwhile
        stack.kill(name, stay_down=True)
    try:
        command = [sys.executable, "-m", "tests.tenants.pool_work", "furnish"]
        said = subprocess.run(
            [*command, f"pg-{secrets.token_hex(3)}"],
            env=stack.env,
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        names = json.loads(said.stdout.splitlines()[-1])
        work = [("refill.prepared", "prepare", ""), ("refill.stale-dropped", "drop_stale", "")]
        with at_steps(work, env=stack.env):
            stack.kill("postgres")
            stack.wait_until_ready("postgres")
        assert ended(stack, names) == [False, False]
    finally:
        for name in ("worker", "beat"):
            stack.restart(name)
    until = time.monotonic() + PATIENCE
    while ended(stack, names) != [True, True]:
        assert time.monotonic() < until, ended(stack, names)
        time.sleep(0.2)
    for query in (_STRAYS, _TWICE, _MISSING):
        assert ask(stack, query) == []


def ended(stack: Stack, names: dict[str, str]) -> list[bool]:
    """Whether the stale schema is gone, and whether the workspace that waited has its own."""
    [(stale, made, is_active)] = ask(stack, _ENDED, names["stale"], names["waiting"])
    assert made == is_active, "one without the other"
    return [not stale, bool(made)]


def all_get_in(stack: Stack, slugs: Sequence[str]) -> None:
    """With the same form once more; each into a workspace of their own.

    The first request after the database came back may still meet a connection that died with it.
    """
    for slug in slugs:
        deadline = time.monotonic() + PATIENCE
        while (status := sign_up(stack, slug, stack.addresses.port)) >= 500:
            assert time.monotonic() < deadline, status
            time.sleep(0.5)
        assert status == 302
    rows = ask(stack, "SELECT schema_name FROM tenants_tenant WHERE slug = ANY(%s)", slugs)
    assert len(set(rows)) == len(slugs)
    for query in (_STRAYS, _TWICE, _MISSING):
        assert ask(stack, query) == []


def web_at(step: str) -> str:
    return f"web at {step}"


@contextmanager
def web_processes_that_stop(stack: Stack, steps: Sequence[str]) -> Iterator[list[int]]:
    """One for each step, beside the stack's own; gives their ports."""
    on_ports = []
    for step in steps:
        elsewhere = replace(stack.addresses, port=ports.find_free())
        env = {**stack.env, "PLG_STOP_AT": step, "WEB_WORKERS": "1"}
        program = programs.web(elsewhere, env)
        stack.supervisor.start(replace(program, name=web_at(step)))
        on_ports.append(elsewhere.port)
    try:
        for step in steps:
            stack.wait_until_ready(web_at(step))
        yield on_ports
    finally:
        for step in steps:
            kill_with_what_it_forked(stack, web_at(step))


def stands(stack: Stack, step: str) -> bool:
    return any(f"{STANDS} {step}" in line for line in stack.supervisor.log.recent(web_at(step)))


def kill_with_what_it_forked(stack: Stack, name: str) -> None:
    if (pid := stack.process(name).pid) is not None:
        stack.kill(name, stay_down=True)
        os.killpg(pid, signal.SIGKILL)


_LOADED: dict[str, dict[str, str]] = {}  # hidden fields of the form that each has open


def sign_up(stack: Stack, slug: str, port: int) -> int:
    """The form, sent to the web process on this port; the status of its answer."""
    host = {"Host": f"{stack.addresses.domain}:{stack.addresses.port}"}
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=PATIENCE)
    connection.request("GET", "/signup/", headers=host)
    page = connection.getresponse()
    text = page.read().decode()
    if slug not in _LOADED:  # a second click sends the form of the first
        hidden = re.findall(r'name="(token|seen)" value="([^"]+)"', text)
        _LOADED[slug] = {name: html.unescape(value) for name, value in hidden}
    cookies = [line.split(";")[0] for line in page.headers.get_all("Set-Cookie") or []]
    token = next(line.split("=", 1)[1] for line in cookies if line.startswith("plg_csrf="))
    form = urlencode({**form_of(slug), **_LOADED[slug], "csrfmiddlewaretoken": token})
    said = {**host, "Cookie": "; ".join(cookies)}
    said["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request("POST", "/signup/", form, said)
    return connection.getresponse().status
