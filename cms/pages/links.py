"""Links in rich text: to pages that are public, and to no others."""

from __future__ import annotations

from django.utils.html import escape
from wagtail.rich_text.pages import PageLinkHandler


class LivePageLink(PageLinkHandler):
    """The words of a link to an unpublished page stay, as words: its address answers 404."""

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, str]]) -> list[str]:
        return [
            f'<a href="{escape(page.localized.url)}">' if page and page.localized.live else "<a>"
            for page in cls.get_many(attrs_list)
        ]
