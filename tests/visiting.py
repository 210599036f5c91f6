"""What a page's script does when somebody looks at the page: one message to the site."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

VISITS = "/visits/"


def tell(client: Client, message: Any, **headers: str) -> HttpResponse:
    """Send a message as a page of the site does."""
    said = {"sec-fetch-site": "same-origin", **headers}
    answer: HttpResponse = client.post(
        VISITS, message, content_type="application/json", headers=said
    )
    return answer


def look(client: Client, path: str, *, referrer: str = "", **headers: str) -> HttpResponse:
    """Look at a page: its delivery, which says nothing of who reads it, and its script's message."""
    client.get(path)
    return tell(client, {"view": {"path": path, "referrer": referrer}}, **headers)
