"""Mail about a workspace: one for each recipient, as text and HTML, once the transaction commits."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from identity import mail
from identity.models import User
from tenants.models import Membership, Role, Tenant


def send(name: str, *, to: str, subject: str, **context: object) -> None:
    """Mail `templates/tenants/email/<name>.txt` and `.html`."""
    context = {"site_url": settings.SITE_URL, "subject": subject, **context}
    message = EmailMultiAlternatives(
        subject, render_to_string(f"tenants/email/{name}.txt", context), to=[to]
    )
    message.attach_alternative(render_to_string(f"tenants/email/{name}.html", context), "text/html")
    mail.deliver(message)


def tell(
    people: Iterable[User],
    *,
    subject: str,
    lines: Iterable[str],
    tenant: Tenant,
    url: str = "",
    label: str = "",
) -> None:
    """Mail some sentences and, with a `url`, a button, to each of these people."""
    for user in people:
        send(
            "note",
            to=user.email,
            subject=subject,
            lines=list(lines),
            tenant=tenant,
            url=url,
            label=label,
        )


def owners_of(tenant: Tenant) -> list[User]:
    """The owners, in the order in which they joined."""
    rows = Membership.objects.for_tenant(tenant).filter(role=Role.OWNER)
    return [row.user for row in rows.select_related("user").order_by("joined_at", "pk")]
