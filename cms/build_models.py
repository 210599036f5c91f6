"""What is written down about building the site: who asked, and how it went."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class BuildRequest(models.Model):
    """A wish for a new release. A build claims every unclaimed one before it reads content, so
    whoever asked while another build ran shares the next one (`release.build`)."""

    requested_at = models.DateTimeField(default=timezone.now)
    release_id = models.CharField(max_length=40, blank=True, db_index=True)
    # What its change took from the site, for machines that show a release with it (withdrawn.py).
    left = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"{self.pk}: {self.release_id or 'waiting'}"


class CurrentRelease(models.Model):
    """Which release all machines show, where they share a bucket (shared.py): one row, or none.

    `digest` is the SHA-256 (hex) of its table of files.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    release_id = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="cms_currentrelease_is_one"),
        )

    def __str__(self) -> str:
        return self.release_id


class SiteBuild(models.Model):
    """How a build went (`builds`). `failures` are those of single pages, as shelf.Failure has them;
    `problem` is why there was no release at all. Both empty: it went well."""

    started_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(default=timezone.now)
    release_id = models.CharField(max_length=40, blank=True)
    failures = models.JSONField(default=list, blank=True)
    problem = models.TextField(blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S}: {'fine' if self.went_well else 'failed'}"

    @property
    def went_well(self) -> bool:
        return not self.failures and not self.problem
