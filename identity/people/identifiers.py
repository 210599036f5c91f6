"""Persons by the names that servers of ours call them (`userId` in Segment's words).

A name that is a person's id means that person. Any other is given to a new person when it is first
heard. A name belongs to one person, and two names never come together by what a server says: only
by a merge.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db import connection, transaction
from uuid_utils.compat import uuid7

from identity.models import Person, PersonIdentifier
from identity.models.known import LONGEST_ID
from identity.names import plain

# Everything in one statement: of two who hear a name at the same time, one makes the person.
_TAKE = """
    INSERT INTO identity_personidentifier (value, person_id, created_at)
    SELECT value, person, now() FROM unnest(%s::text[], %s::uuid[]) AS new (value, person)
    ON CONFLICT (value) DO NOTHING RETURNING person_id
"""


def clean(said: str) -> str:
    """The name as it is kept; "" for none that can be one."""
    return plain(said)[:LONGEST_ID]


def persons(said: Collection[str]) -> Mapping[str, UUID]:
    """The person of each of these names, made where the name is new. Names that are none are left out."""
    names = {each: name for each in said if (name := clean(each))}
    found = _known(set(names.values()))
    new = sorted(set(names.values()) - set(found))
    if new:
        _make(new)
        found = found | _known(set(new))
    return {each: found[name] for each, name in names.items() if name in found}


def of(person: UUID) -> list[str]:
    """By which names a person is called."""
    rows = PersonIdentifier.objects.filter(person=person).order_by("created_at", "value")
    return list(rows.values_list("value", flat=True)[:100])


def _known(names: Collection[str]) -> dict[str, UUID]:
    ids = {name: UUID(name) for name in names if _is_id(name)}
    there = set(Person.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
    rows = PersonIdentifier.objects.filter(pk__in=names).values_list("value", "person")
    return dict(rows) | {name: pk for name, pk in ids.items() if pk in there}


def _make(names: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        people = Person.objects.bulk_create([Person(pk=uuid7()) for _ in names])
        cursor.execute(_TAKE, [names, [person.pk for person in people]])
        used = {row[0] for row in cursor.fetchall()}
        Person.objects.filter(pk__in=[p.pk for p in people if p.pk not in used]).delete()


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
