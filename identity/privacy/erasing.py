"""Somebody asks to be forgotten: what names them goes, what was counted stays.

    begun = erasing.begin(person, by=staff, reason="They asked by mail on 3 May.")

1. In one transaction: their login is closed (what others depend on stands in the way, in words), our
   tables forget them, the layers above are told (`person_forgotten`), and a receipt is written that
   holds, sealed, whom the log has to forget.
2. A task rewrites the log (`events.store`: rows and files): ids become random ones, texts about them
   go; how many events there are, their ids, times and what was metered stay. It may be killed at any
   point and begins again. After LATER it does so once more, for events that were still on their way.
3. Who follows the log is told by "Person Erased", and the receipt says how much was rewritten.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import events
from events.store import get_store
from identity import collecting, event_types, sealing
from identity.account import closing
from identity.models import Erasure, Person, PersonIdentifier, User
from identity.people import attributes, forgetting, subjects
from identity.privacy.redacting import Redaction
from identity.signals import person_forgotten

log = structlog.get_logger()
_ABOUT = "whom to forget"
_MOST_WORDS = 200
LATER = timedelta(hours=1)  # what is still on its way is stored by then, outages aside


class NotErased(Exception):
    """Nothing was forgotten; the message says why."""


@dataclass(frozen=True)
class _Whom:
    """Whom the log has to forget."""

    persons: list[str]
    browsers: list[str]
    words: list[str]


@transaction.atomic
def begin(person: UUID, *, by: User | None, reason: str) -> Erasure:
    """Forget them here and now; the log follows by `finish`. Raises NotErased, closing.NotYet."""
    if not reason.strip():
        raise NotErased("Say why, such as who asked and when: the receipt names it.")
    root = subjects.roots([person]).get(person)
    if root is None:
        raise NotErased("There is nobody by this number any more.")
    row = Person.objects.select_for_update(no_key=True, of=["self"]).get(pk=root)
    if Erasure.objects.filter(person=root).exists():
        raise NotErased("This person was forgotten before.")
    human = subjects.human(root)
    whom = _Whom([str(each) for each in human.persons], list(human.browsers), _words(row, human))
    if row.user is not None:
        if by is not None and row.user_id == by.pk:
            raise NotErased("That is you. Close your own account on its page.")
        closing.close(row.user)
    gone = forgetting.forget(human) + collecting.forget(whom.words)
    for each in human.persons:
        person_forgotten.send(sender=Person, person_id=each)
    return Erasure.objects.create(
        person=root, by=by, reason=reason.strip()[:300], counts={"rows": gone},
        sealed=sealing.seal(json.dumps(asdict(whom)), about=_ABOUT),
    )  # fmt: skip


def finish(pk: UUID, *, now: datetime | None = None) -> bool:
    """Let the log forget them; safe to repeat. False: it is done, or is being done by another, or it is
    too early for the second time.

    Raises StoreUnavailable, ArchiveFailed: call again.
    """
    now = now or timezone.now()
    with transaction.atomic():
        rows = Erasure.objects.select_for_update(skip_locked=True, of=["self"])
        receipt = rows.filter(_due(now)).filter(pk=pk).first()
        if receipt is None:
            return False
        whom = _Whom(**json.loads(sealing.open_sealed(receipt.sealed, about=_ABOUT)))
        erased = get_store().erasing.pseudonymise(
            [UUID(each) for each in whom.persons],
            whom.browsers,
            whom.words,
            rewrite=Redaction(whom.words).rewrite,
        )
        for name in ("events", "archived"):
            receipt.counts[name] = receipt.counts.get(name, 0) + getattr(erased, name)
        is_first, receipt.failure = receipt.done_at is None, ""
        receipt.done_at = receipt.done_at or now
        if receipt.asked_at <= now - LATER:
            receipt.sealed = ""
        receipt.save(update_fields=["counts", "sealed", "failure", "done_at"])
        for each in whom.persons if is_first else ():
            events.record_with_row(
                event_types.PERSON_ERASED.name, person=UUID(each), properties={"erased": each}
            )
    return True


def _due(now: datetime) -> Q:
    """What has to be done now: for the first time, or once more for what was on its way then."""
    return ~Q(sealed="") & (Q(done_at=None) | Q(asked_at__lte=now - LATER))


def finish_all(*, now: datetime | None = None) -> int:
    """Go on with all that is due; returns how many that was. One that fails ends none of the others."""
    now = now or timezone.now()
    done = 0
    due = Erasure.objects.filter(_due(now)).order_by("asked_at")
    for pk in due.values_list("pk", flat=True)[:100]:
        try:
            done += finish(pk, now=now)
        except Exception as error:
            log.exception("person_not_erased", erasure=str(pk))
            Erasure.objects.filter(pk=pk).update(failure=str(error)[:300])
    return done


def _words(person: Person, human: subjects.Human) -> list[str]:
    """By which words others may have named them: addresses, phone, names that servers call them."""
    words: set[str] = {person.email, person.phone, *human.browsers}
    rows = Person.objects.filter(pk__in=human.persons)
    for email, phone in rows.values_list("email", "phone"):
        words |= {email, phone}
    proved = EmailAddress.objects.filter(user__person__in=human.persons)
    words |= set(proved.values_list("email", flat=True))
    called = PersonIdentifier.objects.filter(person__in=human.persons)
    words |= set(called.values_list("value", flat=True))
    words |= set(_said(human.subjects))
    return sorted(word for word in words if len(word) >= 3)[:_MOST_WORDS]


def _said(of: Collection[UUID]) -> list[str]:
    """Addresses and phones that were ever said of them."""
    return [
        row.value
        for row in attributes.statements(of)
        if row.name in {"email", "phone"} and isinstance(row.value, str)
    ]
