"""Whoever signs out leaves the browser to whoever comes next: it is a new one from then on.

Else what the next person at a shared computer reads would be told as the first one's.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest


@receiver(user_logged_out)
def end_number(request: HttpRequest | None, **_: Any) -> None:
    """The answer takes the number back (identity.middleware); the next visit gets another."""
    if request is not None:
        request.number_ends = True  # type: ignore[attr-defined]
