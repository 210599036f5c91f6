"""Who may edit the website: people in the group "Website editors", who need no other right."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

GROUP = "Website editors"

_PAGE_RIGHTS = ("add_page", "change_page", "publish_page", "lock_page", "unlock_page")
# Wagtail asks for the rights on its own Image, whatever model holds the images.
_FILE_RIGHTS = (
    ("wagtailimages", "add_image"),
    ("wagtailimages", "change_image"),
    ("wagtailimages", "choose_image"),
    ("wagtaildocs", "add_document"),
    ("wagtaildocs", "change_document"),
    ("wagtaildocs", "choose_document"),
)


def make_group(trunk: Page) -> Group:
    """The editors' group with its rights on every page below `trunk`, made when it is missing."""
    group, is_new = Group.objects.get_or_create(name=GROUP)
    if not is_new:
        return group  # an administrator may have changed its rights
    group.permissions.add(_permission("wagtailadmin", "access_admin"))
    for codename in _PAGE_RIGHTS:
        right = _permission("wagtailcore", codename)
        GroupPagePermission.objects.create(group=group, page=trunk, permission=right)
    collection = Collection.get_first_root_node()
    for app, codename in _FILE_RIGHTS:
        right = _permission(app, codename)
        GroupCollectionPermission.objects.create(
            group=group, collection=collection, permission=right
        )
    return group


def admit(user: Any) -> None:
    """Let `user` edit the website. Needs the group that `seed_site` makes."""
    user.groups.add(Group.objects.get(name=GROUP))


def _permission(app: str, codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label=app, codename=codename)
