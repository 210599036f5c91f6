"""Who may edit letters: people in the group "Letter editors", whom staff put there."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

GROUP = "Letter editors"
EDIT, PUBLISH = "outbound.change_editedletter", "outbound.publish_editedletter"
MOST = 50  # people; an installation has a handful
_RIGHTS = (
    ("wagtailadmin", "access_admin"),
    ("outbound", "view_editedletter"),
    ("outbound", "change_editedletter"),
    ("outbound", "publish_editedletter"),
)


def make_group() -> Group:
    """Made with its rights when it is missing; an administrator may have changed them since."""
    group, is_new = Group.objects.get_or_create(name=GROUP)
    if is_new:
        for app, codename in _RIGHTS:
            right = Permission.objects.get(content_type__app_label=app, codename=codename)
            group.permissions.add(right)
    return group


def addresses() -> list[str]:
    """Where those read who look after letters, and staff."""
    looks_after = Q(is_superuser=True) | Q(is_staff=True) | Q(groups__name=GROUP)
    people = get_user_model().objects.filter(looks_after, is_active=True).distinct()[:MOST]
    return sorted({person.email for person in people if person.has_verified_email})
