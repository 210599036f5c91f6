"""Tables about somebody's account: where they are signed in, and which mails they do not want."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from identity import browsers


class SignIn(models.Model):
    """A session of a known person, for the list of them. Good only while the session itself is."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins"
    )
    session_key = models.CharField(max_length=40, unique=True)
    host = models.CharField("a domain of a workspace's own", max_length=253, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.user_id} since {self.began_at:%Y-%m-%d %H:%M}"

    @property
    def browser(self) -> str:
        return browsers.in_words(self.user_agent)


class MailChoice(models.Model):
    """A kind of mail that this person has said no to. No row: they get it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_choices"
    )
    kind = models.CharField(max_length=40)
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind"], name="one_choice_a_kind")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: no {self.kind}"
