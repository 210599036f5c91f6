"""The one way out: `send` writes a row in the caller's transaction; `run_outbound` sends it.

    draft = Draft("tenants.invitation", {...})
    ledger.send(draft, to="ada@example.com", once=f"invitation:{pk}:{times}")

Rolled back with what it is about, sent once when both are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from events import new_rows
from outbound import channels, topics
from outbound.letter import Letter
from outbound.letters import Draft
from outbound.models import Message


@dataclass(frozen=True)
class About:
    """Whom a message is for, besides the address, and whose it is; ids, None where there is none.

    `sender` is the user by whose doing somebody else gets it: their messages are counted.
    """

    person: UUID | None = None
    tenant: UUID | None = None
    sender: UUID | None = None


def send(
    letter: Letter | Draft,
    *,
    to: str,
    topic: str = "",
    once: str = "",
    about: About | None = None,
    channel: str = "mail",
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> bool:
    """Write it down. False: the fact that `once` names (at most 200 characters) has its row already.

    A draft is written when it is sent, in the words that are in force then; without a `topic` it has that
    of its kind. Without `once` the call itself is the fact. Costs one INSERT.

    Raises ValueError without a topic, and for a channel that nobody has registered.
    """
    if channels.get(channel) is None:
        raise ValueError(f"There is no channel “{channel}”.")
    about = about or About()
    kind = letter.key if isinstance(letter, Draft) else ""
    topic = topic or (letter.kind.topic if isinstance(letter, Draft) else "")
    if not topic:
        raise ValueError("A letter has a topic.")
    fresh = uuid7()
    row = Message(
        id=fresh,
        once_key=once or str(fresh),
        channel=channel,
        topic=topic,
        kind=kind,
        priority=topics.get(topic).priority,
        person_id=about.person,
        tenant_id=about.tenant,
        sender_id=about.sender,
        address=to,
        subject=letter.subject,
        sealed=letter.sealed(),
        not_before=not_before or timezone.now(),
        expires_at=expires_at,
    )
    if not once:
        new_rows.insert(row)
    elif not _is_new(row):
        return False
    if settings.OUTBOUND_AT_ONCE:
        transaction.on_commit(lambda: _at_once(fresh), robust=True)
    return True


def _is_new(row: Message) -> bool:
    """INSERT … ON CONFLICT DO NOTHING, asked what it did."""
    fields = list(Message._meta.concrete_fields)
    values: list[Any] = [
        field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields
    ]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO outbound_message ({names}) VALUES ({marks})"  # noqa: S608 - our columns
            " ON CONFLICT (once_key) DO NOTHING",
            values,
        )
        return bool(cursor.rowcount)


def _at_once(message_id: UUID) -> None:
    """Where no process sends (tests): what is due leaves with the commit."""
    from outbound.delivery import sending

    sending.try_now(message_id)
