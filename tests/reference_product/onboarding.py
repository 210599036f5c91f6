"""The first steps in a new workspace. What is done is read from the data, never ticked off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from tenants.models import ApiKey, Invitation, Membership, Tenant
from tests.reference_product.models import Thing


@dataclass(frozen=True)
class Step:
    """One entry of the checklist; `current` marks the first that is not done."""

    title: str
    text: str
    url: str
    action: str
    done: bool
    current: bool = False


@dataclass(frozen=True)
class Checklist:
    """The steps in their order."""

    steps: Sequence[Step]

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def total(self) -> int:
        return len(self.steps)

    @property
    def is_complete(self) -> bool:
        return self.done == self.total


def checklist(tenant: Tenant) -> Checklist:
    """Where this workspace stands. Samples count for nothing."""
    made = Thing.objects.filter(is_sample=False).exists()
    invited = (
        Invitation.objects.for_tenant(tenant).exists()
        or Membership.objects.for_tenant(tenant).count() > 1
    )
    has_key = ApiKey.objects.for_tenant(tenant).exists()
    steps = [
        Step("Add a thing", "Give it a name.", f"{reverse('product:home')}#new-thing-title",
             "Add one", done=made),
        Step("Invite a colleague", "Everybody in the workspace sees the same things.",
             reverse("tenants:members"), "Invite", done=invited),
        Step("Create an API key", "Let your own programs make things.",
             reverse("tenants:api_keys"), "Create a key", done=has_key),
    ]  # fmt: skip
    following = next((step for step in steps if not step.done), None)
    return Checklist([replace(step, current=step is following) for step in steps])
