"""Addresses that nobody can have: ours, what looks like ours, the brand's, and those of purged workspaces."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants import addresses, lookalikes
from tenants.life import deletion, moving, purge
from tenants.models import Domain
from tenants.signing_up import provisioning
from tests.tenants.archive import world
from tests.tenants.archive.conftest import owner  # noqa: F401 (a fixture)

LOOK_ALIKES = [
    "supp0rt",
    "1ogin",
    "s-u-p-p-o-r-t",
    "adrnin",
    "b1lling",
    "vvebmail",
    "5ecurity",
    "he1p",
    "admln",
    "bi11lnq",
    "wpad",  # machines ask these names of a domain by themselves
    "autodiscover",
    "autoconfig",
    "isatap",
]
BRANDED = [
    "signpost",
    "s1gnpost",
    "signp0st",
    "sign-post",
    "signpost-billing",
    "mysignpost",
    "plg-team",
    "slgnpost",
    "si6npost",
    "siqnpost-login",
]
FREE = [
    "acme",
    "signal",
    "post-office",
    "warm",
    "burn",
    "support-group",
    "plgx",
    "mall",
    "pig-farm",
    "q6-team",
]


@pytest.mark.parametrize("slug", [*LOOK_ALIKES, *BRANDED])
def test_what_looks_like_ours_or_carries_the_brand_cannot_be_signed_up_for_or_moved_to(
    client_for, people, acme, slug
):
    form = {"name": "E", "email": "e@e.example", "workspace_name": "E", "slug": slug}
    page = client_for().post("/signup/", form)
    assert page.status_code != 302
    assert "is reserved" in page.content.decode()
    moved = client_for(people.acme_owner, acme).post("/settings/address/", {"slug": slug})
    assert moved.status_code == 422
    assert "is reserved" in moved.content.decode()


# What each letter is written as by who imitates a name.
LIKE = {
    "a": ["4"],
    "b": ["8", "6"],
    "d": ["cl"],
    "e": ["3"],
    "g": ["9", "6", "q"],
    "i": ["1", "l"],
    "l": ["1", "i"],
    "m": ["rn"],
    "o": ["0"],
    "s": ["5"],
    "t": ["7"],
    "w": ["vv"],
    "z": ["2"],
}


def test_no_name_of_ours_is_free_with_one_letter_or_all_of_a_kind_written_otherwise(settings):
    free = []
    for name in [*addresses.RESERVED, *settings.BRAND_WORDS]:
        for letter, others in LIKE.items():
            for other in others:
                if len(name) < lookalikes.WITHIN and (other in {"l", "i", "q"}):
                    continue  # another word
                written = {name.replace(letter, other), name.replace(letter, other, 1)}
                free += [slug for slug in written if not addresses.is_reserved(slug)]
    assert free == []


@pytest.mark.parametrize("slug", FREE)
def test_an_ordinary_word_is_free(slug):
    addresses.validate_slug(slug)


def test_brand_words_are_a_setting(settings):
    settings.BRAND_WORDS = ["wonder"]
    assert addresses.is_reserved("w0nder-mail")
    assert not addresses.is_reserved("signpost")


@pytest.mark.parametrize("name", ["Signpost", "Support", "My Signpost fans", "Admin"])
def test_a_name_that_leads_to_a_reserved_address_gets_another_one(people, name):
    made = provisioning.create_workspace(
        provisioning.NewWorkspace(name=name), owner=people.outsider
    )
    assert not addresses.is_reserved(made.slug)


@pytest.fixture
def purged(owner):  # type: ignore[no-untyped-def]  # noqa: F811
    """A workspace that moved, was deleted and is purged; the two slugs that it had."""
    tenant = world.a_workspace(owner)
    first = tenant.slug
    tenant = moving.move(tenant, slug=f"{first}-later", by=owner)
    deletion.delete(tenant, by=owner)
    tenant.refresh_from_db()
    assert purge.purge(tenant, now=tenant.purge_after) is not None
    tenant.refresh_from_db()
    yield tenant, [first, f"{first}-later"]
    from tenants.models import Tombstone

    Tombstone.objects.all().delete()


def test_the_addresses_of_a_purged_workspace_stay_reserved_by_whatever_way_they_are_asked_for(
    purged, client_for
):
    _, slugs = purged
    somebody = world.a_person("sam")
    mine = provisioning.create_workspace(provisioning.NewWorkspace(name="Mine"), owner=somebody)
    for slug in slugs:
        assert provisioning.is_taken(slug)
        wanted = provisioning.NewWorkspace(name="Squatter", slug=slug)
        with pytest.raises(provisioning.SlugTaken):
            provisioning.create_workspace(wanted, owner=somebody)
        with pytest.raises(moving.SlugTaken):
            moving.move(mine, slug=slug, by=somebody)
        with pytest.raises(IntegrityError, match="stays reserved"), transaction.atomic():
            Domain.objects.create(tenant=mine, domain=addresses.host_of(slug))
        form = {"name": "E", "email": "e@e.example", "workspace_name": "E", "slug": slug}
        page = client_for().post("/signup/", form)
        assert "is taken" in page.content.decode()
        assert f"“{slug}” is free" not in page.content.decode()


def test_a_name_that_leads_to_the_address_of_a_purged_workspace_gets_the_next_one(purged):
    _, [slug, _] = purged
    made = provisioning.create_workspace(
        provisioning.NewWorkspace(name=slug), owner=world.a_person("sam")
    )
    assert made.slug == f"{slug}-2"


def test_what_is_kept_of_a_purged_address_does_not_say_it(purged):
    from tenants.models import Tombstone

    _, slugs = purged
    stones = list(Tombstone.objects.values_list("host_hash", flat=True))
    assert len(stones) == 2
    assert not [stone for stone in stones for slug in slugs if slug in stone]
    assert timezone.now() > Tombstone.objects.latest("since").since
