"""What our OpenID Connect provider gives out: keys, grants, and sessions at its clients."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from identity.models.people import User


class SigningKey(models.Model):
    """A key of our OpenID Connect provider, sealed (`oidc.keys`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sealed = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"key of {self.created_at:%Y-%m-%d}"


class DerivedSession(models.Model):
    """A session at a client of this program (a workspace's own domain), and the site's sign-in
    (`sid`) that it came from: they end together."""

    session_key = models.CharField(primary_key=True, max_length=40)
    sid = models.CharField(max_length=36, blank=True, db_index=True)
    client_id = models.CharField(max_length=100, db_index=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.user} at {self.client_id}"


class Grant(models.Model):
    """What a client was given, and the site's session it came from: they end together.

    `id` is the name that allauth gives it, in the data of its code, its tokens and what follows them.
    """

    id = models.CharField(primary_key=True, max_length=36)
    client_id = models.CharField(max_length=100, db_index=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40, db_index=True)
    sid = models.CharField(max_length=36, db_index=True)
    signed_in_at = models.DateTimeField()  # when the person proved who they are: `auth_time`
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.user} at {self.client_id}"
