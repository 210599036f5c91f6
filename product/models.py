"""The tables of one workspace. People are kept as ids: no foreign key leaves the schema."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

CODE_MAX_LENGTH = 40
TITLE_MAX_LENGTH = 120
URL_MAX_LENGTH = 2048


class File(models.Model):
    """An upload. `storage_key` is "<schema>/<random>" in the storage; `size` is bytes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=100, unique=True)
    created_by = models.UUIDField("person who uploaded it", null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    is_sample = models.BooleanField("came with the workspace", default=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class LinkQuerySet(models.QuerySet["Link"]):
    def matching(self, words: str) -> Self:
        """Links with `words` in their code, title, target or file name."""
        if not words:
            return self
        return self.filter(
            Q(code__icontains=words)
            | Q(title__icontains=words)
            | Q(target_url__icontains=words)
            | Q(file__name__icontains=words)
        )


class Link(models.Model):
    """A short link: a code that leads to an address or to a file, never to both."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=CODE_MAX_LENGTH)
    title = models.CharField(max_length=TITLE_MAX_LENGTH, blank=True)
    target_url = models.CharField(max_length=URL_MAX_LENGTH, blank=True)
    # PROTECT: links of a file are deleted by product.files, which also tells the meter.
    file = models.ForeignKey(
        File, null=True, blank=True, on_delete=models.PROTECT, related_name="links"
    )
    created_by = models.UUIDField("person who made it", null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    is_sample = models.BooleanField("came with the workspace", default=False)
    # SHA-256 of an API caller's Idempotency-Key, and of what was asked for under it.
    request_key = models.CharField(max_length=64, null=True, editable=False)
    request_digest = models.CharField(max_length=64, blank=True, editable=False)

    objects = LinkQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["code"], name="link_code_is_taken_once"),
            models.UniqueConstraint(fields=["request_key"], name="link_request_is_done_once"),
            models.CheckConstraint(
                condition=Q(file=None) & ~Q(target_url="") | Q(file__isnull=False, target_url=""),
                name="link_leads_to_one_place",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.code

    @property
    def name(self) -> str:
        """What to call it: its title, the name of the file that it shares, or its code."""
        return self.title or (self.file.name if self.file else f"/{self.code}")

    @property
    def destination(self) -> str:
        """Where it leads, in words: the address, or the file's name."""
        return self.file.name if self.file else self.target_url
