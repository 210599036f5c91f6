"""The blog as an Atom feed (RFC 4287)."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from wagtail.models import Site

from cms.models import ArticlePage, BlogIndexPage

NEWEST = 20


class BlogFeed(Feed):
    """The newest 20 articles with their summaries. Renders the same while nothing is published."""

    feed_type = Atom1Feed

    def get_object(self, request: HttpRequest) -> Site:
        return Site.find_for_request(request)

    def _blog(self, site: Site) -> Any:
        return BlogIndexPage.objects.live().public().descendant_of(site.root_page).first()

    def title(self, site: Site) -> str:
        blog = self._blog(site)
        return f"{site.site_name}: {blog.title}" if blog else str(site.site_name)

    def link(self, site: Site) -> str:
        blog = self._blog(site)
        return blog.full_url if blog else site.root_url

    def subtitle(self, site: Site) -> str:
        blog = self._blog(site)
        return blog.intro if blog else ""

    def feed_url(self, site: Site) -> str:
        return site.root_url + reverse("cms_feed")

    def items(self, site: Site) -> Any:
        return ArticlePage.newest_first().descendant_of(site.root_page)[:NEWEST]

    def item_title(self, item: ArticlePage) -> str:
        return item.title

    def item_description(self, item: ArticlePage) -> str:
        return item.summary

    def item_link(self, item: ArticlePage) -> str:
        return item.canonical_url

    def item_author_name(self, item: ArticlePage) -> str:
        return item.author_name

    def item_pubdate(self, item: ArticlePage) -> datetime:
        return datetime.combine(item.date, time(), tzinfo=UTC)

    def item_updateddate(self, item: ArticlePage) -> datetime:
        return item.last_published_at or self.item_pubdate(item)
