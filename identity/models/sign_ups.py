"""Sign-ups before and after somebody has proved the address, and codes that are mailed for it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from uuid_utils.compat import uuid7

from identity import addresses, sealing
from identity.models.people import User

_CODES = "identity.mailed-code"


class Beginning(models.Model):
    """A sign-up: with which address it began, when and from where; and what its person said about it
    once the address was proved."""

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="beginning"
    )
    email = addresses.AddressField()
    at = models.DateTimeField(default=timezone.now)
    client_address = models.GenericIPAddressField(null=True)
    things: tuple[str, ...] = ()  # the names of what was begun, in the request that began it
    # The address was proved by somebody else than who had begun: all that had been given out ended.
    ended_at = models.DateTimeField(null=True)
    # The person has yet to be asked what of it they keep.
    to_ask = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [addresses.constraint("beginning_email_is_normal")]

    def __str__(self) -> str:
        return f"{self.email} at {self.at:%Y-%m-%d %H:%M}"


class Merge(models.Model):
    """Two sign-ups that were joined, or one that was thrown away by who had proved its address. For
    some days it can be undone, so nobody is deleted before."""

    THROWN_AWAY = "thrown_away"  # in `moved`: instead of what was moved, what went

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kept = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="joined")
    merged = models.OneToOneField(User, on_delete=models.CASCADE, related_name="joined_into")
    at = models.DateTimeField(default=timezone.now)
    # What was moved, by whoever moved it (receivers of `users_merged`), to be moved back.
    moved = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"

    @property
    def is_thrown_away(self) -> bool:
        """Whether nothing was joined."""
        return self.THROWN_AWAY in self.moved


class MailedCode(models.Model):
    """A code that is alive (identity.proofs.mailed_codes), how often it was mailed, how often got wrong.

    Asking again sends the same one, so it must be had once more: it is sealed, and found by its mark.
    """

    email = addresses.AddressField(db_index=True)
    purpose = models.CharField(max_length=10, default="sign-in")
    mark = models.CharField(max_length=64, db_index=True)
    sealed = models.TextField()
    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    mails = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [addresses.constraint("mailed_code_email_is_normal")]

    def __str__(self) -> str:
        return f"{self.email} at {self.made_at:%H:%M}"

    @classmethod
    def of(cls, email: str, code: str, **fields: Any) -> MailedCode:
        """A new row, not saved."""
        sealed = sealing.seal(code, about=_CODES)
        return cls(email=email, mark=cls.mark_of(code), sealed=sealed, **fields)

    @staticmethod
    def mark_of(code: str) -> str:
        """What a code is found by; nobody without SECRET_KEY can try codes against it."""
        return salted_hmac(_CODES, code, algorithm="sha256").hexdigest()

    @property
    def code(self) -> str:
        """Raises sealing.NotOpened where SECRET_KEY has changed since."""
        return sealing.open_sealed(self.sealed, about=_CODES)
