"""Addresses that nobody can have."""

from __future__ import annotations

import hashlib

from django.db import models
from django.utils import timezone


class Tombstone(models.Model):
    """A host that a purged workspace had: links to it are on posters and in mails, and must never lead
    to somebody else. Only a hash stays, which tells who asks for that very host.

    A trigger on tenants_domain holds it (migration 0012), so that no way to an address forgets it.
    """

    host_hash = models.CharField(primary_key=True, max_length=64)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.host_hash[:12]

    @classmethod
    def set_for(cls, hosts: list[str]) -> None:
        """From the commit on, none of these can be had."""
        stones = [Tombstone(host_hash=digest(host)) for host in hosts]
        Tombstone.objects.bulk_create(stones, ignore_conflicts=True)

    @classmethod
    def stands_at(cls, host: str) -> bool:
        return cls.objects.filter(pk=digest(host)).exists()


def digest(host: str) -> str:
    """SHA-256 in hex, as the trigger computes it."""
    return hashlib.sha256(host.encode()).hexdigest()
