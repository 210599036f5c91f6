"""What is known of persons besides their login: by which names others call them, what was said of
them, which of them are one human, and who was forgotten."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from identity.models.people import Person, User

LONGEST_NAME, LONGEST_ID = 100, 200  # characters


class PersonIdentifier(models.Model):
    """The name by which a server of ours calls a person (`userId` in Segment's words)."""

    value = models.CharField(primary_key=True, max_length=LONGEST_ID)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identifiers")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.value} is {self.person_id}"


class PersonAttribute(models.Model):
    """Something that was said of somebody: what, by whom, when. Never changed; null takes it back.

    `subject` is the id of a person, or the number of a browser (`people.subjects`): what an unknown
    visitor says is theirs alone until the browser turns out to be somebody's.
    """

    class Source(models.TextChoices):
        """Who says so. Whoever stands further up is believed (`people.precedence`)."""

        GIVEN = "given", "They said so"
        STAFF = "staff", "Staff wrote it"
        SERVER = "server", "A server of ours said so"
        IMPORT = "import", "It was imported"
        APP = "app", "Their app said so"
        BROWSER = "browser", "Their browser said so"

    id = models.BigAutoField(primary_key=True)
    subject = models.UUIDField()
    name = models.CharField(max_length=LONGEST_NAME)
    value = models.JSONField(null=True)
    source = models.CharField(max_length=10, choices=Source.choices)
    at = models.DateTimeField()
    event = models.UUIDField(default=uuid7)  # which event says so: a repetition says nothing new

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject", "name", "event"], name="an_event_says_it_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.name}"


class PersonMerge(models.Model):
    """Two persons that are one human, until it is undone. Nothing moves: whatever is asked of `kept`
    is asked of `merged`, too (`people.subjects`)."""

    class How(models.TextChoices):
        PROOF = "proof", "Both showed the same proved address"
        STAFF = "staff", "Staff said so"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kept = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    merged = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merges")
    how = models.CharField(max_length=10, choices=How.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merged"], condition=models.Q(undone_at=None), name="merged_into_one"
            ),
            models.CheckConstraint(
                condition=~models.Q(kept=models.F("merged")), name="merged_into_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"


class PurposeConsent(models.Model):
    """Somebody's yes or no to a purpose ("measuring"): since when, said where, having read which words.

    Rows are only added; the newest of a subject and purpose is what holds.
    """

    id = models.BigAutoField(primary_key=True)
    subject = models.UUIDField()  # as for PersonAttribute
    purpose = models.CharField(max_length=40)
    given = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)
    where = models.CharField(max_length=200)
    words = models.TextField(blank=True)
    event = models.UUIDField(unique=True, default=uuid7)  # which event says so

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "purpose", "-id"], name="consent_of")]

    def __str__(self) -> str:
        return f"{self.subject}: {'yes' if self.given else 'no'} to {self.purpose}"


class Erasure(models.Model):
    """The receipt of somebody who was forgotten. It names nobody: `person` is a number without a row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.UUIDField(unique=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=300)
    asked_at = models.DateTimeField(default=timezone.now)
    # Whom and what to forget, sealed (`people.erasing`); "" as soon as it is done.
    sealed = models.TextField(blank=True)
    counts = models.JSONField(default=dict)  # rows by what they were, once it is done
    failure = models.CharField(max_length=300, blank=True)  # why the last try ended
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["asked_at"], name="erasure_by_time")]

    def __str__(self) -> str:
        return f"{self.person} at {self.asked_at:%Y-%m-%d %H:%M}"
