"""Whose something is: a person, those that turned out to be them, and their browsers.

A subject is a UUID: a person's id, or the number of a browser. Nothing that was recorded is ever
written anew when two turn out to be one human: it is asked for by all of their subjects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID, uuid5

from django.db import connection

from identity.models import Person, PersonAlias

LONGEST = 200  # characters of an anonymous id
MOST_BROWSERS = 900  # of one human; more are no browsers of a human
_BROWSERS = UUID("6f0e7d2c-3c0e-5e58-9a3d-0d6a2b7f9c11")  # names of browsers that are no UUIDs

# The persons that were merged into these, and into those, with themselves.
_ABSORBED = """
    WITH RECURSIVE human (id) AS (
        SELECT id FROM identity_person WHERE id = ANY(%s)
        UNION SELECT each.id FROM identity_person each JOIN human ON each.merged_into_id = human.id
    ) SELECT id FROM human
"""
_ROOTS = """
    WITH RECURSIVE upward (begun, id, merged_into_id) AS (
        SELECT id, id, merged_into_id FROM identity_person WHERE id = ANY(%s)
        UNION SELECT upward.begun, each.id, each.merged_into_id
        FROM upward JOIN identity_person each ON each.id = upward.merged_into_id
    ) SELECT begun, id FROM upward WHERE merged_into_id IS NULL
"""


@dataclass(frozen=True)
class Human:
    """All that one human is known by. `browsers` are anonymous ids as events have them."""

    persons: tuple[UUID, ...]
    numbers: tuple[UUID, ...]
    browsers: tuple[str, ...]

    @property
    def subjects(self) -> tuple[UUID, ...]:
        return (*self.persons, *self.numbers)


def browser(said: str) -> UUID:
    """The number of a browser that calls itself so: any text, a UUID is its own number."""
    try:
        return UUID(said)
    except ValueError:
        return uuid5(_BROWSERS, said[:LONGEST])


def human(person: UUID) -> Human:
    """Everything that a person is known by; of a merged one, that of itself and below."""
    persons = absorbed([person])
    rows = PersonAlias.objects.filter(person__in=persons).order_by("-created_at")
    aliases = list(rows.values_list("anonymous_id", "said")[:MOST_BROWSERS])
    return Human(
        tuple(persons),
        tuple(number for number, _ in aliases),
        tuple(said or str(number) for number, said in aliases),
    )


def visitor(said: str) -> Human:
    """A browser that is nobody's yet."""
    return Human((), (browser(said),), (said,))


def absorbed(persons: Iterable[UUID]) -> list[UUID]:
    """These persons and all that were merged into them, themselves first."""
    wanted = list(persons)
    with connection.cursor() as cursor:
        cursor.execute(_ABSORBED, [wanted])
        found = [row[0] for row in cursor.fetchall()]
    return sorted(found, key=lambda each: (each not in wanted, each))


def roots(persons: Collection[UUID]) -> dict[UUID, UUID]:
    """Who each of these persons is today: itself, or the one that it was merged into in the end."""
    with connection.cursor() as cursor:
        cursor.execute(_ROOTS, [list(persons)])
        return dict(cursor.fetchall())


def owners(subjects: Collection[UUID]) -> dict[UUID, UUID]:
    """The person (today's) of each of these subjects that is somebody's."""
    persons = Person.objects.filter(pk__in=subjects).values_list("pk", flat=True)
    found = {person: person for person in persons}
    found |= dict(
        PersonAlias.objects.filter(pk__in=set(subjects) - set(found)).values_list("pk", "person")
    )
    today = roots(set(found.values()))
    return {subject: today[person] for subject, person in found.items() if person in today}
