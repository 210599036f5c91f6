"""The workspaces of the experiment, and the ledger of what was done and seen in them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Place:
    """A workspace, and a key of its API."""

    tenant: Any
    key: str = ""

    @property
    def name(self) -> str:
        return str(self.tenant.schema_name)


@dataclass
class Ledger:
    """What was done, whose rows were seen, and what went wrong; threads share it."""

    wanted: int
    done: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, place: str, titles: Any, how: str) -> None:
        others = [title for title in titles if title != place]
        with self.lock:
            self.done[how] += 1
            self.wrong += [f"{how} in {place}: {title}" for title in others]

    def wrote(self, place: str, how: str) -> None:
        with self.lock:
            self.done[how] += 1
            self.written[place] += 1

    @property
    def over(self) -> bool:
        return sum(self.done.values()) >= self.wanted


@contextmanager
def twenty_workspaces() -> Iterator[list[Place]]:
    """Workspaces with tables of their own and one link each; gone afterwards."""
    from django.conf import settings
    from django.db import connection, transaction

    from identity.models import User
    from metering.quotas import limits
    from tenants.keys import api_keys
    from tenants.models import Domain, Membership, Role, Tenant
    from tenants.pool import schemas, templates

    places = []
    with transaction.atomic():
        _wait_for_the_disk(False)
        for _ in range(20):
            name = schemas.new_name()
            schemas.make(name, template=templates.EMPTY)
            slug = name.replace("_", "-")
            tenant = Tenant.objects.create(name=slug, slug=slug, schema_name=name)
            Domain.objects.create(tenant=tenant, domain=f"{slug}.{settings.APP_DOMAIN}")
            owner = User.objects.create_user(f"{slug}@isolation.example")
            Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
            _, secret = api_keys.create(tenant, name="key", user=owner)
            limits.set_limits(tenant, {})
            places.append(Place(tenant, secret))
    connection.close()
    try:
        yield places
    finally:
        connection.set_schema_to_public()
        with transaction.atomic():
            _wait_for_the_disk(True)
            for place in places:
                schemas.drop(place.name)
            Tenant.objects.filter(pk__in=[place.tenant.pk for place in places]).delete()
            User.objects.filter(email__endswith="@isolation.example").delete()


def _wait_for_the_disk(wait: bool) -> None:
    """Whether commits do. What is looked for here does not depend on it, and the time does."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER DATABASE {connection.settings_dict['NAME']}"
            + (" RESET synchronous_commit" if wait else " SET synchronous_commit = off")
        )


def counted(places: list[Place], ledger: Ledger) -> list[str]:
    """What each schema holds that it should not, or lacks."""
    from django.db import connection

    found = []
    for place in places:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*), count(*) FILTER (WHERE title <> %s) FROM {place.name}.product_link",  # noqa: S608
                [place.name],
            )
            rows, foreign = cursor.fetchone()
        if foreign:
            found.append(f"{foreign} foreign rows in {place.name}")
        if rows != ledger.written[place.name]:
            found.append(f"{rows} of {ledger.written[place.name]} rows in {place.name}")
    return found
