"""Thousands of interleaved reads and writes over many workspaces; how many rows were another's?

    python -m tests.tenants.isolation.experiment [--operations N] [--no-pool]

A process of its own (the tests run it against the server and through poolers), with threads that
share Django's pool, a real Celery worker with threads of its own, and requests through the WSGI
application. Every link is called after the schema that it was written in, so each row that is read
tells whose it is; at the end each schema is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from random import Random
from typing import Any

from tests.tenants.isolation.ledger import Ledger, Place, counted, twenty_workspaces

_chance = Random()  # noqa: S311
THREADS, TASK_THREADS, CONNECTIONS = 5, 2, 4


def _django(pool: bool) -> None:
    os.environ["CELERY_QUEUE"] = f"isolation-{os.getpid()}"
    os.environ["DATABASE_POOL_SIZE"] = str(CONNECTIONS)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.conf import settings

    settings.CELERY_TASK_ALWAYS_EAGER = settings.DEBUG = False
    settings.LOGGING["root"]["level"] = "CRITICAL"
    if not pool:
        del settings.DATABASES["default"]["OPTIONS"]["pool"]
    django.setup()


# --- what one operation is -------------------------------------------------------------------
def read(place: str, ledger: Ledger, how: str) -> None:
    from django.db import connection

    from product.models import Link

    if _chance.random() < 0.1:
        ledger.saw(place, Link.objects.values_list("title", flat=True)[:3], how)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM product_link LIMIT 3")
        ledger.saw(place, [title for (title,) in cursor.fetchall()], how)


def write(place: str, ledger: Ledger, how: str) -> None:
    from django.db import connection

    from product.models import Link

    code, url = uuid.uuid4().hex, "https://example.com/"
    if _chance.random() < 0.1:
        Link.objects.create(code=code, title=place, target_url=url)
    else:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO product_link (id, code, title, target_url, created_at, is_sample,"
                " request_digest) VALUES (%s, %s, %s, %s, now(), false, '')",
                [uuid.uuid4(), code, place, url],
            )
    ledger.wrote(place, how)


def disturb(other: str) -> None:
    """Something after which a careless connection is in another path than it thinks."""
    from django.db import DatabaseError, connection, transaction

    kind = _chance.randrange(5)
    if kind == 0:
        with transaction.atomic():
            connection.set_schema(other)
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            transaction.set_rollback(True)
        return
    with connection.cursor() as cursor:
        if kind == 1:
            cursor.execute(f"SET search_path = {other}")
        elif kind == 2:
            cursor.execute("DISCARD ALL")
        elif kind == 3:
            cursor.execute(f"SELECT set_config('search_path', '{other}', false)")
        else:
            with suppress(DatabaseError):
                cursor.execute("SELECT 1/0")


def operations(place: str, ledger: Ledger, how: str, number: int) -> None:
    for _ in range(number):
        (write if _chance.random() < 0.25 else read)(place, ledger, how)


# --- who does them ---------------------------------------------------------------------------
def a_block(places: list[Place], ledger: Ledger) -> None:
    """As a request: one workspace, some statements, and the connection goes back."""
    from django.db import connection, transaction

    from tenants import schema

    place, other = _chance.sample(places, 2)
    with schema.inside(place.tenant):
        operations(place.name, ledger, "thread", _chance.choice([1, 3, 10, 40]))
        if _chance.random() < 0.3:
            with schema.inside(place.tenant):  # `disturb` may leave another tenant behind
                disturb(other.name)
            operations(place.name, ledger, "thread", 3)
        if _chance.random() < 0.2:
            with transaction.atomic():
                operations(place.name, ledger, "transaction", 4)
                with schema.inside(other.tenant):
                    operations(other.name, ledger, "transaction", 2)
                operations(place.name, ledger, "transaction", 2)
    connection.close()


def a_task(places: list[Place], ledger: Ledger) -> None:
    place = _chance.choice(places)
    _task.delay(place.name, _chance.choice([3, 30]))


def a_request(places: list[Place], ledger: Ledger) -> None:
    """A read, a write and a click through the whole application, as a server calls it."""
    place = _chance.choice(places)
    status, body = _ask(place, "GET", "/api/v1/links?limit=5")
    assert status == 200, body
    ledger.saw(place.name, [item["title"] for item in json.loads(body)["items"]], "request")
    wanted = {"target_url": "https://example.com/", "title": place.name, "code": uuid.uuid4().hex}
    status, body = _ask(place, "POST", "/api/v1/links", wanted)
    assert status == 201, body
    ledger.wrote(place.name, "request")
    status, _ = _ask(place, "GET", f"/{wanted['code']}")
    assert status == 302
    ledger.saw(place.name, [], "request")


_task: Any = None
_application: Any = None


def _ask(place: Place, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    from django.conf import settings

    content = json.dumps(body).encode() if body else b""
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "test", "SERVER_PORT": "80", "wsgi.url_scheme": "http",
        "HTTP_HOST": f"{place.tenant.slug}.{settings.APP_DOMAIN}", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Bearer {place.key}", "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)), "wsgi.input": BytesIO(content),
        "wsgi.errors": sys.stderr,
    }  # fmt: skip
    said: list[str] = []
    answer = _application(environ, lambda status, headers, *_: said.append(status))
    try:
        return int(said[0][:3]), b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()


def _run(places: list[Place], ledger: Ledger) -> None:
    turns: list[Callable[..., None]] = [a_block] * 86 + [a_task] * 10 + [a_request] * 4
    while not ledger.over:
        try:
            _chance.choice(turns)(places, ledger)
        except Exception as error:
            with ledger.lock:
                ledger.errors[f"{type(error).__name__}: {error}"[:200]] += 1
                if sum(ledger.errors.values()) > 50:
                    return


def main() -> None:
    global _task, _application
    options = argparse.ArgumentParser()
    options.add_argument("--operations", type=int, default=20_000)
    options.add_argument("--no-pool", action="store_true")
    given = options.parse_args()
    _django(pool=not given.no_pool)

    from celery.contrib.testing.worker import start_worker
    from celery.signals import worker_init
    from django.core.wsgi import get_wsgi_application
    from django.db import connections

    from plg_site.celery import app, refuse_a_pooler_that_mixes
    from tenants.hosts.early import AnswersEarly
    from tenants.jobs.workspace_tasks import workspace_task

    # Neither web nor worker would start behind a pooler which mixes up workspaces; here they shall.
    worker_init.disconnect(refuse_a_pooler_that_mixes)
    ledger, _application = Ledger(given.operations), AnswersEarly(get_wsgi_application())
    with twenty_workspaces() as places:

        @workspace_task(name="isolation.work")
        def work(tenant: Any, number: int) -> None:
            operations(tenant.schema_name, ledger, "task", number)

        _task = work
        app.finalize()
        with start_worker(
            app,
            pool="threads",
            concurrency=TASK_THREADS,
            perform_ping_check=False,
            loglevel="error",
        ):
            threads = [threading.Thread(target=_run, args=(places, ledger)) for _ in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        places_wrong = counted(places, ledger)
    connections.close_all()
    outcome = {
        "done": dict(ledger.done),
        "wrong": len(ledger.wrong),
        "examples": ledger.wrong[:5],
        "errors": dict(ledger.errors.most_common(5)),
        "schemas": places_wrong,
    }
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
