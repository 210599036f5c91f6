"""kill -9 of PostgreSQL while people sign up and schemas are made: what was not committed is not there."""

from __future__ import annotations

import http.client
import secrets
from urllib.parse import urlencode

import psycopg
import pytest

from plg_site.devstack.stack import Stack
from tests.tenants.pool_work import form_of
from tests.tenants.standing import at_steps

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
