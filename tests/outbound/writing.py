"""Letters of the tests."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from identity.models import User
from identity.persons import person_of
from outbound import topics
from outbound.delivery import ledger
from outbound.delivery.ledger import About
from outbound.letter import Letter
from outbound.models import Message

NEWS = topics.NEWS.key
USAGE = "usage_alerts"  # a product topic that metering registers


def send(topic: str = "account", *, to: str = "ada@example.org", **more: Any) -> Message:
    """Written down, and its row. `once` is new unless it is given."""
    once = more.pop("once", f"test:{uuid4()}")
    letter = Letter("Hello", more.pop("text", "The code is ABCD-EFGH."), more.pop("html", ""))
    ledger.send(letter, to=to, topic=topic, once=once, **more)
    return Message.objects.get(once_key=once)


def to_person(user: User, topic: str, **more: Any) -> Message:
    about = About(person=person_of(user).pk, tenant=more.pop("tenant", None))
    return send(topic, to=user.email, about=about, **more)


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)
