"""A workspace gets an address whatever its name is and however many have that name; none is kept from
people by sign-ups that nobody ever opens."""

from __future__ import annotations

from uuid import uuid4

import pytest

from identity.models import User
from tenants import addresses
from tenants.models import Domain, Tenant
from tenants.signing_up import holding, provisioning
from tests.tenants.signing_up.form import loaded

MANY = 40


def sign_up(client_for, name: str, *, number: int = 0, person: bool = True, slug: str = ""):  # type: ignore[no-untyped-def]
    """Sign up from an address of one's own; the workspace that it made, and the answer."""
    form = {"name": "N", "email": f"{uuid4().hex[:10]}@example.org", "workspace_name": name}
    form |= {"slug": slug, **(loaded() if person else {})}
    address = f"10.7.{number // 250}.{number % 250}"
    answer = client_for(REMOTE_ADDR=address).post("/signup/", form)
    return Tenant.objects.filter(memberships__user__email=form["email"]).first(), answer


@pytest.mark.parametrize("name", ["Same Name Ltd", "北京公司", "!!!"])
def test_the_fortieth_of_one_name_gets_a_workspace_on_both_pages(client_for, people, name):
    for number in range(MANY):
        made, answer = sign_up(client_for, name, number=number)
        assert answer.status_code == 302, answer.content.decode()
        addresses.validate_slug(made.slug)
    answer = client_for(people.outsider).post("/workspaces/", {"name": name})
    assert answer.status_code == 302
    assert Tenant.objects.filter(name=name).count() == MANY + 1


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("北京公司", "beijinggongsi"),
        ("Молоко", "moloko"),
        ("Müller & Söhne", "muller-sohne"),
        ("X", "x-workspace"),
    ],
)
def test_a_name_in_other_letters_is_written_in_latin_ones(client_for, name, slug):
    made, _ = sign_up(client_for, name)
    assert made.slug == slug


def test_names_without_any_letter_share_no_address(client_for):
    slugs = {sign_up(client_for, name)[0].slug for name in ("!!!", "???", "…")}
    assert len(slugs) == 3
    assert all(slug.startswith("team-") for slug in slugs)


def test_what_never_loaded_the_form_keeps_no_name_from_a_person(client_for):
    for number in range(MANY):
        sign_up(client_for, "Popular Co", number=number, person=False)
    made, _ = sign_up(client_for, "Popular Co")
    assert made.slug == "popular-co"


@pytest.mark.parametrize("typed", [True, False])
def test_a_held_workspace_gives_its_address_to_a_person_and_keeps_one(client_for, typed):
    bot, _ = sign_up(client_for, "Any", person=False, slug="wanted-name")
    assert bot.slug == "wanted-name"
    made, answer = sign_up(client_for, "Wanted name", slug="wanted-name" if typed else "")
    assert answer.status_code == 302
    assert made.slug == "wanted-name"
    bot.refresh_from_db()
    assert bot.held
    assert bot.slug.startswith("wanted-name-")
    assert Domain.objects.get(tenant=bot).domain == addresses.host_of(bot.slug)
    owner = User.objects.get(memberships__tenant=bot)
    assert client_for(owner, bot).get("/").status_code == 202


def test_a_workspace_that_moves_is_given_a_held_address(client_for, people, acme):
    bot, _ = sign_up(client_for, "Any", person=False, slug="new-home")
    client_for(people.acme_owner, acme).post("/settings/address/", {"slug": "new-home"})
    acme.refresh_from_db()
    assert acme.slug == "new-home"
    bot.refresh_from_db()
    assert bot.slug != "new-home"


def test_a_workspace_that_was_opened_gives_nothing_away(client_for):
    bot, _ = sign_up(client_for, "Any", person=False, slug="opened-name")
    holding.release(Tenant.objects.filter(pk=bot.pk))
    made, answer = sign_up(client_for, "Mine", slug="opened-name")
    assert (made, answer.status_code) == (None, 200)
    assert "“opened-name-2” is free" in answer.content.decode()


def test_a_free_address_is_named_however_many_are_taken(acme):
    hosts = [addresses.host_of(f"full-{number}") for number in range(2, 1001)]
    Domain.objects.bulk_create([Domain(tenant=acme, domain=host) for host in hosts])
    assert not provisioning.is_taken(provisioning.suggest_slug("full"))
