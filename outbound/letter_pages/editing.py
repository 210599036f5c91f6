"""What editors do with a letter besides Wagtail's own: begin with the words in the code, go back to them,
send the draft to themselves."""

from __future__ import annotations

from django.db import transaction
from uuid_utils.compat import uuid7
from wagtail.actions.unpublish import UnpublishAction
from wagtail.log_actions import log
from wagtail.models import Locale

from identity.models import User
from identity.persons import person_of
from outbound import letters
from outbound.delivery import ledger
from outbound.delivery.ledger import About
from outbound.edited_letters import EditedLetter
from outbound.letters import LetterKind

TOPIC = "website"


class NoSuchLanguage(LookupError):
    """The website is not in this language."""


def languages() -> list[Locale]:
    """Those of the website."""
    return list(Locale.objects.order_by("pk"))


@transaction.atomic
def begin(kind: LetterKind, *, language: str, by: User) -> EditedLetter:
    """The letter in this language, made as a draft with the words in the code where there is none yet.

    Raises NoSuchLanguage.
    """
    if language not in {each.language_code for each in languages()}:
        raise NoSuchLanguage(language)
    edited, is_new = EditedLetter.objects.get_or_create(
        kind=kind.key, language=language, defaults={**_first_words(kind), "live": False}
    )
    if is_new:
        log(instance=edited, action="wagtail.create", user=by)
        edited.save_revision(user=by)
    return edited


@transaction.atomic
def go_back(edited: EditedLetter, *, by: User) -> None:
    """From now on the words in the code leave; they are the draft, too. What was stays in the history."""
    if edited.live:
        UnpublishAction(edited, user=by).execute(skip_permission_checks=True)
    kind = letters.get(edited.kind)
    for name, value in _first_words(kind).items():
        setattr(edited, name, value)
    revision = edited.save_revision(user=by)
    log(instance=edited, action="wagtail.revert", user=by, revision=revision)


def send_sample(edited: EditedLetter, *, to: User) -> None:
    """The newest draft, with the examples of its variables, through the ledger to the editor's own mailbox.

    Raises letters.Wrong for words that cannot be sent.
    """
    draft = edited.get_latest_revision_as_object()
    kind = letters.get(edited.kind)
    if wrong := draft.problems():
        raise letters.Wrong(wrong[0][1])
    letter, _ = letters.render(kind, draft.content, kind.examples(), language=edited.language)
    about = About(person=person_of(to).pk, sender=to.pk)
    ledger.send(letter, to=to.email, topic=TOPIC, once=f"letter-sample:{uuid7()}", about=about)


def _first_words(kind: LetterKind) -> dict[str, object]:
    words = kind.content
    body = [(each["type"], each["value"]) for each in letters.as_raw(words)]
    return {"subject": words.subject, "preheader": words.preheader, "body": body}
