"""Everything that is known of one person, as one archive (GDPR, articles 15 and 20).

A ZIP: `person.json` (who they are, what was said of them and by whom, browsers, merges, consents, and
what the apps above add), `events.jsonl` (each event of their timeline, a line each), `README.txt`.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from events.event import Event
from identity.account import own_data
from identity.models import Person, PersonAlias
from identity.people import attributes, consents, identifiers, merging, subjects, timeline
from identity.signals import person_data_asked

_README = """What this archive holds
person.json   who this person is for us: profile, what was said of them (by whom, when), browsers,
              consents, and what each part of the product holds about them
events.jsonl  what they did, the newest first, one event a line
Times are in UTC (ISO 8601).
"""
_IN_MEMORY = 8 * 1024 * 1024  # bytes; more goes to a file


def archive(person: Person) -> IO[bytes]:
    """The archive, opened at its beginning. Raises StoreUnavailable."""
    human = subjects.human(person.pk)
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - handed to the caller
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("README.txt", _README)
        text = json.dumps(
            _known(person, human), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2
        )
        made.writestr("person.json", text)
        with made.open("events.jsonl", "w", force_zip64=True) as lines:
            for event in _events(human):
                lines.write(event.encode() + b"\n")
    file.seek(0)
    return file


def _known(person: Person, human: subjects.Human) -> dict[str, Any]:
    said = attributes.statements(human.subjects)
    data: dict[str, Any] = {
        "made_at": timezone.now(),
        "person_id": person.pk,
        "also": [each for each in human.persons if each != person.pk],
        "email": person.email,
        "name": person.name,
        "called": [name for each in human.persons for name in identifiers.of(each)],
        "attributes": person.attributes,
        "said": [
            {"name": row.name, "value": row.value, "by": row.source, "at": row.at} for row in said
        ],
        "browsers": list(
            PersonAlias.objects.filter(person__in=human.persons).values(
                "anonymous_id", "said", "created_at", "told_at"
            )[: subjects.MOST_BROWSERS]
        ),
        "consents": [
            {"purpose": each.purpose, "given": each.given, "at": each.at, "where": each.where,
             "words": each.words}
            for each in consents.of(human.subjects)
        ],
        "merges": [
            {"kept": each.kept_id, "merged": each.merged_id, "how": each.how, "at": each.at,
             "undone_at": each.undone_at}
            for each in merging.of(person)
        ],
    }  # fmt: skip
    if person.user is not None:
        own = own_data.of(person.user)
        data |= {key: own[key] for key in own if key not in {"made_at", "events", "events_at_most"}}
    answers: Any = person_data_asked.send(sender=Person, person=person)
    for _, sections in answers:
        data |= sections
    return data


def _events(human: subjects.Human) -> Iterator[Event]:
    before: timeline.Mark | None = None
    while True:
        page = timeline.page(human, before=before, limit=500)
        yield from page.events
        before = page.next
        if before is None:
            return
