"""In-app messages: delivered into a table of ours, from which the bell shows them.

An unknown is delivered again: the row is there once, whatever was called how often.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from identity.models import Person
from outbound.bell import ringing
from outbound.channels.channel import Channel, Counted, Unknown
from outbound.letter import Letter
from outbound.models import Message, Notification
from outbound.outcomes import Outcome, Refused, Sent

NAME = "in_app"


class InAppChannel:
    """Has nothing to close."""

    def deliver(self, message: Message, letter: Letter) -> Outcome:
        if message.person_id is None:
            return Refused("no_person")
        person = Person.objects.filter(pk=message.person_id).first()
        if person is None or person.user_id is None:
            return Refused("no_person")
        arrived = Notification(
            message=message,
            person_id=person.pk,
            tenant_id=message.tenant_id,
            title=letter.subject,
            text=letter.text if letter.text != letter.subject else "",
            path=letter.path,
            expires_at=message.expires_at,
        )
        with transaction.atomic():
            Notification.objects.bulk_create([arrived], ignore_conflicts=True)
            ringing.ring(person.user_id)
        return Sent()

    def close(self) -> None:
        pass


def _counted() -> Counted:
    return Counted(
        settings.NOTIFICATIONS_PER_PERSON,
        settings.NOTIFICATIONS_PER_WORKSPACE,
        settings.NOTIFICATIONS_PER_SENDER,
        settings.NOTIFICATION_CAPS_A_DAY,
    )


IN_APP = Channel(
    NAME, "in-app message", InAppChannel, str.strip, Unknown.AGAIN,
    is_proved=lambda message: True,  # who signs in sees it
    counted=_counted, rings=False,
)  # fmt: skip
