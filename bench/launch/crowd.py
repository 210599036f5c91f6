"""Who and what is there when the day begins: mailboxes, short links, and mail that is to leave."""

from __future__ import annotations

from collections.abc import Sequence

from bench import project

WORKSPACES, LINKS_OF_EACH = 4, 25
_WORDS = (
    "Fifty times as many people as on any other day read about what is new in the product. " * 90
)


def mailboxes(number: int) -> list[str]:
    """Addresses of people with an account and no password; they have said yes to news."""
    from allauth.account.models import EmailAddress
    from django.contrib.auth.hashers import make_password
    from django.utils import timezone

    from identity.models import User
    from outbound import recipients, topics
    from outbound.models import Consent

    there = User.objects.filter(email__endswith="@crowd.example").count()
    names = [f"person-{each}@crowd.example" for each in range(there, there + number)]
    users = User.objects.bulk_create(
        [User(email=name, name="Nora Known", password=make_password(None)) for name in names]
    )
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users]
    )
    Consent.objects.bulk_create(
        [
            Consent(
                recipient=recipients.address(name), topic=topics.NEWS.key, channel="mail",
                given=True, at=timezone.now(),
            )
            for name in names
        ]
    )  # fmt: skip
    return names


def links(site: str) -> list[str]:
    """Addresses of short links of several workspaces, whose plan has a soft limit of clicks."""
    from django_tenants.utils import tenant_context

    from metering import Limit
    from metering.quotas import limits
    from product.models import Link

    scheme, _, host = site.partition("://")
    found = []
    for number in range(WORKSPACES):
        tenant = project.make_workspace(f"crowd-{number}")
        limits.set_limits(tenant, {"clicks": Limit(10_000_000, hard=False)})
        codes = [f"sale-{each}" for each in range(LINKS_OF_EACH)]
        with tenant_context(tenant):
            Link.objects.bulk_create(
                [Link(code=code, target_url=f"https://example.com/{code}") for code in codes]
            )
        found += [f"{scheme}://{tenant.slug}.{host}/{code}" for code in codes]
    return found


def flood(addresses: Sequence[str]) -> None:
    """A mail to each, news and what people hear of their product by turns; nobody waits for any."""
    from django.db import transaction

    from outbound.delivery import ledger
    from outbound.letter import Letter

    letter = Letter("What is new", _WORDS, f"<p>{_WORDS}</p>")
    with transaction.atomic():
        for number, address in enumerate(addresses):
            ledger.send(letter, to=address, topic="news" if number % 2 else "exports")


def left() -> dict[str, int]:
    """How many mails of the flood are in which state."""
    from django.db.models import Count

    from outbound.models import Message

    rows = Message.objects.filter(priority=2, channel="mail").values_list("state")
    return dict(rows.annotate(Count("id")))
