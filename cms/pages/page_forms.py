"""The editors' forms of a page, which refuse an address that is the product's (`reserved`)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.forms.pages import CopyForm

from cms.pages import reserved


class SitePageForm(WagtailAdminPageForm):
    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if reserved.is_reserved(slug, parent=self.parent_page):
            raise ValidationError(reserved.in_words(slug))
        return slug


class SiteCopyForm(CopyForm):
    """Copies and aliases."""

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean()
        slug = said.get("new_slug", "")
        parent = said.get("new_parent_page") or self.page.get_parent()
        if reserved.is_reserved(slug, parent=parent):
            self.add_error("new_slug", reserved.in_words(slug))
        return said
