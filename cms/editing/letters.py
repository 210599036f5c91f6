"""Mail to the people who look after the website."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q

from cms import slots
from cms.editing.editors import GROUP

if TYPE_CHECKING:
    from cms.editing.late import Late
    from cms.models import SiteBuild

MOST = 50  # people; an installation has a handful


def tell_editors(build: SiteBuild) -> None:
    """Say that the site cannot be built, to editors and staff, one mail each."""
    failures = [] if build.problem else [_in_words(each) for each in build.failures]
    _tell("build_failed", problem=build.problem, failures=failures)


def tell_of_late(late: Late) -> None:
    """Say that something with a date has not appeared, or not ended, to the same people."""
    what, now = ("has not ended", "It is still public.") if late.ends else (
        "was not published", "It is not published."
    )  # fmt: skip
    due = f"{late.due:%-d %B, %H:%M} UTC"
    _tell("late", title=late.title, what=what, now=now, due=due, why=late.why)


def _tell(name: str, **values: str | list[str]) -> None:
    values["cms_url"] = f"{settings.SITE_URL}/cms/"
    for address in _addresses():
        slots.get("letter")(f"cms.{name}", values, to=address)


def _in_words(failure: Mapping[str, Any]) -> str:
    title = f" ({failure['title']})" if failure.get("title") else ""
    return f"{failure['path']}{title}: {failure['why']}"


def _addresses() -> list[str]:
    looks_after = Q(is_superuser=True) | Q(is_staff=True) | Q(groups__name=GROUP)
    people = get_user_model().objects.filter(looks_after, is_active=True).distinct()[:MOST]
    return sorted({person.email for person in people if person.has_verified_email})
