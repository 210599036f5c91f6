"""Takes from our tables who somebody was. The person stays as a number without a name: events of
workspaces keep counting what they counted.
"""

from __future__ import annotations

from django.db.models import Q

from identity import reached
from identity.models import (
    Person,
    PersonAlias,
    PersonAttribute,
    PersonIdentifier,
    PersonMerge,
    PurposeConsent,
)
from identity.people.subjects import Human


def forget(whom: Human) -> int:
    """Everything that was known of them; returns how many rows are gone."""
    gone = 0
    subjects = whom.subjects
    for rows in (
        PersonAttribute.objects.filter(subject__in=subjects),
        PurposeConsent.objects.filter(subject__in=subjects),
        PersonIdentifier.objects.filter(person__in=whom.persons),
        PersonMerge.objects.filter(Q(kept__in=whom.persons) | Q(merged__in=whom.persons)),
        PersonAlias.objects.filter(person__in=whom.persons),
    ):
        gone += rows.delete()[0]
    Person.objects.filter(pk__in=whom.persons).update(
        email="", name="", attributes={}, email_proved_at=None, merged_into=None,
        **{each: "" for name in reached.FIELDS for each in (name, f"{name}_from")},
    )  # fmt: skip
    return gone
