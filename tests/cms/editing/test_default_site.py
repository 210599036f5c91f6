"""The record and the first page of the website are not taken away by a click."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from wagtail.models import Page, Site

from cms.editing import default_site

REFUSED = "Make another site the default one first"


@pytest.fixture
def admin(
    site: SimpleNamespace, people: SimpleNamespace, client_for: Callable[..., Client]
) -> Client:
    people.acme_owner.is_superuser = True
    people.acme_owner.save()
    return client_for(people.acme_owner)


@pytest.fixture
def spare(site: SimpleNamespace) -> Site:
    return Site.objects.create(hostname="other.example", port=80, root_page=site.pricing)


def form_of(record: Site, *, default: bool) -> dict[str, object]:
    said = {"hostname": record.hostname, "port": record.port, "site_name": "Signpost"}
    said |= {"root_page": record.root_page_id}
    return said | ({"is_default_site": "on"} if default else {})


def test_another_site_takes_over_in_one_step(admin: Client, spare: Site) -> None:
    before = Site.objects.get(is_default_site=True)
    admin.post(f"/cms/sites/edit/{spare.pk}/", form_of(spare, default=True))
    assert Site.objects.get(is_default_site=True).pk == spare.pk
    admin.post(f"/cms/sites/delete/{before.pk}/")
    assert not Site.objects.filter(pk=before.pk).exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_default_site_is_not_deleted(admin: Client, method: str) -> None:
    record = Site.objects.get(is_default_site=True)
    answer = getattr(admin, method)(f"/cms/sites/delete/{record.pk}/", follow=True)
    assert REFUSED in answer.content.decode()
    assert Site.objects.filter(pk=record.pk).exists()


def test_another_site_is_deleted_as_ever(admin: Client, spare: Site) -> None:
    admin.post(f"/cms/sites/delete/{spare.pk}/")
    assert not Site.objects.filter(pk=spare.pk).exists()


def test_there_is_always_a_default_site(admin: Client, spare: Site) -> None:
    record = Site.objects.get(is_default_site=True)
    answer = admin.post(f"/cms/sites/edit/{record.pk}/", form_of(record, default=False))
    assert REFUSED in answer.content.decode()
    assert Site.objects.filter(pk=record.pk, is_default_site=True).exists()
    admin.post(f"/cms/sites/edit/{record.pk}/", form_of(record, default=True))
    assert Site.objects.get(pk=record.pk).site_name == "Signpost"


def test_the_first_page_of_the_website_is_not_deleted(site: SimpleNamespace, admin: Client) -> None:
    answer = admin.post(f"/cms/pages/{site.home.pk}/delete/", follow=True)
    assert default_site._ROOT in answer.content.decode()
    admin.post(f"/cms/bulk/wagtailcore/page/delete/?id={site.home.pk}&id={site.privacy.pk}")
    assert Page.objects.filter(pk__in=[site.home.pk, site.privacy.pk]).count() == 2
    admin.post(f"/cms/pages/{site.privacy.pk}/delete/")
    assert not Page.objects.filter(pk=site.privacy.pk).exists()
