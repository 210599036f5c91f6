"""What the website adds to Wagtail's administration."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.ui.components import Component
from wagtail.models import Page

from cms.editing import (
    default_site,  # noqa: F401 (hooks of their own)
    people_hooks,  # noqa: F401 (hooks of their own)
)
from cms.editing.user_forms import NOT_VERIFIED
from cms.pages import reserved
from cms.pages.links import LivePageLink
from cms.releases import (
    builds,
    scheduled,
)


@hooks.register("before_move_page")
def refuse_reserved_address(
    request: HttpRequest, page: Page, destination: Page
) -> HttpResponse | None:
    """Moving has no form whose field could say it."""
    if not reserved.is_reserved(page.slug, parent=destination):
        return None
    messages.error(request, reserved.in_words(page.slug))
    return redirect("wagtailadmin_pages:move", page.id)


@hooks.register("before_bulk_action")
def refuse_reserved_addresses(
    request: HttpRequest, action_type: str, objects: Iterable[Any], action: Any
) -> HttpResponse | None:
    if action_type != "move" or request.method != "POST":
        return None
    destination = action.cleaned_form.cleaned_data.get("chooser")
    taken = [page for page in objects if reserved.is_reserved(page.slug, parent=destination)]
    for page in taken:
        messages.error(request, f"{page.title}: {reserved.in_words(page.slug)}")
    return redirect("wagtailadmin_explore", taken[0].get_parent().pk) if taken else None


@hooks.register("before_bulk_action")
def only_to_the_verified(
    request: HttpRequest, action_type: str, objects: Iterable[Any], action: Any
) -> HttpResponse | None:
    """A role for many at once follows the rule of the form for one."""
    if action_type != "assign_role" or request.method != "POST":
        return None
    without = [user for user in objects if not user.has_verified_email]
    if not without:
        return None
    messages.error(request, f"{', '.join(map(str, without))}: {NOT_VERIFIED}")
    return redirect("wagtailusers_users:index")


class BuildFailedPanel(Component):
    """On the dashboard, before everything else, while the site cannot be built."""

    name = "build_failed"
    template_name = "cms/admin/build_failed.html"
    order = 10

    def __init__(self, build: Any) -> None:
        self.build = build

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        return {"build": self.build}


class LatePanel(Component):
    """After it, while something with a date has not gone well."""

    name = "late"
    template_name = "cms/admin/late.html"
    order = 11

    def __init__(self, late: Any) -> None:
        self.late = late

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        return {"late": self.late}


@hooks.register("construct_homepage_panels")
def show_what_is_late(request: HttpRequest, panels: list[Any]) -> None:
    if late := scheduled.of(now=datetime.now(UTC)):
        panels.append(LatePanel(late))


@hooks.register("construct_homepage_panels")
def show_failed_build(request: HttpRequest, panels: list[Any]) -> None:
    if build := builds.broken():
        panels.append(BuildFailedPanel(build))


@hooks.register("before_edit_page")
def warn_in_the_editor(request: HttpRequest, page: Page) -> None:
    failure = builds.failure_of(page.pk) if request.method == "GET" else None
    if failure:
        messages.warning(
            request, f"The website could not be built with this page as it is: {failure.why}"
        )


@hooks.register("register_rich_text_features", order=100)  # after Wagtail's own
def lead_to_live_pages_only(features: Any) -> None:
    features.register_link_type(LivePageLink)
