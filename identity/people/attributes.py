"""What is said of persons: kept as it was said, and believed by `precedence`.

`Person.attributes` (and, without a login, address and name) is what is believed now: found by, shown,
and made anew from the statements whenever one comes or two persons turn out to be one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from uuid_utils.compat import uuid7

from identity import addresses, locales, phones, reached, zones
from identity.models import Person, PersonAttribute
from identity.models.known import LONGEST_NAME
from identity.names import plain
from identity.people import subjects
from identity.people.precedence import Known, Said, Source, believed

MOST_BYTES = 4_096  # of one value, as JSON
MOST_KEPT = 20  # statements of one source about one thing; older ones cannot win again
MOST_NAMES = 500  # of one subject

_FORGET_OLD = """
    DELETE FROM identity_personattribute WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (
                PARTITION BY subject, name, source ORDER BY at DESC, event DESC
            ) AS place FROM identity_personattribute WHERE subject = ANY(%s)
        ) AS each WHERE place > %s
    )
"""
# Segment's names of what we keep in columns.
_REACHED = (("timezone", "time_zone"), ("locale", "locale"), ("phone", "phone"))


def say(
    subject: UUID, values: Mapping[str, Any], *, source: Source, at: datetime,
    event: UUID | None = None,
) -> list[str]:  # fmt: skip
    """Keep what was said at a moment (aware). Returns the names that could not be kept: longer than
    LONGEST_NAME, larger than MOST_BYTES, or one too many. Does not refresh."""
    event = event or uuid7()
    refused = [name for name, value in values.items() if not _fits(name, value)]
    taken = {name: value for name, value in values.items() if name not in refused}
    if not taken:
        return refused
    mine = PersonAttribute.objects.filter(subject=subject)
    known = set(mine.values_list("name", flat=True).distinct()[:MOST_NAMES])
    room = MOST_NAMES - len(known)
    rows = []
    for name in sorted(taken):
        if name not in known:
            if room <= 0:
                refused.append(name)
                continue
            room -= 1
        rows.append(
            PersonAttribute(
                subject=subject, name=name, value=taken[name], source=source, at=at, event=event
            )
        )
    PersonAttribute.objects.bulk_create(rows, ignore_conflicts=True)
    return refused


def _fits(name: str, value: Any) -> bool:
    if not name or len(name) > LONGEST_NAME or plain(name) != name:
        return False
    text = json.dumps(value, ensure_ascii=False)
    return "\\u0000" not in text and "\x00" not in text and len(text.encode()) <= MOST_BYTES


def statements(of: Collection[UUID]) -> list[PersonAttribute]:
    """All that was said of these subjects, the newest first."""
    rows = PersonAttribute.objects.filter(subject__in=of).order_by("-at", "-event", "name")
    return list(rows[: MOST_NAMES * MOST_KEPT])


def known(of: Collection[UUID]) -> Mapping[str, Known]:
    """What is believed of whoever has these subjects."""
    return believed(
        Said(row.name, row.value, row.source, row.at, row.event) for row in statements(of)
    )


def refresh(of: Iterable[UUID]) -> None:
    """Make anew what is believed of the persons that these subjects belong to."""
    changed = list(of)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_OLD, [changed, MOST_KEPT])
    for person in sorted(set(subjects.owners(changed).values())):
        _refresh(person)


def _refresh(pk: UUID) -> None:
    person = Person.objects.select_for_update(no_key=True, of=["self"]).get(pk=pk)
    found = known(subjects.human(pk).subjects)
    values = {name: each.value for name, each in found.items()}
    news: dict[str, Any] = {}
    if person.attributes != values:
        news["attributes"] = values
    if person.user_id is None:  # of whoever signs in, the account says it
        news |= _who(person, values)
    if news:
        Person.objects.filter(pk=pk).update(**news)
    _learn_how_reached(person, found)


def _who(person: Person, values: Mapping[str, Any]) -> dict[str, str]:
    """Address and name of somebody without a login, as they are said to be."""
    news = {}
    if person.email_proved_at is None:
        said = values.get("email")
        try:
            email = addresses.normal(said) if isinstance(said, str) and said else ""
        except addresses.NotAnAddress:
            email = ""
        if email != person.email:
            news["email"] = email
    if (name := _name(values)) != person.name:
        news["name"] = name
    return news


def _name(values: Mapping[str, Any]) -> str:
    """The name as Segment's callers say it: in one, or in parts."""
    whole = values.get("name")
    if not isinstance(whole, str) or not whole.strip():
        parts = [
            next((v for key in keys if isinstance(v := values.get(key), str)), "")
            for keys in (("firstName", "first_name"), ("lastName", "last_name"))
        ]
        whole = " ".join(part for part in parts if part)
    return plain(whole)[:120]


def _learn_how_reached(person: Person, found: Mapping[str, Known]) -> None:
    """Time zone, language and phone, where what is believed is a valid one."""
    for name, field in _REACHED:
        each = found.get(name)
        value = _normal(field, each.value) if each else ""
        if each and value:
            guess = Person.From.BROWSER if each.source == Source.BROWSER else Person.From.IMPORT
            reached.learn(person, source=guess, **{field: value})


def _normal(field: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        return ""
    if field == "phone":
        return phones.normal(value)
    if field == "locale":
        return locales.wanted(value.replace("_", "-"))
    try:
        zones.validate_time_zone(value)
    except ValidationError:
        return ""
    return value
