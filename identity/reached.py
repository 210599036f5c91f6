"""By what a person is reached: time zone, locale, phone; and how we know each.

What somebody has said themselves is never changed by what a browser or an import says.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest

from identity import locales, zones
from identity.models import Person, User
from identity.persons import person_of

FIELDS = ("time_zone", "locale", "phone")
From = Person.From
ZONE_FIELD = "browser_zone"  # of the forms that sign somebody in


def learn(person: Person, *, source: Person.From, **known: str) -> list[str]:
    """Write what is known now, in normal form; returns the fields that changed.

    A guess (`browser`, `import`) fills what is empty or was a guess, and forgets nothing; what is
    `given` may also be taken back ("").
    """
    if extra := known.keys() - set(FIELDS):
        raise ValueError(f"A person has no {min(extra)}.")
    news: dict[str, str] = {}
    rows = Person.objects.filter(pk=person.pk)
    for field, value in known.items():
        if source != From.GIVEN:
            if not value or getattr(person, f"{field}_from") == From.GIVEN:
                continue
            rows = rows.exclude(**{f"{field}_from": From.GIVEN})  # said in this very moment
        if (getattr(person, field), getattr(person, f"{field}_from")) != (value, source):
            news |= {field: value, f"{field}_from": str(source)}
    if not news or not rows.update(**news):
        return []
    for field, value in news.items():
        setattr(person, field, value)
    return [field for field in FIELDS if field in news]


def zone_of(person: Person | None) -> ZoneInfo:
    """UTC for whoever has not said, and no browser has."""
    try:
        return ZoneInfo((person.time_zone if person else "") or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@receiver(user_logged_in)
def learn_from_browser(request: HttpRequest | None, user: User, **_: Any) -> None:
    """What the browser that signs in says of itself: its zone in the form, its language in a header."""
    if request is None:
        return
    zone = str(request.POST.get(ZONE_FIELD, ""))[:64]
    try:
        zones.validate_time_zone(zone)
    except ValidationError:
        zone = ""
    locale = locales.wanted(request.headers.get("Accept-Language", ""))
    if zone or locale:
        learn(person_of(user), source=From.BROWSER, time_zone=zone, locale=locale)
