"""Run in the environment of a database: processes that stop at a named step and wait to be killed.

    python -m tests.tenants.pool_work '[["claim.schema-taken", "sign_up", "slug"], …]'

    python -m tests.tenants.pool_work furnish TAG  # what the last two steps of a refill work on

One process for each; all share the time that Django takes to start. On standard output comes a line
`STEP PID` for each as it is forked, on standard error what events/steps.py says when it stands.
"""

from __future__ import annotations

import json
import os
import sys

import django


def sign_up(slug: str) -> None:
    """Through the form, as a person does."""
    from django.conf import settings
    from django.test import Client

    answer = Client(headers={"host": settings.SITE_DOMAIN}).post("/signup/", form_of(slug))
    assert answer.status_code == 302, answer.content


def form_of(slug: str) -> dict[str, str]:
    """What the person types; the same again is a second click."""
    from uuid import NAMESPACE_DNS, uuid5

    from tests.tenants.signing_up.form import loaded

    token = str(uuid5(NAMESPACE_DNS, slug))
    email = f"owner@{slug}.example"
    form = {"name": "Nora", "email": email, "workspace_name": slug, "slug": slug}
    return {**form, **loaded(token)}


def add_to_the_pool(_: str) -> None:
    """What a refill does for each schema that is missing."""
    from tenants import pool
    from tenants.pool import templates

    pool.add(templates.listed()[0])


def drop_stale(_: str) -> None:
    """What a refill does at its end."""
    from tenants.pool import claiming

    claiming._drop_stale()


def prepare(_: str) -> None:
    from tenants.pool import preparing

    preparing.prepare_all()


def build(_: str) -> None:
    from tenants.pool import schemas

    schemas.build()


def migrate(argument: str) -> None:
    from tests.tenants.fleet.kill_work import migrate

    migrate(argument)


def export(key: str) -> None:
    from tests.tenants.archive import kill_work

    kill_work.export(key)


def bring(key: str) -> None:
    from tests.tenants.archive import kill_work

    kill_work.bring(key)


def purge(key: str) -> None:
    from tests.tenants.archive import kill_work

    kill_work.purge(key)


def furnish(tag: str) -> dict[str, str]:
    """A schema of the pool that is stale, and a workspace that waits for its own: their names."""
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from tenants.models import PoolSchema, Status, Tenant
    from tenants.pool import schemas

    stale, waiting = schemas.new_name(), schemas.new_name()
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{stale}"')
    PoolSchema.objects.create(
        schema_name=stale,
        fingerprint="of an older migration",
        created_at=timezone.now() - timedelta(hours=2),
    )
    Tenant.objects.create(name=tag, slug=tag, schema_name=waiting, status=Status.PREPARING)
    return {"stale": stale, "waiting": waiting}


def main(wanted: list[tuple[str, str, str]]) -> None:
    django.setup()
    from events import steps

    for name, action, argument in wanted:
        if pid := os.fork():
            print(name, pid, flush=True)
            continue
        steps._STOP_AT = name
        globals()[action](argument)
        os._exit(1)  # it should not have come so far
    for _ in wanted:
        os.wait()


if __name__ == "__main__":
    if sys.argv[1] == "furnish":
        django.setup()
        print(json.dumps(furnish(sys.argv[2])))
    else:
        main(json.loads(sys.argv[1]))
