"""The demo: two workspaces, their people and an editor. For development only."""

from __future__ import annotations

from importlib import import_module

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django_tenants.utils import tenant_context

from cms import editing
from identity import security
from identity.models import User
from outbound import letter_editors
from tenants import signing_up, workspace_url
from tenants.members import add_member
from tenants.models import Role, Tenant

PASSWORD = "signpost-demo"  # noqa: S105 - printed at every start of the demo

PEOPLE = {
    "owner": ("ada@acme.example", "Ada Marsh"),
    "member": ("ben@acme.example", "Ben Okafor"),
    "other owner": ("gus@globex.example", "Gus Lindqvist"),
    "editor": ("editor@signpost.example", "Edith Rowe"),
    "admin": ("admin@signpost.example", "Sam Admin"),
}
WITH_SECOND_FACTOR = ("editor", "admin")


def seed() -> str:
    """Make what is missing of the demo; leaves alone what is there."""
    with transaction.atomic():
        people = {role: _person(*who) for role, who in PEOPLE.items()}
        User.objects.filter(pk=people["admin"].pk).update(is_staff=True, is_superuser=True)
        editing.admit(people["editor"])
        people["editor"].groups.add(letter_editors.make_group())
        for role in WITH_SECOND_FACTOR:
            security.give_demo_factor(people[role])
        acme, is_new = _workspace("Acme Studio", "acme", people["owner"])
        _workspace("Globex", "globex", people["other owner"])
        if is_new:
            add_member(acme, user=people["member"], role=Role.MEMBER)
    if is_new:
        with tenant_context(acme):
            import_module(f"{settings.PRODUCT_APP}.seed").seed_demo(acme, people["owner"])
    return "made" if is_new else "in place"


def facts() -> dict[str, object]:
    """What a person needs to look around: logins and addresses."""
    acme = Tenant.objects.get(slug="acme")
    return {
        "demo_workspace": "acme",
        "logins": [
            {
                "role": role,
                "email": email,
                "password": PASSWORD,
                **({"second_factor": "asked"} if role in WITH_SECOND_FACTOR else {}),
            }
            for role, (email, _) in PEOPLE.items()
        ],
        "second_factor_secret": security.DEMO_SECRET,
        "addresses": {
            "site": f"{settings.SITE_URL}/",
            "cms": f"{settings.SITE_URL}/cms/",
            "workspace": workspace_url(acme),
            "usage": workspace_url(acme, "/usage/"),
            "billing": workspace_url(acme, "/billing/"),
            "outbox": f"{settings.SITE_URL}/outbox/",
        },
    }


def _person(email: str, name: str) -> User:
    found = User.objects.filter(email=email).first()
    if found is not None:
        return found
    user = User.objects.create_user(email, PASSWORD, name=name)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    return user


def _workspace(name: str, slug: str, owner: User) -> tuple[Tenant, bool]:
    found = Tenant.objects.filter(slug=slug).first()
    if found is not None:
        return found, False
    wanted = signing_up.NewWorkspace(name=name, slug=slug)
    return signing_up.create_workspace(wanted, owner=owner), True
