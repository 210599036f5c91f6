"""Pages of the public website. What every page shares stands in `site_page.py`."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import strip_tags
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.api import APIField
from wagtail.contrib.routable_page.models import RoutablePageMixin, path
from wagtail.fields import RichTextField, StreamField
from wagtail.images.api.fields import ImageRenditionField
from wagtail.search import index

from cms import slots
from cms.blocks import (
    ARTICLE_BODY,
    ARTWORK,
    PRICING_BODY,
    PROSE,
    SECTIONS,
    validate_address,
)
from cms.build_models import BuildRequest, CurrentRelease, SiteBuild
from cms.images import SiteImage, SiteRendition
from cms.site_page import SitePage

__all__ = [
    "ArticlePage",
    "BlogIndexPage",
    "BuildRequest",
    "ContentPage",
    "CurrentRelease",
    "HomePage",
    "PricingPage",
    "SiteBuild",
    "SiteImage",
    "SiteRendition",
]

WORDS_PER_MINUTE = 220


class HomePage(SitePage):
    hero_title = models.CharField(max_length=120)
    hero_text = models.TextField(max_length=400, blank=True)
    primary_label = models.CharField(max_length=40, blank=True)
    primary_address = models.CharField(
        max_length=200, blank=True, default="/signup/", validators=[validate_address]
    )
    secondary_label = models.CharField(max_length=40, blank=True)
    secondary_address = models.CharField(
        max_length=200, blank=True, default="/pricing/", validators=[validate_address]
    )
    hero_note = models.CharField(
        max_length=160, blank=True, help_text="Small print under the buttons"
    )
    body = StreamField(SECTIONS, blank=True)

    content_panels = [
        *SitePage.content_panels,
        MultiFieldPanel(
            [
                FieldPanel("hero_title"),
                FieldPanel("hero_text"),
                FieldPanel("primary_label"),
                FieldPanel("primary_address"),
                FieldPanel("secondary_label"),
                FieldPanel("secondary_address"),
                FieldPanel("hero_note"),
            ],
            heading="Hero",
        ),
        FieldPanel("body"),
    ]
    search_fields = [
        *SitePage.search_fields,
        index.SearchField("hero_title"),
        index.SearchField("body"),
    ]
    api_fields = [
        *SitePage.api_fields,
        APIField("hero_title"),
        APIField("hero_text"),
        APIField("primary_label"),
        APIField("primary_address"),
        APIField("secondary_label"),
        APIField("secondary_address"),
        APIField("hero_note"),
        APIField("body"),
    ]
    template = "cms/home_page.html"
    parent_page_types: ClassVar[list[str]] = ["wagtailcore.Page"]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        latest = ArticlePage.newest_first().descendant_of(self)[:3]
        return {**super().get_context(request, *args, **kwargs), "latest_articles": latest}


class PricingPage(SitePage):
    """Plans come from the catalogue through the "pricing" slot; editors write the words around."""

    headline = models.CharField(max_length=120)
    intro = models.TextField(max_length=400, blank=True)
    note = models.CharField(max_length=200, blank=True, help_text="Small print under the plans")
    body = StreamField(PRICING_BODY, blank=True)

    content_panels = [
        *SitePage.content_panels,
        FieldPanel("headline"),
        FieldPanel("intro"),
        FieldPanel("note"),
        FieldPanel("body"),
    ]
    search_fields = [*SitePage.search_fields, index.SearchField("intro"), index.SearchField("body")]
    api_fields = [
        *SitePage.api_fields,
        APIField("headline"),
        APIField("intro"),
        APIField("note"),
        APIField("plans"),
        APIField("body"),
    ]
    template = "cms/pricing_page.html"
    parent_page_types: ClassVar[list[str]] = ["cms.HomePage"]
    subpage_types: ClassVar[list[str]] = []

    @property
    def plans(self) -> list[dict[str, Any]]:
        """What the catalogue offers; prices in minor currency units (cents)."""
        return [
            {
                "key": plan.key,
                "name": plan.name,
                "summary": plan.summary,
                "prices": dict(plan.prices),
                "currency": plan.currency,
                "per_seat": bool(plan.per_seat),
                "also": {each: str(words) for each, words in plan.also.items()},
                "trial_days": plan.trial_days,
                "features": [str(feature) for feature in plan.features],
                "limits_in_words": [str(limit) for limit in plan.limits_in_words],
                "highlighted": bool(plan.highlighted),
                "signup_address": f"/signup/?plan={plan.key}",
            }
            for plan in slots.get("pricing")()
        ]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        cards = [
            {
                **plan,
                "lines": [*plan["limits_in_words"], *plan["features"]],
                "offers": {interval: _offer(plan, interval) for interval in ("month", "year")},
            }
            for plan in self.plans
        ]
        return {**super().get_context(request, *args, **kwargs), "plan_cards": cards}


def _offer(plan: dict[str, Any], interval: str) -> dict[str, Any]:
    """Price and ways on for a visitor and for who is signed in; both say how it is to be paid."""
    price = plan["prices"].get(interval)
    query = f"plan={plan['key']}&interval={interval}"
    return {
        "price": price,
        "also": plan["also"].get(interval, ""),
        "signup": f"/signup/?{query}" if price else plan["signup_address"],
        "member": f"/go/?{query}" if price else "/go/",
    }


class BlogIndexPage(RoutablePageMixin, SitePage):
    PER_PAGE = 12

    headline = models.CharField(max_length=120)
    intro = models.TextField(max_length=400, blank=True)

    content_panels = [*SitePage.content_panels, FieldPanel("headline"), FieldPanel("intro")]
    api_fields = [*SitePage.api_fields, APIField("headline"), APIField("intro")]
    template = "cms/blog_index_page.html"
    parent_page_types: ClassVar[list[str]] = ["cms.HomePage"]
    subpage_types: ClassVar[list[str]] = ["cms.ArticlePage"]

    @cached_property
    def pages(self) -> Paginator[Any]:
        return Paginator(ArticlePage.newest_first().descendant_of(self), self.PER_PAGE)

    @path("", name="first")
    def first(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, 1)

    @path("page/<int:number>/", name="page")
    def later(self, request: HttpRequest, number: int) -> HttpResponse:
        if not 2 <= number <= self.pages.num_pages:
            raise Http404
        return self._page(request, number)

    def _page(self, request: HttpRequest, number: int) -> HttpResponse:
        shown = self.pages.page(number)
        around = {
            "newer_url": self._url_of(number - 1) if shown.has_previous() else "",
            "older_url": self._url_of(number + 1) if shown.has_next() else "",
        }
        return self.render(request, context_overrides={"articles": shown, **around})

    def _url_of(self, number: int) -> str:
        return f"{self.url}{self.reverse_subpage('page', args=(number,)) if number > 1 else ''}"

    def release_paths(self) -> list[str]:
        return ["", *(f"page/{number}/" for number in range(2, self.pages.num_pages + 1))]


class ArticlePage(SitePage):
    date = models.DateField(default=timezone.localdate)
    author_name = models.CharField(max_length=80)
    summary = models.TextField(max_length=300)
    image = models.ForeignKey(
        SiteImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    artwork = models.CharField(
        max_length=20,
        choices=ARTWORK,
        blank=True,
        help_text="A drawing of ours, where no image is chosen",
    )
    body = StreamField(ARTICLE_BODY, blank=True)

    content_panels = [
        *SitePage.content_panels,
        MultiFieldPanel([FieldPanel("date"), FieldPanel("author_name")], heading="Byline"),
        FieldPanel("summary"),
        MultiFieldPanel([FieldPanel("image"), FieldPanel("artwork")], heading="Picture"),
        FieldPanel("body"),
    ]
    search_fields = [
        *SitePage.search_fields,
        index.SearchField("summary"),
        index.SearchField("body"),
    ]
    api_fields = [
        *SitePage.api_fields,
        APIField("date"),
        APIField("author_name"),
        APIField("summary"),
        APIField("reading_minutes"),
        APIField("image", serializer=ImageRenditionField("width-1280")),
        APIField("artwork"),
        APIField("body"),
    ]
    template = "cms/article_page.html"
    parent_page_types: ClassVar[list[str]] = ["cms.BlogIndexPage"]
    subpage_types: ClassVar[list[str]] = []

    @classmethod
    def newest_first(cls) -> Any:
        """Published articles that anybody may read, newest first."""
        return cls.objects.live().public().order_by("-date", "-pk").select_related("image")

    @property
    def reading_minutes(self) -> int:
        """At 220 words a minute, at least one."""
        words = len(strip_tags(str(self.body)).split())
        return max(1, math.ceil(words / WORDS_PER_MINUTE))

    @property
    def artwork_file(self) -> str:
        """Static file of the drawing that stands in for an image."""
        return f"cms/art/{self.artwork}.svg"

    @property
    def sharing_image(self) -> Any:
        return self.social_image or self.image

    @property
    def meta_description(self) -> str:
        return self.search_description or self.summary

    @property
    def more_articles(self) -> Any:
        """Two others to go on with."""
        return ArticlePage.newest_first().sibling_of(self).exclude(pk=self.pk)[:2]


class ContentPage(SitePage):
    """Plain text: privacy, terms, imprint."""

    intro = models.TextField(max_length=400, blank=True)
    body = RichTextField(features=PROSE)
    updated_on = models.DateField(null=True, blank=True)

    content_panels = [
        *SitePage.content_panels,
        FieldPanel("intro"),
        FieldPanel("updated_on"),
        FieldPanel("body"),
    ]
    search_fields = [*SitePage.search_fields, index.SearchField("body")]
    api_fields = [*SitePage.api_fields, APIField("intro"), APIField("updated_on"), APIField("body")]
    template = "cms/content_page.html"
    parent_page_types: ClassVar[list[str]] = ["cms.HomePage", "cms.ContentPage"]
