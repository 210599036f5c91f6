"""What every page of the site shares: search and sharing metadata, and its place in a release."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.api import APIField
from wagtail.models import Page

from cms.pages import reserved
from cms.pages.navigation import frame
from cms.pages.page_forms import SiteCopyForm, SitePageForm


class SitePage(Page):
    """Abstract base. Subclasses name their template and the page types they may stand under."""

    social_image = models.ForeignKey(
        "cms.SiteImage", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    hidden_from_search = models.BooleanField(
        default=False,
        help_text="Leave this page out of the sitemap and ask search engines to skip it",
    )

    promote_panels: ClassVar[list[Any]] = [
        *Page.promote_panels,
        MultiFieldPanel(
            [FieldPanel("social_image"), FieldPanel("hidden_from_search")], heading="Sharing"
        ),
    ]
    api_fields: ClassVar[list[APIField]] = [
        APIField("canonical_url"),
        APIField("meta_description"),
        APIField("social_image"),
    ]

    base_form_class = SitePageForm
    copy_form_class = SiteCopyForm

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        self._refuse_reserved_address()

    def minimal_clean(self) -> None:
        """Drafts, too: nobody shall find out on the day of publication."""
        super().minimal_clean()
        self._refuse_reserved_address()

    def _refuse_reserved_address(self) -> None:
        if reserved.is_reserved(self.slug, parent=self.get_parent() if self.path else None):
            raise reserved.AddressReserved(self.slug)

    @property
    def canonical_url(self) -> str:
        """The one absolute address of this page."""
        return self.full_url or ""

    @property
    def meta_title(self) -> str:
        return self.seo_title or self.title

    @property
    def meta_description(self) -> str:
        return self.search_description

    @property
    def sharing_image(self) -> Any:
        """What a link to this page shows elsewhere, or None."""
        return self.social_image

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        return {**context, **frame(request), "parent": self.get_parent()}

    def release_paths(self) -> list[str]:
        """Addresses below this page's own that a release holds; "" is the page itself."""
        return [""]

    def get_sitemap_urls(self, request: HttpRequest | None = None) -> list[dict[str, Any]]:
        return [] if self.hidden_from_search else super().get_sitemap_urls(request)
