"""What outbound adds to Wagtail's administration: letters that editors may change."""

from __future__ import annotations

from typing import Any

from wagtail import hooks
from wagtail.snippets.models import register_snippet

from outbound.letter_pages import LettersViewSet, urlpatterns

register_snippet(LettersViewSet)


@hooks.register("register_admin_urls")
def letters_urls() -> Any:
    return urlpatterns
