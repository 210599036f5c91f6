"""What an installation knows of itself. Shared tables; none holds data of a workspace."""

from __future__ import annotations

from django.db import models


class Preparation(models.Model):
    """A version whose `prepare` has been here: a row for each (operating.versions)."""

    version = models.CharField(max_length=20, primary_key=True)
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.version


class BackupReport(models.Model):
    """The newest of each kind and place that was told of (operating.backup_reports)."""

    class Kind(models.TextChoices):
        BASE = "base", "base backup"
        FILES = "files", "copy of files"
        RESTORED = "restored", "restore that was proved"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    place = models.CharField(max_length=40)  # which server or folder: "main", "events", "files"
    at = models.DateTimeField()  # when it was made, or proved
    bytes = models.BigIntegerField(null=True)
    told_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "place"], name="one_report_a_kind_and_place")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.place}"
