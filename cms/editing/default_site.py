"""The website's own record: without it there is no page, and no build. Nobody takes it away by a click.

The administration refuses in words to delete the default site, to make it no default, and to delete
the page that it begins with. Another site can be made the default first: then that one is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.views.pages.bulk_actions.page_bulk_action import PageBulkAction
from wagtail.models import Page, Site
from wagtail.sites import forms as site_forms
from wagtail.sites import views

WORDS = "This is the website that visitors see. Make another site the default one first."
_ROOT = "The website begins with this page. Let the default site begin with another one first."


class DeleteView(views.DeleteView):
    """Of a site; the question is not even asked for the default one."""

    def run_before_hook(self) -> HttpResponse | None:
        if not self.object.is_default_site:
            return None
        messages.error(self.request, WORDS)
        return redirect("wagtailsites:index")


class SiteForm(site_forms.SiteForm):
    """There is always one default site: who wants another one says so there, and this one ceases."""

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean()
        was = bool(self.instance.pk) and bool(self.initial.get("is_default_site"))
        wanted = bool(said.get("is_default_site"))
        if was and not wanted:
            self.add_error("is_default_site", WORDS)
        self._takes_over = wanted and not was
        if self._takes_over:  # Wagtail would ask to make the other one no default first
            del said["is_default_site"]
        return said

    @transaction.atomic
    def save(self, commit: bool = True) -> Site:
        if self._takes_over:
            for other in Site.objects.filter(is_default_site=True).exclude(pk=self.instance.pk):
                other.is_default_site = False
                other.save(update_fields=["is_default_site"])
            self.instance.is_default_site = True
        record: Site = super().save(commit)
        return record


class SiteViewSet(views.SiteViewSet):
    """In the place of Wagtail's (see cms.wagtail_sites)."""

    delete_view_class = DeleteView

    def get_form_class(self, for_update: bool = False) -> type[forms.ModelForm]:
        return SiteForm


@hooks.register("before_delete_page")
def keep_the_first_page(request: HttpRequest, page: Page) -> HttpResponse | None:
    return _refused(request, [page])


@hooks.register("before_bulk_action")
def keep_the_first_page_among_many(
    request: HttpRequest, action_type: str, objects: Iterable[Any], action: Any
) -> HttpResponse | None:
    if action_type != "delete" or not isinstance(action, PageBulkAction):
        return None
    return _refused(request, objects)


def _refused(request: HttpRequest, pages: Iterable[Page]) -> HttpResponse | None:
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    first = site and site.root_page
    if first and any(page.pk == first.pk or first.is_descendant_of(page) for page in pages):
        messages.error(request, _ROOT)
        return redirect("wagtailadmin_explore_root")
    return None
