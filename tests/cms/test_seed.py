from __future__ import annotations

from types import SimpleNamespace

import pytest
from wagtail.models import Page, Revision, Site

from cms import slots
from cms.models import ContentPage
from cms.seed import seed_site


def test_seeding_again_changes_nothing(site: SimpleNamespace) -> None:
    before = (Page.objects.count(), Revision.objects.count(), Site.objects.get().pk)
    seed_site(demo=True)
    assert (Page.objects.count(), Revision.objects.count(), Site.objects.get().pk) == before


def test_what_an_editor_changed_or_deleted_stays_so(site: SimpleNamespace) -> None:
    site.home.hero_title = "Ours"
    site.home.save_revision().publish()
    ContentPage.objects.get(slug="terms").delete()
    seed_site(demo=True)
    site.home.refresh_from_db()
    assert site.home.hero_title == "Ours"
    assert not ContentPage.objects.filter(slug="terms").exists()


def test_the_site_moves_with_the_port_of_the_settings(
    site: SimpleNamespace, settings: SimpleNamespace
) -> None:
    settings.PUBLIC_PORT = 9123
    seed_site(demo=True)
    record = Site.objects.get()
    assert (record.hostname, record.port) == (settings.SITE_DOMAIN, 9123)
    assert record.site_name == "Signpost"


def test_a_slot_nobody_declared_is_named_in_the_refusal() -> None:
    with pytest.raises(
        slots.UnknownSlot, match="'prices'; it has: consent, letter, number, pricing, whose"
    ):
        slots.get("prices")
    with pytest.raises(slots.UnknownSlot):
        slots.register("prices", list)
