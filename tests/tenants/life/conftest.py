"""Acme with three people: an owner, an admin (of its own) and a member."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from identity.models import User
from tenants.members.membership import add_member
from tenants.models import AuditEntry, JoinDomain, Membership, Role, Tenant


@pytest.fixture
def somebody(db: None) -> Callable[..., User]:
    """`somebody("ann@co.example")`: a person, with this address proved unless told otherwise."""

    def make(email: str, *, verified: bool = True) -> User:
        user = User.objects.create_user(email, name=email.partition("@")[0].title())
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=verified)
        return user

    return make


@pytest.fixture
def admin(acme: Tenant, somebody: Callable[..., User]) -> User:
    user = somebody("admin@acme.example")
    add_member(acme, user=user, role=Role.ADMIN)
    return user


@pytest.fixture
def let_in(db: None) -> Callable[[JoinDomain], JoinDomain]:
    """`let_in(door)`: DNS has shown its proof."""
    from tenants.domains.dns import Proof
    from tenants.members import door_proofs

    def prove(door: JoinDomain) -> JoinDomain:
        door_proofs.decide(door, Proof.FOUND, [], now=timezone.now())
        return door

    return prove


@pytest.fixture
def role_of(acme: Tenant) -> Callable[[User], str | None]:
    """The role of somebody in Acme now; None for who is not in it."""
    rows = Membership.objects.for_tenant(acme)
    return lambda user: rows.filter(user=user).values_list("role", flat=True).first()


@pytest.fixture
def seat(acme: Tenant) -> Callable[[User], Membership]:
    rows = Membership.objects.for_tenant(acme).select_related("user", "tenant")
    return lambda user: rows.get(user=user)


@pytest.fixture
def noted(acme: Tenant) -> Callable[[], list[str]]:
    """The actions in Acme's audit log, oldest first, since the world was made."""
    known = set(AuditEntry.objects.for_tenant(acme).values_list("pk", flat=True))

    def actions() -> list[str]:
        rows = AuditEntry.objects.for_tenant(acme).exclude(pk__in=known).order_by("pk")
        return list(rows.values_list("action", flat=True))

    return actions
