"""Whose a browser is, as servers of ours tell it: of all that was told, the earliest counts.

That makes the order in which it comes, and how often, not matter. A sign-in counts before anything
that was told, and binds a browser once (`PersonAlias.objects.bind`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from identity.people import subjects

_TELL = """
    INSERT INTO identity_personalias AS known
        (anonymous_id, person_id, created_at, said, told_at, told_by)
    VALUES (%s, %s, now(), %s, %s, %s)
    ON CONFLICT (anonymous_id) DO UPDATE SET
        person_id = excluded.person_id, told_at = excluded.told_at, told_by = excluded.told_by
    WHERE known.told_at IS NOT NULL
      AND (excluded.told_at, excluded.told_by) < (known.told_at, known.told_by)
    RETURNING anonymous_id
"""


@dataclass(frozen=True)
class Told:
    """A server said at a moment that the browser that calls itself `browser` is this person's."""

    browser: str
    person: UUID
    at: datetime
    event: UUID


def tell(all_told: Iterable[Told]) -> set[UUID]:
    """Take note. Returns the subjects about whom something else is believed now: browsers, and persons
    that have lost one."""
    changed: set[UUID] = set()
    for told in all_told:
        number = subjects.browser(told.browser)
        before = subjects.owners([number]).values()
        said = "" if told.browser == str(number) else told.browser[: subjects.LONGEST]
        with connection.cursor() as cursor:
            cursor.execute(_TELL, [number, told.person, said, told.at, told.event])
            if cursor.fetchone():
                changed |= {number, told.person, *before}
    return changed
