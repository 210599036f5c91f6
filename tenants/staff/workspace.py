"""The page about one workspace: who is in it, what happened last, how it is; other apps add panels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from identity.models import Person
from identity.requests import UserRequest
from staff import finding, navigation, panels, people_filters, trail
from staff.access import staff_only
from staff.finding import Found
from tenants import addresses
from tenants.audit import audit_log
from tenants.models import AuditEntry, Membership, Tenant
from tenants.staff.messages import of_person

KIND = "workspace"
_MEMBERS, _ENTRIES = 20, 10


@require_safe
@never_cache
@staff_only
def workspace(request: UserRequest, pk: UUID) -> HttpResponse:
    """Nothing that its members wrote in it is shown; that somebody looked is kept."""
    tenant = get_object_or_404(Tenant, pk=pk)
    trail.note(request.user, KIND, tenant.pk)
    context = {
        "tenant": tenant,
        "url": addresses.workspace_url(tenant),
        "panels": panels.about(KIND, tenant),
    }
    return navigation.page(request, "staff/workspace.html", context)


def register() -> None:
    """Pages, finders and panels of what this app knows."""
    navigation.register(
        navigation.Item("Workspaces", "staff_workspaces", order=20),
        navigation.Item("Messages", "staff_messages", order=35),
    )
    finding.register(finding.Finder("Workspaces", find))
    people_filters.register(people_filters.Filter("workspace", "Workspace", _members_of))
    trail.register(KIND, trail.Kind(_names, "staff_workspace"))
    panels.register(KIND, panels.Panel("Members", "staff/links.html", _members, order=20))
    panels.register(KIND, panels.Panel("Last activity", "staff/links.html", _activity, order=50))
    panels.register(KIND, panels.Panel("Health", "staff/facts.html", _health, order=60))
    panels.register("person", panels.Panel("Sent to them", "staff/links.html", of_person, order=40))
    panels.register("person", panels.Panel("Workspaces", "staff/links.html", _of_person, order=10))


def find(text: str, most: int) -> Sequence[Found]:
    """Workspaces by a part of their name or address, or by the key that logs show."""
    fits = Q(name__icontains=text) | Q(slug__icontains=text) | Q(schema_name=text)
    rows = Tenant.objects.filter(fits).order_by("-created_at")[:most]
    return [Found(row.name, f"{row.slug} · {row.get_status_display()}", _url(row)) for row in rows]


def _members_of(people: QuerySet[Person], text: str) -> QuerySet[Person]:
    """The members of workspaces by a part of their name, or by address."""
    fits = Q(tenant__name__icontains=text) | Q(tenant__slug=text.lower())
    return people.filter(user__in=Membership.objects.filter(fits).values("user"))


def _url(tenant: Tenant) -> str:
    return reverse("staff_workspace", args=[tenant.pk])


def _names(ids: Collection[UUID]) -> Mapping[UUID, str]:
    return dict(Tenant.objects.filter(pk__in=ids).values_list("pk", "name"))


def _members(tenant: Tenant) -> dict[str, object]:
    rows = Membership.objects.for_tenant(tenant).select_related("user__person")
    count = rows.count()
    links = [
        {
            "title": row.user.email,
            "text": f"{row.get_role_display()} since {row.joined_at:%-d %b %Y}",
            "url": reverse("staff_person", args=[row.user.person.pk]) if _known(row) else "",
        }
        for row in rows.order_by("joined_at")[:_MEMBERS]
    ]
    note = f"{count:,} in all; the first {_MEMBERS} are shown." if count > _MEMBERS else ""
    return {"links": links, "note": note}


def _known(row: Membership) -> bool:
    return getattr(row.user, "person", None) is not None


def _activity(tenant: Tenant) -> dict[str, object]:
    rows = AuditEntry.objects.for_tenant(tenant).select_related("by").order_by("-id")[:_ENTRIES]
    links = [
        {
            "title": audit_log.in_words(row.action),
            "text": f"{row.by_name or 'the system'}, {row.at:%-d %b %Y, %H:%M} UTC",
        }
        for row in rows
    ]
    return {"links": links}


def _health(tenant: Tenant) -> dict[str, object]:
    failure = getattr(tenant, "migration_failure", None)
    facts = [
        ("State", tenant.get_status_display()),
        ("Made", f"{tenant.created_at:%-d %b %Y, %H:%M} UTC"),
        ("Key in logs", tenant.schema_name),
        ("Tables", f"stayed behind: {failure.reason}" if failure else "no failed migration"),
        ("Own domain", tenant.own_domain or "none"),
    ]
    if tenant.purge_after:
        facts.append(("Purged after", f"{tenant.purge_after:%-d %b %Y}"))
    return {"facts": facts}


def _of_person(person: Person) -> dict[str, object]:
    rows = Membership.objects.filter(user=person.user).select_related("tenant")
    return {
        "links": [
            {"title": row.tenant.name, "text": row.get_role_display(), "url": _url(row.tenant)}
            for row in rows.order_by("joined_at")[:_MEMBERS]
        ]
    }
