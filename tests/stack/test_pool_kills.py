"""kill -9 of PostgreSQL while people sign up and schemas are made: what was not committed is not there."""

from __future__ import annotations

import http.client
import json
import secrets
import subprocess
import sys
import time
from urllib.parse import urlencode

import psycopg
import pytest

from plg_site.devstack.stack import Stack
from tests.tenants.pool_work import form_of
from tests.tenants.standing import ROOT, at_steps

pytestmark = pytest.mark.stack

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
    for slug in slugs:
        assert sign_up_again(stack, slug) == 302
    rows = ask(stack, "SELECT schema_name FROM tenants_tenant WHERE slug = ANY(%s)", slugs)
    assert len(set(rows)) == len(slugs)
    for query in (_STRAYS, _TWICE, _MISSING):
        assert ask(stack, query) == []


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
    until = time.monotonic() + 60
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


def sign_up_again(stack: Stack, slug: str) -> int:
    """The same form once more, to the web process; the status of its answer."""
    site = stack.addresses
    host = {"Host": f"{site.domain}:{site.port}"}
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("GET", "/signup/", headers=host)
    page = connection.getresponse()
    page.read()
    cookies = [line.split(";")[0] for line in page.headers.get_all("Set-Cookie") or []]
    token = next(line.split("=", 1)[1] for line in cookies if line.startswith("plg_csrf="))
    form = urlencode({**form_of(slug), "csrfmiddlewaretoken": token})
    said = {**host, "Cookie": "; ".join(cookies)}
    said["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request("POST", "/signup/", form, said)
    return connection.getresponse().status
