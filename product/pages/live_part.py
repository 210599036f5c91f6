"""Parts of pages that keep themselves up to date: asked for after changes, sent when they differ."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def version(*shown: object) -> str:
    """A name for what a part shows; another one as soon as anything of it differs."""
    return hashlib.blake2b(repr(shown).encode(), digest_size=8).hexdigest()


def answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The part, or 204 (htmx leaves the page alone) where the page shows this version already."""
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, template, context)
