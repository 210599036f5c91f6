"""What the composition root adds to Wagtail's admin: the way to the pages of staff."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.http import HttpRequest
from django.urls import reverse
from wagtail import hooks
from wagtail.admin.menu import MenuItem


class StaffOnlyItem(MenuItem):
    """Editors who are not staff do not see it; the page itself would answer 404."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_working_staff", False))


@hooks.register("register_permissions")
def money_right() -> Any:
    """To grant and to refund, so that it can be given to a group."""
    return Permission.objects.filter(content_type__app_label="billing", codename="move_money")


@hooks.register("register_permissions")
def rights_over_people() -> Any:
    """To join, export and forget people."""
    names = ["merge_person", "export_person", "erase_person"]
    return Permission.objects.filter(content_type__app_label="identity", codename__in=names)


@hooks.register("register_admin_menu_item")
def staff_item() -> Any:
    return StaffOnlyItem("Staff", reverse("staff_search"), icon_name="view", order=9000)
