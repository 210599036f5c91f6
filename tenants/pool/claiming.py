"""Ready schemas that wait for sign-ups, furnished from their template.

A schema carries the fingerprint of what it was made from and is handed out only while that is the
current one. How many wait is decided in `demand`; who asks for a refill, in `tasks`.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from events import new_rows
from events.steps import step
from tenants.jobs import rows
from tenants.models import PoolSchema
from tenants.pool import demand, fingerprints, preparing, schemas, templates
from tenants.pool.templates import Template
from tenants.storage import files_of, remove_folder

# One statement: who comes at the same moment takes the next one instead of waiting for this one.
_CLAIM = """
    DELETE FROM tenants_poolschema WHERE schema_name = (
        SELECT schema_name FROM tenants_poolschema WHERE fingerprint = %s
        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING schema_name
"""

_AT_A_TIME = 8  # schemas in one transaction at most, before it looks again who waits
_paces: deque[float] = deque(maxlen=1)  # seconds that one took here the last time
_REST = 3  # times as long as they took
_OF_AN_UPDATE = timedelta(hours=1)  # for so long two versions may run side by side


def claim(template: Template) -> str | None:
    """Take a ready schema of this template for good and return its name; None when none waits.

    Call it inside the transaction that makes the tenant: a rollback puts the schema back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [fingerprints.of_template(template.name)])
        row = cursor.fetchone()
    step("claim.schema-taken")
    return None if row is None else str(row[0])


def levels() -> dict[str, int]:
    """How many schemas of each template are ready."""
    current = {fingerprints.of_template(each.name): each.name for each in templates.listed()}
    found = PoolSchema.objects.filter(fingerprint__in=current).values_list("fingerprint")
    ready = dict(found.annotate(Count("pk")).order_by())
    return {name: ready.get(fingerprint, 0) for fingerprint, name in current.items()}


def level() -> int:
    """How many schemas are ready, of all templates."""
    return sum(levels().values())


def refill(*, size: int | None = None, seconds: float | None = None, gently: bool = False) -> int:
    """Make what is missing and drop what is stale; returns how many schemas were made.

    Workspaces that wait for theirs come first. `size` is how many of each template there shall be,
    instead of what the demand asks for. After some `seconds` it stops where it is,
    with at least one made: call it again. `gently` leaves the processors to those who sign up:
    from a third of POOL_MIN on it rests after every few schemas.
    """
    replay = schemas.script() or schemas.build()
    until = time.monotonic() + (math.inf if seconds is None else seconds)
    made, pace, failed = 0, _paces[-1] if _paces else 0.0, set[UUID]()
    broken: set[str] = set()  # templates that cannot be made now: the others go on
    while True:
        if not preparing.prepare_next(failed=failed):
            template, ready, missing = _scarcest(size, besides=broken)
            if not missing:
                _drop_stale(until)
                return made
            began = time.monotonic()
            some = min(missing, _lot(pace, until - began))
            try:
                add(template, some, replay=replay)
                made += some
            except Exception as error:
                rows.failed("pool.make", template.name, error)
                broken.add(template.name)
            pace = (time.monotonic() - began) / some
            _paces.append(pace)
            if time.monotonic() > until:
                return made
            if gently and ready >= settings.POOL_MIN / 3:
                time.sleep(_REST * (time.monotonic() - began))
        if time.monotonic() > until:
            return made


def _lot(pace: float, left: float) -> int:
    """How many to make in one transaction: the first alone, then as many as the time that is left is good
    for. `pace`: seconds that one takes, 0 where that is not known."""
    if not pace:
        return 1
    return max(1, int(min(left / pace, _AT_A_TIME)))


def is_short() -> bool:
    """Whether a refill has something to make."""
    return _scarcest(None)[2] > 0


def _scarcest(size: int | None, *, besides: Collection[str] = ()) -> tuple[Template, int, int]:
    """The template of which the smallest part is there, how many are, and how many are missing."""
    ready, wanted = levels(), demand.targets()
    parts = []
    for template in templates.listed():
        if template.name in besides and len(besides) < len(templates.listed()):
            continue
        there = ready[template.name]
        target = wanted[template.name] if size is None else size
        part = there / target if target else 1.0
        missing = 0 if template.name in besides else max(target - there, 0)
        parts.append((part, template, there, missing))
    return min(parts, key=lambda each: each[0])[1:]


def add(template: Template, some: int = 1, *, replay: str | None = None) -> None:
    """Make `some` more of this template, all or none; `replay` as in `schemas.make`."""
    names = [schemas.new_name() for _ in range(some)]
    fingerprint = fingerprints.of_template(template.name)
    with transaction.atomic():  # one wait for the disk for all of them
        for name in names:
            schemas.make(name, template=template, replay=replay)
        new_rows.insert(*(PoolSchema(schema_name=n, fingerprint=fingerprint) for n in names))
        step("refill.listed")


def _drop_stale(until: float = math.inf) -> None:
    """Schemas of another fingerprint are never handed out; remove them one by one. Those made lately
    may be another version's that runs beside this one during an update: they are left to it."""
    current = [fingerprints.of_template(each.name) for each in templates.listed()]
    lately = timezone.now() - _OF_AN_UPDATE
    stale = PoolSchema.objects.exclude(fingerprint__in=current).filter(created_at__lt=lately)
    for name in list(stale.values_list("pk", flat=True)):
        if time.monotonic() > until:
            return
        rows.each("pool.drop", stale.filter(pk=name), _drop)


def _drop(row: PoolSchema) -> None:
    schemas.drop(row.schema_name)
    step("refill.stale-dropped")
    for name in files_of(row.schema_name):
        storages["workspaces"].delete(name)
    remove_folder(row.schema_name)
    row.delete()
