"""A plan picked on the price list, and how it is paid, arrives where it is bought."""

from __future__ import annotations

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress

from cms import slots
from tenants.models import Tenant
from tenants.signing_up import provisioning
from tests.tenants.signing_up.form import loaded

YEARLY = "?plan=pro&interval=year"


def answers(**changes: str) -> dict[str, str]:
    return {
        "name": "Nora New",
        "email": f"{uuid4().hex[:8]}@example.org",
        "workspace_name": "Nora's Team",
        "slug": f"nora-{uuid4().hex[:6]}",
        "token": str(uuid4()),
        **changes,
    }


def test_the_sign_up_page_says_what_was_picked_and_how_it_is_paid(client_for):
    page = client_for().get(f"/signup/{YEARLY}").content.decode()
    assert "You picked <strong>Pro, billed yearly</strong>" in page
    assert '<input type="hidden" name="interval" value="year"' in page
    monthly = client_for().get("/signup/?plan=pro").content.decode()
    assert "Pro, billed monthly" in monthly


def test_a_form_that_comes_back_still_says_it(client_for):
    form = answers(email="not an address", plan="pro", interval="year")
    assert "Pro, billed yearly" in client_for().post("/signup/", form).content.decode()


@pytest.mark.parametrize("query", ["", "?plan=free", "?plan=nothing", "?plan=pro&interval=day"])
def test_it_says_nothing_of_what_is_not_for_sale(client_for, query):
    page = client_for().get(f"/signup/{query}").content.decode()
    assert "You picked" not in page
    assert "Free, no card" in page


def test_the_yearly_plan_is_offered_by_the_year_in_the_new_workspace(client_for):
    form = answers(plan="pro", interval="year") | loaded()
    client = client_for()
    client.post("/signup/", form)
    tenant = Tenant.objects.get(slug=form["slug"])
    assert tenant.intent == "pro/year"
    there = client_for(tenant.memberships.get().user, tenant)
    page = there.get("/").content.decode()
    assert "You picked Pro, billed yearly" in page
    EmailAddress.objects.filter(user=tenant.memberships.get().user).update(verified=True)
    page = there.get("/").content.decode()
    assert '<input type="hidden" name="interval" value="year">' in page


def test_who_has_an_account_keeps_the_choice_over_the_sign_in(client_for):
    page = client_for().get(f"/signup/{YEARLY}").content.decode()
    assert 'href="/login/?next=%2Fgo%2F%3Fplan%3Dpro%26interval%3Dyear"' in page


def test_who_is_signed_in_is_led_from_sign_up_to_the_own_billing_page(client_for, people, acme):
    client = client_for(people.acme_owner)
    there = client.get(f"/signup/{YEARLY}", follow=False)
    assert there["Location"] == f"/go/{YEARLY}"
    assert client.get(there["Location"])["Location"].endswith(f"/billing/{YEARLY}")
    assert client.get("/signup/")["Location"] == "/go/"
    billing = client_for(people.acme_owner, acme).get(f"/billing/{YEARLY}").content.decode()
    assert 'name="interval" value="year"' in billing


def test_who_has_several_workspaces_is_asked_for_which(client_for, people):
    second = provisioning.NewWorkspace(name="Second", slug=f"second-{uuid4().hex[:6]}")
    provisioning.create_workspace(second, owner=people.acme_owner)
    client = client_for(people.acme_owner)
    page = client.get(f"/go/{YEARLY}", follow=True).content.decode()
    assert "You picked Pro, billed yearly. For which workspace?" in page
    assert page.count("/billing/?plan=pro&amp;interval=year") == 2


def test_a_plan_that_was_kept_before_is_by_the_month(client_for, people, acme):
    acme.intent = "pro"
    acme.save()
    page = client_for(people.acme_owner, acme).get("/").content.decode()
    assert "You picked Pro, billed monthly" in page


def test_every_plan_of_the_price_list_can_be_picked():
    from tenants.signing_up import picked

    for plan in slots.get("pricing")():
        for interval, price in plan.prices.items():
            found = picked.of({"plan": plan.key, "interval": interval})
            assert (found is not None) == bool(price)
