"""Pages on which editors of letters work, within Wagtail's administration (`outbound.wagtail_hooks`)."""

from outbound.letter_pages.urls import urlpatterns
from outbound.letter_pages.viewset import LettersViewSet

__all__ = ["LettersViewSet", "urlpatterns"]
