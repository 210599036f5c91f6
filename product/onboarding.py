"""The first steps in a new workspace. What is done is read from the data, never ticked off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists
from django.urls import reverse

from identity.models import PersonAlias
from product import clicks
from product.models import Link
from tenants.models import ApiKey, Invitation, Membership, Tenant


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
    done = _done(tenant)
    steps = [
        Step(
            "Create a short link",
            "Paste a long address, get a short one that you can measure.",
            f"{reverse('product:home')}#quick-link",
            "Create a link",
            done=done["link"],
        ),
        Step(
            "Get a click from someone else",
            "Send your link to a colleague, or open it in a private window.",
            reverse("product:links"),
            "Pick a link",
            done=done["link"] and _someone_else_clicked(tenant),
        ),
        Step(
            "Share a file",
            "Upload a file and give it a link of its own.",
            reverse("product:files"),
            "Upload a file",
            done=done["file"],
        ),
        Step(
            "Invite a colleague",
            "Everybody in the workspace works on the same links.",
            reverse("tenants:members"),
            "Invite",
            done=done["company"],
        ),
        Step(
            "Create an API key",
            "Let your own programs create links.",
            reverse("tenants:api_keys"),
            "Create a key",
            done=done["key"],
        ),
    ]
    return Checklist(_with_current(steps))


def _with_current(steps: list[Step]) -> list[Step]:
    following = next((step for step in steps if not step.done), None)
    return [replace(step, current=step is following) for step in steps]


def _done(tenant: Tenant) -> dict[str, bool]:
    """What only has to be there, in one query: this is on a page that everybody opens first."""
    own = Link.objects.filter(is_sample=False)
    others = Membership.objects.for_tenant(tenant).order_by("pk")[1:]
    asked: Any = Membership.objects.for_tenant(tenant).values(  # of which there is one at least
        link=Exists(own),
        file=Exists(own.filter(file__isnull=False)),
        company=Exists(Invitation.objects.for_tenant(tenant)) | Exists(others),
        key=Exists(ApiKey.objects.for_tenant(tenant)),
    )
    done: dict[str, bool] | None = asked.first()
    return done or dict.fromkeys(("link", "file", "company", "key"), False)


def _someone_else_clicked(tenant: Tenant) -> bool:
    """A click by a browser that no member has signed in with, as far as browsers let us know."""
    own = PersonAlias.objects.filter(person__user__memberships__tenant=tenant)
    return bool(
        clicks.someone_else_clicked(tenant, own_ids=own.values_list("anonymous_id", flat=True))
    )
