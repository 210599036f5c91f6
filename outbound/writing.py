"""A draft becomes a letter at the moment of sending, in the editors' words or, where those fail, in ours.

Nothing that editors do may hold a letter up: whatever goes wrong with their words, those in the code
are sent instead, and the people who look after letters are told (`letter_news`).
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from django.conf import settings

from identity.models import Person
from outbound import letter, letters, topics
from outbound.consents import unsubscribe
from outbound.edited_letters import EditedLetter
from outbound.letter import Letter
from outbound.letters import Draft, LetterKind
from outbound.letters.filling import Value
from outbound.models import Message
from outbound.signals import letter_fell_back

log = structlog.get_logger()


def written(message: Message) -> Letter:
    """What it says; `message.subject` is that of the words then, without codes.

    Raises sealing.NotOpened, and what goes wrong with the words in the code.
    """
    said = letter.opened(message.sealed)
    if isinstance(said, list):
        return Letter(message.subject, *said)
    draft = Draft.of(said)
    values = {**draft.values, **_of(message)}
    language = draft.language or _language_of(message)
    made, message.subject = _in_words(draft.kind, values, language=language)
    return made


def _language_of(message: Message) -> str:
    """Which the recipient wants to read, as far as that is known; else the installation's."""
    if message.person_id is None:
        return settings.LANGUAGE_CODE
    known = Person.objects.filter(pk=message.person_id).values_list("locale", flat=True)
    return known.first() or settings.LANGUAGE_CODE


def _of(message: Message) -> Mapping[str, Value]:
    """What only the message knows."""
    if topics.get(message.topic).kind is not topics.Kind.MARKETING:
        return {}
    return {letters.UNSUBSCRIBE: unsubscribe.url_for(message)}


def _in_words(
    kind: LetterKind, values: Mapping[str, Value], *, language: str
) -> tuple[Letter, str]:
    edited = EditedLetter.objects.in_force(kind.key, language=language)
    if edited is not None:
        try:
            return render(edited, kind, values)
        except Exception as error:
            log.exception("letter_unusable", letter=kind.key, language=edited.language)
            letter_fell_back.send_robust(sender=EditedLetter, edited=edited, error=error)
    return letters.render(kind, kind.content, values)


def render(
    edited: EditedLetter, kind: LetterKind, values: Mapping[str, Value]
) -> tuple[Letter, str]:
    """Raises Wrong for words that could not be published today."""
    if wrong := letters.problems(kind, edited.content):
        raise letters.Wrong(wrong[0][1])
    return letters.render(kind, edited.content, values, language=edited.language)
